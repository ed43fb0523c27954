// The environment lea.le: its artefacts, and what a run asks it for.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>

#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/spec/artefact_json.h"
#include "plugins/le/context_length.h"
#include "plugins/le/environment_maker.h"
#include "plugins/tuning/quality_making.h"
#include "plugins/tuning/tables.h"
#include "tests/api/prepare_host.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

using lea::testing::load_plugin;
using ::testing::HasSubstr;
using worker::TrialData;

constexpr int64_t kPool = 2;

class PoolContext final : public lea::testing::TestContext {
 public:
  const Tensor& pool() const override { return sampled; }
  std::string artefact(const std::string& kind) const override { return folders.at(kind); }
  Tensor sampled;
  std::map<std::string, std::string> folders;
};

ParamValues values_of(const nlohmann::json& more) {
  nlohmann::json all = {{"model", LEA_SOURCE_DIR "/tests/golden/le/model"},
                        {"dtype", "float32"},
                        {"item_sentence", "{item} is titled {title}."},
                        {"token_iterations", 2},
                        {"portion", 0.5},
                        {"steps", 4},
                        {"learning_rate", 0.01}};
  all.update(golden().at("wordings"));
  all.update(more);
  ParamValues values;
  for (const auto& [name, value] : all.items()) {
    if (value.is_boolean()) values[name] = value.get<bool>();
    if (value.is_number_integer()) values[name] = value.get<int64_t>();
    if (value.is_number_float()) values[name] = value.get<double>();
    if (value.is_string()) values[name] = value.get<std::string>();
  }
  return values;
}

class LanguageEnvironmentTest : public ScratchTest {
 protected:
  LanguageEnvironmentTest() {
    data_.training = training_of(users());
    std::vector<std::string> titles;
    for (int i = 1; i <= 12; ++i)
      titles.push_back(std::string(i % 2 ? "red" : "blue") + (i % 3 ? " lamp" : " oak table"));
    data_.texts = {{"title", titles}};
    data_.pool = at::empty({data_.training.events(), kPool}, at::kLong);
    for (int64_t event = 0; event < data_.training.events(); ++event) {
      for (int64_t j = 0; j < kPool; ++j)
        data_.pool[event][j] =
            1 + (data_.training.item[event].item<int64_t>() + j + event % 5) % 12;
    }
  }

  const Artefact& artefact(const std::string& kind) const {
    for (const Artefact& one : entry_.artefacts) {
      if (one.kind == kind) return one;
    }
    throw std::out_of_range(kind);
  }

  // Makes all artefacts in folders below NAME. `kinds` that are not made stay empty.
  void make(const nlohmann::json& more, const std::string& name = "made") {
    values_ = values_of(more);
    for (const Artefact& one : entry_.artefacts) {
      folders_[one.kind] = path(name + "/" + one.kind);
      std::filesystem::create_directories(folders_[one.kind]);
      quality_[one.kind] = worker::make_artefact(entry_, values_, one, data_, folders_[one.kind],
                                                 one.after.empty() ? "" : folders_[one.after]);
    }
  }

  std::shared_ptr<Environment> environment(const std::vector<std::string>& without = {}) {
    context_.data = data_.training;
    context_.item_count = data_.training.items;
    context_.positions = data_.training.history;
    context_.sampled = data_.pool;
    context_.folders = folders_;
    for (const std::string& kind : without) context_.folders[kind] = "";
    return entry_.environment(values_, context_);
  }

  // What the language model answers itself.
  EnvironmentModel model() const {
    return {assign_params<Settings>(values_), folders_.at("adapter"), at::kCPU};
  }
  History all_places() const {
    return data_.training.histories_at(at::arange(data_.training.places(), at::kLong));
  }
  History all_events() const {
    return data_.training.histories(at::arange(data_.training.events(), at::kLong));
  }

  const PluginEntry& entry_ = load_plugin("le", "environment");
  TrialData data_;
  ParamValues values_;
  std::map<std::string, std::string> folders_;
  std::map<std::string, std::map<std::string, double>> quality_;
  PoolContext context_;
};

const std::vector<Role> kRoles = {Role::kLogged, Role::kSampled, Role::kSampled};

