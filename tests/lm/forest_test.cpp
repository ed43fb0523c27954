// A forest must give what each of its prompts gives alone: values and gradients.
#include "core/lm/forest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/Functions.h>
#include <torch/torch.h>

#include <random>
#include <set>

#include "core/base/error.h"
#include "core/lm/adapter.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

using testing::HasSubstr;

constexpr int64_t kVectors = 5;

// A random forest with the shapes that an environment makes: a shared header, histories that
// branch off at any row, branches of branches, and prompts of their own. Beside it each read row's
// whole prompt.
struct Sample {
  Forest forest;
  std::vector<std::vector<int64_t>> prompts;
  std::vector<int64_t> read;  // which row of hidden_states() each prompt ends in

  Sample(int64_t vocabulary, uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
    };
    std::vector<std::vector<int64_t>> path;  // of each row
    for (int run = 0; run < 14; ++run) {
      const int64_t after = run < 2 ? Forest::kStart : below(forest.rows() + 1) - 1;
      std::vector<int64_t> ids(static_cast<size_t>(1 + below(5)));
      for (int64_t& id : ids) id = below(vocabulary + kVectors);
      forest.add(after, ids);
      for (const int64_t id : ids) {
        const bool first = path.size() + ids.size() == static_cast<size_t>(forest.rows());
        std::vector<int64_t> prompt;
        if (!first)
          prompt = path.back();
        else if (after != Forest::kStart)
          prompt = path[static_cast<size_t>(after)];
        prompt.push_back(id);
        path.push_back(prompt);
      }
    }
    for (int i = 0; i < 20; ++i) {  // some rows twice, most in the middle of a run
      const int64_t row = below(forest.rows());
      prompts.push_back(path[static_cast<size_t>(row)]);
      read.push_back(forest.read(row));
    }
  }
};

at::Tensor alone(const Decoder& decoder, const std::vector<int64_t>& prompt,
                 const at::Tensor& vectors) {
  const auto length = static_cast<int64_t>(prompt.size());
  return decoder
      .forward(decoder.embed(at::tensor(prompt, at::kLong), vectors),
               layout_of_continuation(0, length, at::kCPU))
      .narrow(0, length - 1, 1);
}

class EveryFamily : public testing::TestWithParam<const char*> {
 protected:
  EveryFamily() { torch::manual_seed(5); }
  Decoder decoder_ = tiny_model(GetParam());
  const Sample sample_{decoder_.config().vocabulary, 17};
  at::Tensor vectors_ = at::randn({kVectors, decoder_.config().width}) * 0.5;

  at::Tensor one_by_one() const {
    std::vector<at::Tensor> rows;
    for (const auto& prompt : sample_.prompts) rows.push_back(alone(decoder_, prompt, vectors_));
    return at::cat(rows);
  }
  at::Tensor as_forest() const { return hidden_states(decoder_, sample_.forest, vectors_); }
};

TEST_P(EveryFamily, GivesEachPathOfAForestWhatItGivesThePromptAlone) {
  const at::NoGradGuard no_grad;
  EXPECT_LE(distance(as_forest(), one_by_one()), 1e-5);
}

TEST_P(EveryFamily, GivesFreeVectorsTheGradientsOfThePromptsAlone) {
  vectors_.requires_grad_();
  const at::Tensor weight = at::randn({std::ssize(sample_.prompts), decoder_.config().width});
  const auto gradient = [&](const at::Tensor& hidden) {
    return torch::autograd::grad({(weight * hidden).sum()}, {vectors_})[0];
  };
  EXPECT_LE(distance(gradient(as_forest()), gradient(one_by_one())), 1e-5);
}

