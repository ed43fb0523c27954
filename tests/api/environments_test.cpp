// The environments that are trained without a language model. tests/golden/environments/make.py
// computes them again with NumPy, SciPy and scikit-learn.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "tests/api/prepare_host.h"
#include "tests/base/scratch.h"

namespace lea::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using worker::TrialData;

const json& expected() {
  static const json read = golden("environments/environments.json");
  return read;
}

// Parameters as JSON. Unless they say otherwise, all sequences are read.
ParamValues values_of(const json& params) {
  ParamValues values = {{"portion", 1.0}};
  for (const auto& [name, value] : params.items()) {
    if (value.is_boolean()) values[name] = value.get<bool>();
    if (value.is_number_integer()) values[name] = value.get<int64_t>();
    if (value.is_number_float()) values[name] = value.get<double>();
    if (value.is_string()) values[name] = value.get<std::string>();
  }
  return values;
}

TrialData golden_data() {
  return {training_data(expected().at("items"), expected().at("history"),
                        expected().at("sequences").get<std::vector<std::vector<int32_t>>>()),
          {{"title", expected().at("texts").get<std::vector<std::string>>()}},
          {}};
}

History golden_histories() {
  auto items = expected().at("histories").get<std::vector<std::vector<int64_t>>>();
  std::vector<int64_t> length;
  for (auto& row : items) {
    length.push_back(std::ssize(row));
    row.resize(expected().at("history"), 0);
  }
  return make_history(items, length);
}

Tensor matrix(const json& rows) {
  std::vector<double> flat;
  for (const json& row : rows) {
    for (const json& value : row) flat.push_back(value);
  }
  return at::tensor(flat, at::kDouble).view({std::ssize(rows), -1});
}

void expect_near(const Tensor& found, const Tensor& wanted, double tolerance) {
  ASSERT_EQ(found.sizes(), wanted.sizes());
  const Tensor difference = (found.to(at::kDouble) - wanted).abs();
  const int64_t width = found.size(1);
  for (int64_t i = 0; i < found.numel(); ++i) {
    ASSERT_LE(difference.view(-1)[i].item<double>(), tolerance)
        << "row " << i / width << ", column " << i % width << ": "
        << found.reshape(-1)[i].item<double>() << " where " << wanted.reshape(-1)[i].item<double>()
        << " is due";
  }
}