TEST_F(LanguageEnvironmentTest, LooksUpWhatTheModelAnswers) {
  for (const char* order : {"paper", "hoisted"}) {
    make({{"order", order}}, order);
    const auto made = environment();
    const EnvironmentModel model = this->model();
    EXPECT_EQ(made->state_width(), 16);
    const Tensor states = made->state(all_places());
    const History events = all_events();
    const Tensor actions = at::cat({data_.training.item.to(at::kLong).unsqueeze(1), data_.pool}, 1);
    const Tensor rewards = made->reward(events, actions, kRoles);

    const History places = all_places();
    for (int64_t place = 0; place < data_.training.places(); ++place) {
      const int64_t length = places.length[place].item<int64_t>(),
                    event = places.event[place].item<int64_t>();
      const Tensor items = places.items[place].narrow(0, 0, length).contiguous();
      const std::vector<int64_t> history(items.const_data_ptr<int64_t>(),
                                         items.const_data_ptr<int64_t>() + length);
      std::vector<int64_t> asked;
      for (int64_t k = 0; event >= 0 && k < actions.size(1); ++k)
        asked.push_back(actions[event][k].item<int64_t>());
      const auto answer = model.ask({{history, {length}, {asked}, true}}, 4)[0];
      if (length == 0) {
        EXPECT_EQ(states[place].abs().sum().item<float>(), 0);
        continue;
      }
      EXPECT_LE(lm::distance(states[place], answer.states[0]), 1e-5) << "place " << place;
      if (event >= 0) {
        EXPECT_LE(lm::distance(rewards[event], answer.rewards), 1e-5) << "event " << event;
      }
    }
  }
}

TEST_F(LanguageEnvironmentTest, GivesAllItemsTheMeanAfterAnEmptyHistory) {
  make({{"order", "hoisted"}});
  const Tensor table = Table(folders_["rewards"] + "/" + kRewardsFile).values();
  const Tensor length = all_events().length;
  const double mean = table.index_select(0, length.gt(0).nonzero().squeeze(1)).mean().item<float>();
  const Tensor empty = table.index_select(0, length.eq(0).nonzero().squeeze(1));
  EXPECT_EQ(empty.size(0), 6);
  EXPECT_NEAR((empty - mean).abs().max().item<double>(), 0, 1e-6);
  const auto made = environment();
  // Also outside of training, and for an item that the pool lacks.
  const History none = {at::zeros({1, 4}, at::kLong), at::zeros({1}, at::kLong),
                        at::full({1}, -1, at::kLong), at::full({1}, -1, at::kLong)};
  const Tensor rewards =
      made->reward(none, at::tensor({3L, 9L}).view({1, 2}), {Role::kLogged, Role::kSampled});
  EXPECT_NEAR((rewards - mean).abs().max().item<double>(), 0, 1e-6);
  EXPECT_EQ(made->state(none).abs().sum().item<float>(), 0);

  make({{"order", "hoisted"}, {"empty_history", "zero"}}, "zero");
  const Tensor zeros = Table(folders_["rewards"] + "/" + kRewardsFile).values();
  EXPECT_EQ(zeros.index_select(0, length.eq(0).nonzero().squeeze(1)).abs().sum().item<float>(), 0);
}

TEST_F(LanguageEnvironmentTest, ComputesWhatIsInNoTable) {
  make({{"order", "hoisted"}});
  const auto made = environment();
  const History all = all_events();
  const History outside = {all.items, all.length, at::full_like(all.event, -1),
                           at::full_like(all.place, -1)};
  const Tensor actions = at::cat({data_.training.item.to(at::kLong).unsqueeze(1), data_.pool}, 1);
  EXPECT_LE(
      lm::distance(made->reward(outside, actions, kRoles), made->reward(all, actions, kRoles)),
      1e-5);
  EXPECT_LE(lm::distance(made->state(outside), made->state(all)), 1e-5);
  // A proposal that the pool lacks, beside the logged item.
  const Tensor pair = at::cat({actions.narrow(1, 0, 1), at::full({actions.size(0), 1}, 12)}, 1);
  const Tensor mixed = made->reward(all, pair, {Role::kLogged, Role::kProposed});
  const Tensor computed = made->reward(outside, pair, {Role::kLogged, Role::kProposed});
  EXPECT_LE(lm::distance(mixed, computed), 1e-5);
}

