// Item tokens against NumPy and PyTorch, and what batches, interruptions and stopping may not
// change.
#include "plugins/le/item_tokens.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "core/base/error.h"
#include "core/base/files.h"
#include "tests/le/letters.h"
#include "tests/lm/tiny_model.h"

namespace lea::le {
namespace {

using lm::distance;
using nlohmann::json;

bool never(int64_t, int64_t) { return false; }

std::vector<Sentence> sentences_of(const json& list) {
  std::vector<Sentence> sentences;
  for (const json& words : list)
    sentences.push_back(
        {words[0].get<std::vector<int64_t>>(), words[1].get<std::vector<int64_t>>()});
  return sentences;
}

// Sentences of 2 to 30 words from the tiny models' 48.
std::vector<Sentence> random_sentences(int64_t items) {
  std::vector<Sentence> sentences;
  for (int64_t i = 0; i < items; ++i) {
    Sentence& sentence = sentences.emplace_back();
    if (i % 3 == 0) sentence.before = {4, 9};
    for (int64_t word = 0; word < 2 + (i * 7) % 29; ++word)
      sentence.after.push_back(static_cast<int64_t>(mix(5, i, word) % 48));
  }
  return sentences;
}

at::Tensor optimised(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
                     const Settings& settings, const at::Tensor& start) {
  const lm::TemporaryFolder folder;
  at::Tensor tokens = start.clone();
  EXPECT_TRUE(optimise_tokens(decoder, sentences, settings, folder.path(), tokens, never));
  return tokens;
}

class ItemTokens : public testing::Test {
 protected:
  ItemTokens() { settings_.token_iterations = 6; }

  at::Tensor optimise(const std::vector<Sentence>& sentences, const at::Tensor& start) const {
    return optimised(decoder_, sentences, settings_, start);
  }
  at::Tensor start_for(const std::vector<Sentence>& sentences) const {
    return random_tokens(decoder_, std::ssize(sentences), 1);
  }