TEST(Environments, EqualAnIndependentComputation) {
  const Tensor actions = matrix(expected().at("actions")).to(at::kLong);
  std::set<std::string> seen;
  for (const json& wanted : expected().at("cases")) {
    SCOPED_TRACE(wanted.at("plugin").get<std::string>() + " " + wanted.at("params").dump());
    const std::string plugin = wanted.at("plugin");
    seen.insert(plugin);
    const Prepared made(plugin, values_of(wanted.at("params")), golden_data());
    // A skip-gram's rounding errors grow over the steps, and its vectors begin short.
    const double tolerance = wanted.contains("loss") ? 2e-4 : 2e-6;
    expect_near(made.reward(golden_histories(), actions), matrix(wanted.at("rewards")), tolerance);
    if (wanted.at("states").is_null()) {
      EXPECT_EQ(made.environment->state_width(), 0);
      continue;
    }
    expect_near(made.environment->state(golden_histories()), matrix(wanted.at("states")),
                tolerance);
    if (wanted.contains("loss")) {
      EXPECT_NEAR(made.context.made.quality("vectors").at("loss"), wanted.at("loss").get<double>(),
                  1e-5);
    }
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(Environments, GiveAnEmptyHistoryTheRewardAndTheStateZero) {
  const History empty = make_history({{0, 0, 0, 0, 0}}, {0});
  const Tensor actions = at::tensor(std::vector<int64_t>{1, 21, 40}, at::kLong).view({1, 3});
  for (const std::string plugin : {"cooccurrence", "item_vectors", "text_tfidf"}) {
    SCOPED_TRACE(plugin);
    const Prepared made(plugin, values_of(json::object()), golden_data());
    EXPECT_TRUE(made.reward(empty, actions).eq(0).all().item<bool>());
    EXPECT_TRUE(made.environment->state(empty).eq(0).all().item<bool>());
  }
}

TEST(Environments, GiveItemsThatTheyKnowNothingOfTheRewardZero) {
  // Items 39 and 40 are in no sequence, item 7 has no text.
  const History history = make_history({{21, 22, 0, 0, 0}}, {2});
  for (const auto& [plugin, item] :
       std::vector<std::pair<std::string, int64_t>>{{"cooccurrence", 40},
                                                    {"item_vectors", 40},
                                                    {"environment_popularity", 39},
                                                    {"text_tfidf", 7}}) {
    const Prepared made(plugin, values_of(json::object()), golden_data());
    EXPECT_EQ(made.reward(history, at::full({1, 1}, item, at::kLong)).item<float>(), 0) << plugin;
  }
}

TEST(Environments, ReadOnlyTheirPortion) {
  // The trial's portion is the first sequences: a half is the first of these two.
  const TrialData data = {training_data(4, 3, {{1, 2, 1}, {3, 3, 3}}), {}, {}};
  const Prepared made("environment_popularity", {{"portion", 0.5}, {"scale", std::string("share")}},
                      data);
  const History history = make_history({{0, 0, 0}}, {0});
  const Tensor rewards =
      made.reward(history, at::tensor(std::vector<int64_t>{1, 2, 3, 4}, at::kLong).view({1, 4}));
  expect_near(rewards, at::tensor({2. / 3, 1. / 3, 0., 0.}, at::kDouble).view({1, 4}), 1e-7);
}

TEST(Environments, CooccurrenceCountsPairsThatAPersonCanCount) {
  // Pairs next to each other: 1-2 twice, 2-3 once; in both orders n = 6, n_1 = 2, n_2 = 3, n_3 = 1.
  const TrialData data = {training_data(4, 3, {{1, 2, 1}, {2, 3}, {4}}), {}, {}};
  const ParamValues cosine = {
      {"portion", 1.0}, {"window", int64_t{1}}, {"measure", std::string("cosine")}};
  const Prepared made("cooccurrence", cosine, data);
  const Tensor actions = at::tensor(std::vector<int64_t>{1, 2, 3, 4}, at::kLong).view({1, 4});
  const double one_two = 2 / std::sqrt(6.), two_three = 1 / std::sqrt(3.);
  expect_near(made.reward(make_history({{2, 0, 0}}, {1}), actions),
              at::tensor({one_two, 0., two_three, 0.}, at::kDouble).view({1, 4}), 1e-6);
  // History 1, 2 with decay .8: the weights are .8 / 1.8 and 1 / 1.8.
  expect_near(made.reward(make_history({{1, 2, 0}}, {2}), actions),
              at::tensor({one_two / 1.8, .8 * one_two / 1.8, two_three / 1.8, 0.}, at::kDouble)
                  .view({1, 4}),
              1e-6);
  ParamValues npmi = cosine;
  npmi["measure"] = std::string("npmi");
  const double of_pair = std::log((2 / 6.) / ((2 / 6.) * (3 / 6.))) / -std::log(2 / 6.);
  const Prepared other("cooccurrence", npmi, data);
  EXPECT_NEAR(other.reward(make_history({{2, 0, 0}}, {1}), actions)[0][0].item<double>(), of_pair,
              1e-6);
}

TEST(Environments, SkipGramLearnsWhichItemsStandTogether) {
  // Two groups of items that never meet.
  std::vector<std::vector<int32_t>> sequences;
  for (uint64_t s = 0; s < 200; ++s) {
    sequences.emplace_back();
    for (uint64_t t = 0; t < 6; ++t)
      sequences.back().push_back(static_cast<int32_t>(1 + 5 * (s % 2) + mix(s, t) % 5));
  }
  const TrialData data = {training_data(10, 5, sequences), {}, {}};
  const auto train = [&](int64_t epochs) {
    return Prepared(
        "item_vectors",
        {{"portion", 1.0}, {"width", int64_t{8}}, {"epochs", epochs}, {"learning_rate", 0.05}},
        data);
  };
  const Prepared little = train(1), much = train(20);
  EXPECT_LT(much.context.made.quality("vectors").at("loss"),
            little.context.made.quality("vectors").at("loss") - 0.5);
  const History of_first = make_history({{1, 2, 3, 0, 0}}, {3});
  const Tensor rewards = much.reward(of_first, at::arange(1, 11).view({1, 10}))[0];
  EXPECT_GT(rewards.narrow(0, 0, 5).min().item<double>(),
            rewards.narrow(0, 5, 5).max().item<double>() + 0.3)
      << rewards;
}

// All files of a folder with their bytes.
std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename()] = read_file(entry.path());
  return files;
}

class Making : public ScratchTest {
 protected:
  // Makes every artefact of the plugin without a stop and in attempts that each stop at the call of
  // stop() with the number `stop_at`, and compares the files. Returns the number of attempts.
  int64_t attempts(const std::string& plugin, const json& params, int64_t stop_at) {
    const PluginEntry& entry = load_plugin(plugin);
    const ParamValues values = values_of(params);
    const TrialData data = golden_data();
    const worker::TrialArtefacts whole(entry, values, data);
    int64_t count = 0;
    for (const Artefact& artefact : entry.artefacts) {
      const std::string folder =
          path(plugin + std::to_string(stop_at) + params.dump() + artefact.kind);
      const std::string earlier = artefact.after.empty() ? "" : whole.folder(artefact.after);
      fs::create_directories(folder);
      const auto wanted = files_in(whole.folder(artefact.kind));
      for (int64_t left = 100; left > 0; --left) {
        ++count;
        // An attempt that reports less often than `stop_at` is complete.
        const auto recorded = worker::make_artefact(entry, values, artefact, data, folder, earlier,
                                                    left > 1 ? stop_at : -1);
        if (!recorded.empty()) break;
      }
      EXPECT_EQ(files_in(folder), wanted) << plugin << " " << artefact.kind;
    }
    return count;
  }
};