TEST_F(LanguageEnvironmentTest, NeedsOnlyTheTablesOfItsSlots) {
  make({{"order", "hoisted"}});
  const auto rewards_alone = environment({"states"});
  EXPECT_EQ(rewards_alone->state_width(), 0);
  const auto states_alone = environment({"rewards"});
  EXPECT_EQ(states_alone->state_width(), 16);
  EXPECT_THROW(rewards_alone->state(all_places()), Error);
}

TEST_F(LanguageEnvironmentTest, RefusesTablesOfOtherData) {
  make({{"order", "hoisted"}});
  const Tensor pool = data_.pool;
  data_.pool = pool.narrow(1, 0, 1);
  const std::string events = std::to_string(data_.training.events());
  EXPECT_EQ(message_of([&] { environment(); }),
            folders_["rewards"] + "/" + kRewardsFile + ": has " + events +
                " rows of 3 values, so it is of other data than this run's. It must be made anew");
  data_.pool = pool;
  // The adapter holds the item tokens as well.
  write_tensors(folders_["adapter"] + "/" + kTokensFile, {{"tokens", at::zeros({11, 16})}});
  std::filesystem::create_directories(path("other"));
  for (const char* kind : {"states", "rewards", "quality", "choices"}) {
    EXPECT_EQ(message_of([&] {
                worker::make_artefact(entry_, values_, artefact(kind), data_, path("other"),
                                      folders_["adapter"]);
              }),
              folders_["adapter"] + "/" + kTokensFile +
                  ": has 11 items, but the data has 12. The artefact must be made anew")
        << kind;
  }
}

TEST_F(LanguageEnvironmentTest, RefusesWhatIsLongerThanTheContextOfItsModel) {
  std::filesystem::copy(LEA_SOURCE_DIR "/tests/golden/le/model", path("model"));
  auto config = *read_json(path("model/config.json"));
  const auto refusal = [&](int64_t context, const std::string& sentence) -> std::string {
    config["max_position_embeddings"] = context;
    std::ofstream(path("model/config.json")) << config.dump();
    try {
      make({{"order", "hoisted"}, {"model", path("model")}, {"item_sentence", sentence}},
           "refused " + std::to_string(context));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(refusal(5, "{item} is titled {title}."),
              ::testing::HasSubstr("le: item_sentence: the sentence of item "));
  EXPECT_THAT(refusal(15, "{item} {title}"),
              ::testing::HasSubstr("le: data.history: with 4 items the prompt of a state or a "
                                   "reward has "));
}

TEST_F(LanguageEnvironmentTest, RefusesLongListsWhateverIsMeasured) {
  const std::string before(300, 'z');
  const auto refusal = [&](const std::string& name, nlohmann::json more) -> std::string {
    more["order"] = "hoisted";
    quality_.clear();
    try {
      make(more, name);
    } catch (const ConfigError& error) {
      EXPECT_TRUE(quality_.contains("quality")) << "only what chooses from lists is refused";
      return error.what();
    }
    return "no error";
  };
  const auto is_refused =
      HasSubstr("le: data.history: with 4 items the prompt of a selection has ");
  EXPECT_THAT(
      refusal("no events", {{"selection_prompt", before + "{list}"}, {"quality_events", 0}}),
      is_refused);
  EXPECT_THAT(refusal("two labels",
                      {{"selection_prompt", before + "{list}"}, {"labels", " first| second"}}),
              is_refused);
  // Titles are known only when the choices are made.
  EXPECT_THAT(refusal("titles", {{"items", "titles"},
                                 {"title", std::string(25, 'z') + "{title}"},
                                 {"quality_events", 0}}),
              is_refused);
}

TEST_F(LanguageEnvironmentTest, NeedsLabelsOnlyForItsChoices) {
  try {
    make({{"order", "hoisted"}, {"labels", "first of all|second"}});
    ADD_FAILURE() << "the labels were not refused";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("le: labels: `first of all` is "));
  }
  for (const char* kind : {"tokens", "adapter", "states", "rewards", "quality"})
    EXPECT_TRUE(quality_.contains(kind)) << kind;
}

TEST_F(LanguageEnvironmentTest, IsMadeWithTheSameBytesWhereverItIsInterrupted) {
  make({{"order", "hoisted"}, {"state_weight", 0.5}, {"items", "titles"}});
  for (const Artefact& one : entry_.artefacts) {
    const std::string folder = path("parts/" + one.kind);
    const std::string earlier = one.after.empty() ? "" : folders_[one.after];
    int64_t interruptions = 0;
    int64_t complete = 0;  // attempts in a row that left all files complete
    for (int64_t stop_at = 0; stop_at < 60 && complete < 5; ++stop_at) {
      // Each attempt leaves at a later call. The last ones end the making.
      std::filesystem::create_directories(folder);
      worker::make_artefact(entry_, values_, one, data_, folder, earlier, stop_at);
      const bool equal = files_in(folder) == files_in(folders_[one.kind]);
      complete = equal ? complete + 1 : 0;
      if (!equal) ++interruptions;
    }
    EXPECT_GT(interruptions, 0) << one.kind;
    EXPECT_EQ(files_in(folder), files_in(folders_[one.kind])) << one.kind;
  }
}

TEST_F(LanguageEnvironmentTest, SharesTheItemTokensWithTheAdapter) {
  make({{"order", "hoisted"}, {"items", "titles"}});
  struct stat one {
  }, other{};
  ASSERT_EQ(::stat((folders_["tokens"] + "/" + kTokensFile).c_str(), &one), 0);
  ASSERT_EQ(::stat((folders_["adapter"] + "/" + kTokensFile).c_str(), &other), 0);
  EXPECT_EQ(one.st_ino, other.st_ino);
  EXPECT_TRUE(std::filesystem::exists(folders_["adapter"] + "/" + kTitlesFile));
}

// A safetensors file begins with the length of its header as uint64, and the header.
int64_t bytes_of_tensors(const std::string& file) {
  uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof header);
  return std::ssize(file) - static_cast<int64_t>(sizeof header + header);
}