  const lm::Decoder decoder_ = lm::tiny_model("llama2_old");
  Settings settings_;
};

TEST(ItemTokensOfPyTorch, AreTheSame) {
  std::ifstream file(LEA_SOURCE_DIR "/tests/golden/le/tokens.json");
  const json golden = json::parse(file);
  const std::vector<Sentence> sentences = sentences_of(golden["sentences"]);
  for (const json& expected : golden["cases"]) {
    const auto model = expected["model"].get<std::string>();
    SCOPED_TRACE(model);
    const lm::Decoder decoder = lm::tiny_model(model);
    const std::vector<int64_t> shape = {std::ssize(sentences), decoder.config().width};
    const auto tensor = [&](const char* name) {
      return lm::floats(expected[name], shape).to(at::kFloat);
    };
    EXPECT_LE(distance(closed_form(decoder, sentences), tensor("closed_form")), 1e-5);
    const TokenLoss loss = *token_loss(decoder, sentences, tensor("start"), 10);
    EXPECT_NEAR(loss.cross_entropy, expected["cross_entropy"].get<double>(), 1e-5);
    EXPECT_NEAR(loss.accuracy, expected["accuracy"].get<double>(), 1e-6);
    Settings settings;
    settings.token_iterations = 5;
    settings.token_penalty = expected["penalty"].get<double>();
    const at::Tensor tokens = optimised(decoder, sentences, settings, tensor("start"));
    EXPECT_LE((tokens - tensor("tokens")).abs().max().item<double>(), 1e-4);
    // Five steps of 5e-3 move further than that.
    EXPECT_GE((tokens - tensor("start"))[0].abs().max().item<double>(), 2e-2);
    EXPECT_TRUE(at::equal(tokens[3], tensor("start")[3])) << "no word to learn from";
  }
}

TEST_F(ItemTokens, DoNotDependOnTheirBatch) {
  const std::vector<Sentence> sentences = random_sentences(20);
  const at::Tensor start = start_for(sentences), together = optimise(sentences, start);
  for (size_t i = 0; i < sentences.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const at::Tensor alone = optimise({sentences[i]}, start.narrow(0, row, 1));
    EXPECT_LE((alone[0] - together[row]).abs().max().item<double>(), 2e-5) << i;
  }
}

TEST_F(ItemTokens, BecomeBetter) {
  settings_.token_iterations = 150;
  settings_.token_learning_rate = 2e-2;
  const std::vector<Sentence> sentences = random_sentences(8);
  const at::Tensor start = start_for(sentences);
  const double before = token_loss(decoder_, sentences, start, 100)->cross_entropy,
               after =
                   token_loss(decoder_, sentences, optimise(sentences, start), 100)->cross_entropy;
  EXPECT_LT(after, before - 0.2);
}

TEST_F(ItemTokens, TakePlainStepsDownTheGradientOnRequest) {
  settings_.token_iterations = 1;
  settings_.token_optimiser = "sgd";
  const std::vector<Sentence> sentences = random_sentences(8);
  const at::Tensor start = start_for(sentences);
  settings_.token_learning_rate = 0.5;
  const at::Tensor step = optimise(sentences, start) - start;
  EXPECT_GT(step.abs().max().item<double>(), 1e-4);
  // Adam's first step moves each coordinate by the learning rate, whatever its gradient is.
  EXPECT_GT(step.abs().max().item<double>(), 2 * step.abs().min().item<double>());
  settings_.token_learning_rate = 1;
  const at::Tensor longer = optimise(sentences, start) - start;
  EXPECT_LE((longer - 2 * step).abs().max().item<double>(), 1e-5);
  settings_.token_learning_rate = 0.02;
  settings_.token_iterations = 60;
  EXPECT_LT(token_loss(decoder_, sentences, optimise(sentences, start), 100)->cross_entropy,
            token_loss(decoder_, sentences, start, 100)->cross_entropy - 0.1);
}

TEST_F(ItemTokens, StayNearTheirStartWithAPenalty) {
  settings_.token_iterations = 60;
  const std::vector<Sentence> sentences = random_sentences(8);
  const at::Tensor start = start_for(sentences), free = optimise(sentences, start);
  settings_.token_penalty = 100;
  const at::Tensor held = optimise(sentences, start);
  EXPECT_LT((held - start).norm().item<double>(), 0.5 * (free - start).norm().item<double>());
}

TEST_F(ItemTokens, StopWhenTheirLossNoLongerFalls) {
  settings_.token_iterations = 200;
  settings_.token_stop = 0.05;
  const std::vector<Sentence> sentences = random_sentences(12);
  const at::Tensor start = start_for(sentences), stopped = optimise(sentences, start);
  for (size_t i = 0; i < sentences.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const at::Tensor alone = optimise({sentences[i]}, start.narrow(0, row, 1));
    EXPECT_LE((alone[0] - stopped[row]).abs().max().item<double>(), 2e-4) << i;
  }
  settings_.token_stop = 0;
  const at::Tensor whole = optimise(sentences, start);
  EXPECT_GT((whole - stopped).abs().max().item<double>(), 0.05);
  // Nothing falls by all of itself, so each item stops at the first look, after 21 iterations.
  settings_.token_stop = 1;
  const at::Tensor soon = optimise(sentences, start);
  settings_.token_stop = 0;
  settings_.token_iterations = 21;
  EXPECT_LE((optimise(sentences, start) - soon).abs().max().item<double>(), 2e-5);
}

TEST_F(ItemTokens, AreTheSameBytesAfterInterruptions) {
  settings_.token_iterations = 25;
  settings_.token_stop = 0.02;
  const std::vector<Sentence> sentences = random_sentences(150);  // more than one batch
  const at::Tensor start = start_for(sentences), expected = optimise(sentences, start);
  const lm::TemporaryFolder folder;
  at::Tensor tokens;
  int64_t furthest = -1, total_rows = 0;
  int attempts = 0;
  for (bool finished = false; !finished; ++attempts) {
    ASSERT_LT(attempts, 100);
    tokens = start.clone();
    int calls = 0;
    finished = optimise_tokens(decoder_, sentences, settings_, folder.path(), tokens,
                               [&](int64_t done, int64_t total) {
                                 EXPECT_GE(done, furthest) << "nothing is done twice";
                                 EXPECT_LE(done, total);
                                 furthest = done;
                                 total_rows = total;
                                 return ++calls == 9;
                               });
  }
  EXPECT_GT(attempts, 5);
  EXPECT_TRUE(at::equal(tokens, expected));
  EXPECT_EQ(total_rows % settings_.token_iterations, 0);
  // Called again before the caller has written them, the tokens are still there.
  at::Tensor again = start.clone();
  EXPECT_TRUE(optimise_tokens(decoder_, sentences, settings_, folder.path(), again, never));
  EXPECT_TRUE(at::equal(again, expected));
  publish_file(folder.path() + "/titles.json", "[]");
  remove_partial_tokens(folder.path());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_EQ(entry.path().filename(), "titles.json");
}

TEST_F(ItemTokens, WithoutTextAreTheMeanWord) {
  const std::vector<Sentence> sentences = {{{}, {3, 4}}, {}};
  const at::Tensor ids = at::arange(decoder_.config().vocabulary, at::kLong),
                   mean = decoder_.embed(ids).mean(0), start = start_for(sentences);
  EXPECT_LE(distance(closed_form(decoder_, sentences)[1], mean), 1e-5);
  EXPECT_LE(distance(optimise(sentences, start)[1], mean), 1e-5);
  settings_.token_iterations = 0;
  const at::Tensor tokens = optimise(sentences, start);
  EXPECT_LE(distance(tokens[1], mean), 1e-5);
  EXPECT_TRUE(at::equal(tokens[0], start[0]));
}

TEST_F(ItemTokens, OfEqualTextsAreTheMeanWord) {
  const std::vector<Sentence> sentences(3, {{}, {3, 4, 7}});
  const at::Tensor ids = at::arange(decoder_.config().vocabulary, at::kLong);
  EXPECT_LE(distance(closed_form(decoder_, sentences), decoder_.embed(ids).mean(0).repeat({3, 1})),
            1e-5);
}

TEST_F(ItemTokens, StartAtRandomBySeedAndItemAlone) {
  const at::Tensor few = random_tokens(decoder_, 3, 1), many = random_tokens(decoder_, 4000, 1);
  EXPECT_TRUE(at::equal(few, many.narrow(0, 0, 3)));
  EXPECT_FALSE(at::equal(few, random_tokens(decoder_, 3, 2)));
  const at::Tensor words =
      decoder_.embed(at::arange(decoder_.config().vocabulary, at::kLong)).to(at::kDouble);
  const at::Tensor deviation = words.std(0, /*unbiased=*/false);
  EXPECT_LE(((many.to(at::kDouble).mean(0) - words.mean(0)) / deviation).abs().max().item<double>(),
            0.1);
  EXPECT_LE((many.to(at::kDouble).std(0) / deviation - 1).abs().max().item<double>(), 0.1);
  // Coordinates that share a radius and an angle are independent.
  const at::Tensor centred = many - many.mean(0);
  const at::Tensor product = (centred.select(1, 0) * centred.select(1, 1)).mean() /
                             (centred.select(1, 0).std() * centred.select(1, 1).std());
  EXPECT_LE(std::abs(product.item<double>()), 0.1);
}

TEST_F(ItemTokens, OfAModelInBfloat16AreNearThoseInFloat32) {
  const lm::Decoder narrow = lm::tiny_model("llama2_old", at::kBFloat16);
  const std::vector<Sentence> sentences = random_sentences(6);
  const at::Tensor start = start_for(sentences),
                   tokens = optimised(narrow, sentences, settings_, start);
  EXPECT_EQ(tokens.scalar_type(), at::kFloat);
  // Adam's first steps have the size of the learning rate, whatever the gradient.
  EXPECT_LE((tokens - start).abs().max().item<double>(), 6.5 * settings_.token_learning_rate);
  const at::Tensor moved = (tokens - start).flatten(),
                   expected = (optimise(sentences, start) - start).flatten();
  EXPECT_GT(at::cosine_similarity(moved, expected, 0).item<double>(), 0.9);
}

TEST_F(ItemTokens, AreRefusedWhenTheyAreNotFinite) {
  settings_.token_iterations = 10;
  const std::vector<Sentence> sentences = random_sentences(3);
  const at::Tensor start =
      at::full_like(start_for(sentences), std::numeric_limits<float>::infinity());
  EXPECT_THAT(message_of<ConfigError>([&] { optimise(sentences, start); }),
              testing::HasSubstr("is not finite after 10 iterations. Lower token_learning_rate"));
}

TEST_F(ItemTokens, OfTheLossAreSpreadOverAllItems) {
  std::vector<Sentence> sentences = random_sentences(9);
  const at::Tensor tokens = start_for(sentences);
  const TokenLoss some = *token_loss(decoder_, sentences, tokens, 3);
  const std::vector<Sentence> chosen = {sentences[0], sentences[3], sentences[6]};
  const at::Tensor rows = at::tensor({int64_t{0}, int64_t{3}, int64_t{6}});
  EXPECT_NEAR(some.cross_entropy,
              token_loss(decoder_, chosen, tokens.index_select(0, rows), 3)->cross_entropy, 1e-6);
  EXPECT_EQ(token_loss(decoder_, {{}}, tokens.narrow(0, 0, 1), 3)->cross_entropy, 0);
}

TEST_F(ItemTokens, OfTheLossAreMeasuredFromWhereTheLastAttemptEnded) {
  const std::vector<Sentence> sentences = random_sentences(600);
  const at::Tensor tokens = start_for(sentences);
  const TokenLoss whole = *token_loss(decoder_, sentences, tokens, 600);
  const lm::TemporaryFolder folder;
  std::vector<int64_t> places;
  const auto measure = [&](size_t calls) {
    return token_loss(decoder_, sentences, tokens, 600, folder.path(),
                      [&](int64_t done, int64_t total) {
                        EXPECT_EQ(total, 600);
                        places.push_back(done);
                        return places.size() == calls;
                      });
  };
  EXPECT_FALSE(measure(2));
  ASSERT_EQ(places.size(), 2u) << "there are more batches than one";
  const int64_t reached = places[1];
  EXPECT_GT(reached, 0);
  places.clear();
  const auto rest = measure(1000);
  ASSERT_TRUE(rest);
  EXPECT_EQ(places.front(), reached);
  EXPECT_EQ(rest->cross_entropy, whole.cross_entropy);
  EXPECT_EQ(rest->accuracy, whole.accuracy);
}

}  // namespace
}  // namespace lea::le