TEST_F(Making, EndsWithTheSameBytesAfterStops) {
  for (const int64_t stop_at : {0, 1, 5, 31}) {
    SCOPED_TRACE(stop_at);
    attempts("cooccurrence", {{"width", 5}}, stop_at);
    attempts("item_vectors", {{"method", "svd"}, {"width", 5}}, stop_at);
    attempts("text_tfidf", {{"texts", "title"}, {"width", 5}}, stop_at);
    attempts("environment_popularity", json::object(), stop_at);
    attempts("text_gru", {{"texts", "title"}, {"width", 5}, {"steps", 40}, {"batch_size", 8}},
             stop_at);
  }
}

TEST_F(Making, OfASkipGramGoesOnAfterTheLastWholeEpoch) {
  // Each attempt trains one epoch and stops in the next one; the last one finds none left.
  EXPECT_EQ(attempts("item_vectors", {{"epochs", 6}, {"width", 5}}, 1), 6);
  EXPECT_EQ(attempts("item_vectors", {{"epochs", 6}, {"width", 5}}, 4), 2);
}

// Records what a part of the training sequences and its rest are in a trial.
struct RestMaker final : Preparer {
  explicit RestMaker(double portion) : portion_(portion) {}
  void prepare(const Artefact&, PrepareContext& context) override {
    const Tensor whole = context.training(1, 1).item;
    const TrainingData &part = context.training(portion_, 1), &rest = context.rest(portion_, 1);
    context.record("events", static_cast<double>(rest.events()));
    context.record("sequences", static_cast<double>(rest.sequences()));
    context.record("follows", at::equal(at::cat({part.item, rest.item}), whole));
    context.record("first", static_cast<double>(rest.offset[0].item<int64_t>()));
    context.record("last", static_cast<double>(rest.offset[-1].item<int64_t>()));
  }
  double portion_;
};

TEST_F(Making, IsGivenTheSequencesThatAPartLeavesOut) {
  const TrialData data = {training_data(9, 5, {{1, 2}, {3, 4, 5}, {6}, {7, 8, 9, 1}}), {}, {}};
  const auto recorded = [&](double portion) {
    PluginEntry entry;
    entry.preparer = [&](const ParamValues&) { return std::make_shared<RestMaker>(portion); };
    return worker::make_artefact(entry, {}, {"made", "", {}, {"training"}, "", 1}, data, folder_,
                                 "");
  };
  using Figures = std::map<std::string, double>;
  EXPECT_EQ(recorded(0.5),
            (Figures{{"events", 5}, {"first", 0}, {"follows", 1}, {"last", 5}, {"sequences", 2}}));
  EXPECT_EQ(recorded(1),
            (Figures{{"events", 0}, {"first", 0}, {"follows", 1}, {"last", 0}, {"sequences", 0}}));
}

TEST_F(Making, OfAnotherSeedGivesOtherVectors) {
  const auto vectors = [](int64_t seed) {
    const Prepared made("item_vectors", {{"portion", 1.0}, {"seed", seed}}, golden_data());
    return files_in(made.context.made.folder("vectors"));
  };
  EXPECT_EQ(vectors(1), vectors(1));
  EXPECT_NE(vectors(1), vectors(2));
}

TEST(Environments, RefuseArtefactsOfAnotherNumberOfItems) {
  Prepared made("environment_popularity", {{"portion", 1.0}}, golden_data());
  PreparedContext other(load_plugin("environment_popularity"), {{"portion", 1.0}}, golden_data());
  other.item_count = 50;
  try {
    load_plugin("environment_popularity").environment({}, other);
    FAIL() << "nothing thrown";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              other.made.folder("counts") +
                  "/counts.safetensors: must hold a count for each of 50 items and for padding");
  }
}

TEST(Environments, RefuseADataSetWithoutTexts) {
  TrialData data = golden_data();
  data.texts.clear();
  try {
    const Prepared made("text_tfidf", {}, data);
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "text_tfidf: texts: the data set has no item texts. Put an items.tsv beside its "
                 "interactions and import it again");
  }
}

TEST(Environments, RefuseTextsOfWhichNoWordCounts) {
  TrialData data = golden_data();
  for (auto& [column, texts] : data.texts) texts.assign(texts.size(), "");
  try {
    const Prepared made("text_tfidf", {}, data);
    FAIL() << "nothing thrown";
  } catch (const DataError& error) {
    EXPECT_STREQ(
        error.what(),
        "text_tfidf: no word stands in the texts of 2 items or more, so every reward would "
        "be 0. Name columns with text in `texts`, or lower `min_documents`");
  }
}

}  // namespace
}  // namespace lea::testing