TEST_P(EveryFamily, GivesAnAdapterTheGradientsOfThePromptsAlone) {
  AdapterConfig config;
  config.targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
  const Adapter adapter = Adapter::make(config, decoder_);
  const auto parameters = adapter.parameters();
  for (const at::Tensor& parameter : parameters) parameter.detach().normal_(0, 0.1);
  adapter.attach(decoder_);
  const at::Tensor weight = at::randn({std::ssize(sample_.prompts), decoder_.config().width});
  const auto gradients = [&](const at::Tensor& hidden) {
    return torch::autograd::grad({(weight * hidden).sum()}, parameters);
  };
  const auto forest = gradients(as_forest()), prompts = gradients(one_by_one());
  for (size_t i = 0; i < parameters.size(); ++i)
    EXPECT_LE(distance(forest[i], prompts[i]), 1e-5) << i;
}

TEST_P(EveryFamily, StaysWithinTheRoundingOfBfloat16) {
  const at::NoGradGuard no_grad;
  const Decoder narrow = tiny_model(GetParam(), at::kBFloat16);
  const at::Tensor hidden = hidden_states(narrow, sample_.forest, vectors_);
  EXPECT_EQ(hidden.scalar_type(), at::kBFloat16);
  const at::Tensor wide = one_by_one();
  EXPECT_LE(((hidden - wide).norm() / wide.norm()).item<double>(), 5e-2);
}

INSTANTIATE_TEST_SUITE_P(Each, EveryFamily,
                         testing::Values("llama2_old", "llama3_old", "llama3_new", "llama_linear",
                                         "smollm2", "mistral", "qwen2", "qwen2_slides",
                                         "qwen3_new"),
                         [](const auto& info) { return std::string(info.param); });

// Every node of the graph behind a tensor.
std::set<torch::autograd::Node*> graph_of(const at::Tensor& tensor) {
  std::set<torch::autograd::Node*> seen;
  std::vector<torch::autograd::Node*> open = {tensor.grad_fn().get()};
  while (!open.empty()) {
    torch::autograd::Node* node = open.back();
    open.pop_back();
    if (!node || !seen.insert(node).second) continue;
    for (const auto& edge : node->next_edges()) open.push_back(edge.function.get());
  }
  return seen;
}

TEST(Forest, KeepsNoInputOfAFrozenWeight) {
  const Decoder decoder = tiny_model("llama2_old");
  const Sample sample(decoder.config().vocabulary, 3);
  const at::Tensor vectors = at::randn({kVectors, decoder.config().width}).requires_grad_();
  const at::Tensor hidden = hidden_states(decoder, sample.forest, vectors);
  int64_t products = 0;
  for (torch::autograd::Node* node : graph_of(hidden)) {
    const auto* product = dynamic_cast<torch::autograd::generated::MmBackward0*>(node);
    if (!product) continue;
    ++products;
    // x W^T: `self` is the input, needed only for a gradient to W.
    EXPECT_FALSE(product->self_.unpack(node->getptr()).defined());
  }
  EXPECT_EQ(products, 7 * decoder.config().layers);
}

TEST(Forest, ComputesSharedRowsOnce) {
  Forest forest;
  const int64_t header = forest.add(Forest::kStart, {1, 2, 3});
  const int64_t history = forest.add(header, {4, 5});
  forest.read(forest.add(history, {6}));
  forest.read(forest.add(history, {7}));
  EXPECT_EQ(forest.rows(), 7);
  EXPECT_EQ(forest.depth(), 6);
  const Forest::Arranged arranged = forest.arrange(at::kCPU);
  EXPECT_EQ(arranged.ids.size(0), 7);
  EXPECT_EQ(arranged.layout.blocks.size(), 3U);  // the two branches share a block
}

TEST(Forest, AddsSharedRowsOnceAfterTheSameRow) {
  Forest forest;
  const int64_t header = forest.add_shared(Forest::kStart, {1, 2});
  EXPECT_EQ(header, 1);
  EXPECT_EQ(forest.add(header, {3}), 2);
  EXPECT_EQ(forest.add_shared(header, {3}), 3) << "rows of add() are not shared";
  EXPECT_EQ(forest.add_shared(header, {3}), 3);
  EXPECT_EQ(forest.add_shared(Forest::kStart, {1, 2}), header);
  EXPECT_EQ(forest.add_shared(Forest::kStart, {3}), 4) << "another row precedes it";
  EXPECT_EQ(forest.rows(), 5);
  EXPECT_THROW(forest.add_shared(9, {3}), std::invalid_argument);
}