TEST_F(LanguageEnvironmentTest, CountsTheBytesThatItsTensorsTakeOnDisk) {
  for (const nlohmann::json& settings : std::vector<nlohmann::json>{
           {{"order", "hoisted"}},
           {{"dtype", "bfloat16"}, {"targets", "q_proj down_proj"}, {"rank", 3}},
           {{"quality_events", 0}}}) {
    SCOPED_TRACE(settings.dump());
    make(settings, settings.dump().substr(2, 5));
    for (const Artefact& one : entry_.artefacts) {
      int64_t written = 0;
      for (const auto& [name, bytes] : files_in(folders_[one.kind])) {
        // The adapter has a link to the item tokens, and a few figures.
        const bool beside = one.kind == "adapter" && (name == kTokensFile || name == kFiguresFile);
        if (name.ends_with(".safetensors") && !beside) written += bytes_of_tensors(bytes);
      }
      const Counts counts = worker::count_artefact(entry_, values_, one, data_);
      EXPECT_EQ(counts.at("bytes"), static_cast<double>(written)) << one.kind;
    }
  }
}

TEST_F(LanguageEnvironmentTest, CountsTheTokensOfTitles) {
  std::vector<std::string>& titles = data_.texts[0].second;
  for (std::string& title : titles) title = "red oak table red oak table red oak table";
  const auto values = [&](const std::string& kind, const nlohmann::json& more) {
    return worker::count_artefact(entry_, values_of(more), artefact(kind), data_).at("values");
  };
  const auto capped = [](int cap) {
    return nlohmann::json{{"items", "titles"},
                          {"order", "hoisted"},
                          {"title", "{title:" + std::to_string(cap) + "}"}};
  };
  for (const char* kind : {"adapter", "states", "rewards", "quality", "choices"}) {
    SCOPED_TRACE(kind);
    const double one = values(kind, capped(1));
    EXPECT_EQ(one, values(kind, {{"order", "hoisted"}})) << "as many rows as an item token";
    const double more = (values(kind, capped(6)) - one) / 5;
    EXPECT_GT(more, 0);
    EXPECT_NEAR(values(kind, capped(3)), one + 2 * more, 1e-6 * one) << "one row for each token";
  }
  const double same = values("rewards", capped(3));
  for (size_t i = 0; i < titles.size(); ++i) titles[i] = i % 2 ? "red oak table red oak" : "red";
  EXPECT_EQ(values("rewards", {{"items", "titles"}, {"order", "hoisted"}, {"title", "{title}"}}),
            same)
      << "the mean of five and of one";
}

TEST_F(LanguageEnvironmentTest, CountsTheMemoryThatOpeningTheModelChecks) {
  const auto memory = [&](const std::string& kind, const nlohmann::json& more) {
    const Counts counts = worker::count_artefact(entry_, values_of(more), artefact(kind), data_);
    const auto found = counts.find("memory_bytes");
    return found == counts.end() ? 0 : static_cast<uint64_t>(found->second);
  };
  const auto none = nlohmann::json::object();
  const Settings settings = assign_params<Settings>(values_of(none));
  const lm::Config config = lm::read_config(settings.model);
  const auto need = [&](Purpose purpose, int64_t longest = kRowsOfPass) {
    return need_of_model(settings, config, lm::Weights(settings.model), purpose, longest).taken();
  };
  for (const char* kind : {"states", "rewards", "quality", "choices"})
    EXPECT_EQ(memory(kind, none), need(Purpose::kAsk)) << kind;
  const lm::Tokenizer tokenizer(settings.model);
  const Prompts prompts(settings, tokenizer, config.vocabulary, -1, {});
  EXPECT_EQ(memory("adapter", none),
            need(Purpose::kTrain, longest_prompt(prompts, data_.training)));
  EXPECT_EQ(memory("adapter", {{"items", "titles"}}), need(Purpose::kTrain))
      << "the lengths of titles are not known yet";
  // The longest sentence: "<item> is titled blue oak table."
  const auto words = std::ssize(tokenizer.encode_part(" is titled blue oak table.", "a sentence"));
  EXPECT_EQ(memory("tokens", none), need(Purpose::kTokens, 1 + words));
  EXPECT_EQ(memory("quality", {{"quality_events", 0}}), 0U) << "no model is opened";
  EXPECT_EQ(memory("choices", {{"labels", " first| second"}}), 0U) << "too few labels to choose";
}

TEST_F(LanguageEnvironmentTest, RecordsFigures) {
  make({{"order", "paper"}});
  const auto names = [&](const std::string& kind) {
    std::vector<std::string> all;
    for (const auto& [name, value] : quality_.at(kind)) {
      EXPECT_TRUE(std::isfinite(value)) << kind << " " << name;
      if (name.find('.') == std::string::npos) all.push_back(name);
    }
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("tokens"),
            (Names{"accuracy", "items_with_cut_text", "items_without_text", "loss"}));
  EXPECT_EQ(names("adapter"),
            (Names{"diverged", "loss", "reward_loss", "state_cosine", "state_loss", "steps",
                   "validation_accuracy", "validation_state_accuracy"}));
  EXPECT_EQ(names("states"), (Names{"state_cosine"}));
  EXPECT_EQ(names("rewards"), (Names{"mean_logged", "mean_sampled", "reward_noise"}));
  EXPECT_TRUE(quality_.at("rewards").contains("mean_logged.accuracy"))
      << "a detail, because it counts events that the environment has learned from";
  EXPECT_LT(quality_.at("rewards").at("reward_noise"), 1e-5) << "in float32 there is hardly any";
  EXPECT_EQ(names("quality"), (Names{"events", "reward_accuracy", "reward_accuracy_matched",
                                     "reward_auc", "reward_auc_matched", "reward_choice",
                                     "state_accuracy", "state_choice", "state_cosine"}));
  EXPECT_EQ(names("choices"), (Names{"choice_accuracy", "events"}));
}