TEST(Forest, KnowsTheRowsOfThePromptThatEndsWithARow) {
  using Rows = std::vector<int64_t>;
  Forest forest;
  const int64_t header = forest.add(Forest::kStart, {1, 2, 3});
  const int64_t history = forest.add(header, {4, 5});
  const int64_t action = forest.add(history, {6}), earlier = forest.add(history - 1, {7});
  EXPECT_EQ(forest.path(action), (Rows{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(forest.path(earlier), (Rows{0, 1, 2, 3, 6}));
  EXPECT_EQ(forest.path(1), (Rows{0, 1}));
  EXPECT_THROW(forest.path(7), std::invalid_argument);
  EXPECT_THROW(forest.path(-1), std::invalid_argument);
  // A long prompt is several runs.
  const int64_t last = forest.add(Forest::kStart, std::vector<int64_t>(600, 1));
  const Rows path = forest.path(last - 1);
  ASSERT_EQ(path.size(), 599U);
  EXPECT_EQ(path.front(), 7);
  EXPECT_EQ(path.back(), last - 1);
}

// Long runs are cut into several blocks.
TEST(Forest, GivesALongPromptWhatItGivesItInShortRuns) {
  torch::manual_seed(4);
  for (const char* name : {"llama2_old", "mistral"}) {
    Config config = read_config(tiny_folder(name));
    config.context = 1000;
    const Decoder decoder(config, Weights(tiny_folder(name)), at::kFloat, at::kCPU);
    std::vector<int64_t> ids(700);
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i * i % 48);
    Forest whole, parts;
    whole.read(whole.add(Forest::kStart, ids));
    int64_t row = Forest::kStart;
    for (size_t i = 0; i < ids.size(); i += 50)
      row = parts.add(
          row, {ids.begin() + static_cast<int64_t>(i), ids.begin() + static_cast<int64_t>(i + 50)});
    parts.read(row);
    const at::NoGradGuard no_grad;
    EXPECT_LE(distance(hidden_states(decoder, whole), hidden_states(decoder, parts)), 1e-5);
  }
}

TEST(Forest, GivesTheLogitsOfAFewTokensOnly) {
  const at::NoGradGuard no_grad;
  for (const char* name : {"smollm2", "llama3_old"}) {
    const Decoder decoder = tiny_model(name);
    Forest forest;
    forest.read(forest.add(Forest::kStart, {1, 2, 3}));
    const at::Tensor hidden = hidden_states(decoder, forest);
    const at::Tensor ids = at::tensor({7, 1, 30}, at::kLong);
    EXPECT_LE(distance(decoder.logits(hidden, ids), decoder.logits(hidden).index_select(1, ids)),
              1e-6);
  }
}

TEST(Forest, RefusesWhatTheModelCannotRead) {
  const Decoder decoder = tiny_model("llama2_old");
  Forest longer;
  longer.read(longer.add(Forest::kStart, std::vector<int64_t>(129, 1)));
  Forest beyond;
  beyond.read(beyond.add(Forest::kStart, {1, 48}));
  const auto refusal = [&](const Forest& forest) -> std::string {
    try {
      hidden_states(decoder, forest);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(longer), HasSubstr("129 tokens, more than the model's context of 128"));
  EXPECT_THAT(refusal(beyond), HasSubstr("id 48, but tokens and free vectors end at 47"));
  Forest forest;
  EXPECT_THROW(hidden_states(decoder, forest), std::invalid_argument);
  EXPECT_THROW(hidden_states(decoder, beyond, at::zeros({4, decoder.config().width + 1})),
               std::invalid_argument);
  EXPECT_THROW(forest.add(0, {1}), std::invalid_argument);
  EXPECT_THROW(forest.add(Forest::kStart, {}), std::invalid_argument);
  EXPECT_THROW(forest.read(0), std::invalid_argument);
}

}  // namespace
}  // namespace lea::lm