TEST_F(LanguageEnvironmentTest, MeasuresItsQualityBesideSimpleRules) {
  for (const char* order : {"paper", "hoisted"}) {
    make({{"order", order}}, order);
    const auto& figures = quality_.at("quality");
    EXPECT_EQ(figures.at("events"), 8) << "of the second half of the users, those with a history";
    EXPECT_EQ(figures.at("events.sequences"), 2);
    EXPECT_EQ(figures.at("events.inside"), 9);
    for (const std::string rule :
         {"cooccurrence", "cooccurrence_all", "popularity", "text", "text_gru", "tokens"}) {
      for (const std::string figure : {"reward_accuracy", "reward_auc_matched", "reward_choice",
                                       "state_accuracy", "state_choice"}) {
        EXPECT_EQ(figures.contains(figure + ".beside." + rule),
                  figure != "state_accuracy" || rule != "popularity")
            << figure << " " << rule;
      }
      EXPECT_TRUE(quality_.at("choices").contains("choice_accuracy.beside." + rule)) << rule;
    }
    EXPECT_TRUE(figures.contains("reward_accuracy.inside"));
    EXPECT_LE(figures.at("reward_accuracy.gain_low"), figures.at("reward_accuracy.gain"));
    EXPECT_TRUE(quality_.at("choices").contains("choice_accuracy.at_5"));
    for (const char* kind : {"quality", "choices"}) {
      EXPECT_FALSE(std::filesystem::exists(folders_[kind] + "/text_gru"))
          << "what training the GRU needs is not kept";
    }
  }
}

TEST_F(LanguageEnvironmentTest, MeasuresTheAnswersOfItsModel) {
  make({{"order", "paper"}});
  const std::string folder = folders_["quality"];
  const Tensor events =
      tensor_of(read_tensors(folder + "/" + kEventsFile), "outside", at::kLong, folder);
  const Tensor answers = Table(folder + "/outside.safetensors").values();
  ASSERT_EQ(answers.sizes(), (std::vector<int64_t>{events.size(0), 6 + 2 * 16}));
  const Sequences all = users();
  const Sequences outside(all.begin() + 3, all.end());
  const EnvironmentModel model = this->model();
  for (int64_t row = 0; row < events.size(0); ++row) {
    const auto number = [&](int64_t column) { return events[row][column].item<int64_t>(); };
    const std::vector<int64_t>& items = outside.at(static_cast<size_t>(number(0)));
    EXPECT_EQ(number(3), items.at(static_cast<size_t>(number(1))));
    // The logged item, the four drawn ones and the matched one.
    const std::vector<int64_t> actions = {number(3), number(5), number(6),
                                          number(7), number(8), number(4)};
    const auto own = model.ask({{items, {number(1)}, {actions}, true}}, 4);
    const auto other = model.ask({{items, {number(2)}, {}, true}}, 4);
    EXPECT_LE(lm::distance(answers[row].narrow(0, 0, 6), own[0].rewards), 1e-5);
    EXPECT_LE(lm::distance(answers[row].narrow(0, 6, 16), own[0].states[0]), 1e-5);
    EXPECT_LE(lm::distance(answers[row].narrow(0, 22, 16), other[0].states[0]), 1e-5);
  }
}

TEST_F(LanguageEnvironmentTest, MeasuresNoQualityWithoutEvents) {
  make({{"order", "hoisted"}, {"quality_events", 0}});
  EXPECT_THAT(quality_.at("quality"), ::testing::IsEmpty());
  EXPECT_THAT(quality_.at("choices"), ::testing::IsEmpty());
  EXPECT_EQ(files_in(folders_["quality"]).size(), 1U);
}

TEST_F(LanguageEnvironmentTest, KnowsOnlyTheInsideWhenItLearnsFromAllSequences) {
  make({{"order", "hoisted"}, {"portion", 1.0}});
  const auto& figures = quality_.at("quality");
  EXPECT_EQ(figures.at("events"), 0);
  EXPECT_FALSE(figures.contains("reward_accuracy"));
  EXPECT_TRUE(figures.contains("reward_accuracy.inside"));
}

TEST_F(LanguageEnvironmentTest, CoversAllParameters) {
  std::set<std::string> known;
  for (const Artefact& one : entry_.artefacts) {
    for (const std::string& text : one.params) known.insert(spec::counted_param(text).name);
  }
  std::set<std::string> left;
  for (const ParamInfo& info : entry_.params) {
    if (!known.contains(info.name)) left.insert(info.name);
  }
  EXPECT_EQ(left, std::set<std::string>());
}

}  // namespace
}  // namespace lea::le
