// A training set that a person can hold in the head, and the plugins of this build made on it.
//
//   items 1..8, histories of T = 3
//   sequence s0: 1 2 3 4        events 0..3
//   sequence s1: 5 6            events 4..5
//   sequence s2: 7 8 1 2 7      events 6..10
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/api/plugin.h"
#include "core/base/error.h"
#include "core/spec/plugin_info.h"
#include "core/worker/registry.h"
#include "core/worker/trial_artefacts.h"

namespace lea::toy {

inline constexpr int64_t kItems = 8, kHistory = 3, kEvents = 11;

inline worker::Registry& registry() {
  at::set_num_threads(1);  // toy tensors: a second thread only costs time
  static worker::Registry registry({std::string(LEA_BINARY_DIR) + "/plugins"});
  return registry;
}

inline Tensor longs(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

inline TrainingData training() {
  TrainingData data;
  data.items = kItems;
  data.history = kHistory;
  data.item = at::tensor(std::vector<int32_t>{1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 7}, at::kInt);
  data.offset = longs({0, 4, 6, 11});
  return data;
}

// Item texts: each word belongs to two items.
inline std::vector<std::string> titles() {
  return {"red lamp",  "red chair", "blue lamp",   "blue chair",
          "oak table", "oak shelf", "white table", "white shelf"};
}

// A pool that holds every item but the logged one, in ascending order: int64 [E, N - 1].
inline Tensor whole_pool() {
  const Tensor logged = training().item.to(at::kLong).unsqueeze(1);
  const Tensor rest = at::arange(1, kItems, at::kLong).unsqueeze(0).expand({kEvents, kItems - 1});
  return rest + rest.ge(logged).to(at::kLong);
}

// Mean of the items' vectors and a linear layer: no dropout, and an empty history is a bias.
class Backbone final : public lea::Backbone {
 public:
  Backbone() {
    embedding_ = register_module("embedding", torch::nn::Embedding(kItems + 1, 6));
    linear_ = register_module("linear", torch::nn::Linear(6, 5));
  }
  int64_t width() const override { return 5; }
  Tensor encode(const History& history) override {
    const Tensor mask =
        at::arange(history.items.size(1)).unsqueeze(0) < history.length.unsqueeze(1);
    const Tensor kept = embedding_(history.items) * mask.unsqueeze(2);
    return at::tanh(linear_(kept.sum(1) / history.length.clamp_min(1).unsqueeze(1)));
  }

 private:
  torch::nn::Embedding embedding_{nullptr};
  torch::nn::Linear linear_{nullptr};
};

// An environment that can choose. No plugin registers it: a context makes it for the id kChooser. Its
// numbers depend on the items of the history, and those of a list on the places, too.
inline constexpr const char* kChooser = "toy.chooser";
class ListChooser final : public Environment, public Chooser {
 public:
  int64_t state_width() const override { return 1; }
  Tensor state(const History& history) override {
    return history.items.sum(1, /*keepdim=*/true).to(at::kFloat);
  }
  Tensor reward(const History& history, const Tensor& actions, const std::vector<Role>&) override {
    return at::cos(state(history) + actions.to(at::kFloat));
  }
  int64_t longest_list() const override { return 5; }
  Tensor list_scores(const History& history, const Tensor& lists) override {
    const Tensor place = at::arange(lists.size(1), at::kFloat);
    return (state_scores(history, lists) + place.sin().mul(history.length.gt(0).unsqueeze(1)))
        .masked_fill(lists.eq(0), -INFINITY);
  }
  Tensor state_scores(const History& history, const Tensor& items) override {
    return at::sin(state(history) * items.to(at::kFloat)).mul(history.length.gt(0).unsqueeze(1));
  }
};

class Context final : public lea::Context {
 public:
  // LibTorch seeds itself anew in every process.
  Context() { at::manual_seed(1); }

  TrainingData data = toy::training();  // the set above, not the member of that name
  std::string backbone;                 // an id; empty: toy::Backbone
  ParamValues backbone_values;
  StateUse use_of_state;
  AugmentUse use_of_proposals;
  uint64_t run_seed = 1;
  Tensor negatives;  // the pool; undefined: the run has none

  int64_t items() const override { return kItems; }
  int64_t history() const override { return kHistory; }
  uint64_t seed() const override { return run_seed; }
  c10::Device device() const override { return c10::kCPU; }
  std::shared_ptr<lea::Backbone> make_backbone() const override {
    if (backbone.empty()) return std::make_shared<Backbone>();
    return registry().get("backbone", backbone).backbone(backbone_values, *this);
  }
  std::shared_ptr<Environment> environment(const std::string& value) const override {
    const auto use = nlohmann::json::parse(value);
    if (use.at("id") == kChooser) return std::make_shared<ListChooser>();
    const PluginEntry& entry = registry().get("environment", use.at("id"));
    return environment(entry, spec::to_values(entry.params, use.at("params"), "toy"));
  }
  // A plugin with artefacts gets them made on the toy data, in a context of its own, which lives as
  // long as the environment.
  std::shared_ptr<Environment> environment(const PluginEntry& entry,
                                           const ParamValues& values) const {
    if (entry.artefacts.empty()) return entry.environment(values, *this);
    const auto own = std::make_shared<Context>(*this);
    own->artefacts_ = std::make_shared<worker::TrialArtefacts>(
        entry, values, worker::TrialData{data, {{"title", titles()}}, negatives});
    const auto made = entry.environment(values, *own);
    return {made.get(), [own, made](Environment*) {}};
  }
  std::string artefact(const std::string& kind) const override {
    return artefacts_ ? artefacts_->folder(kind) : lea::Context::artefact(kind);
  }
  const TrainingData& training() const override { return data; }
  int64_t item_of(const std::string& id) const override { return number(id, 'i', 1, kItems, 0); }
  int64_t sequence_of(const std::string& id) const override { return number(id, 's', 0, 2, -1); }
  std::vector<std::string> texts(const std::string& column) const override {
    return column == "title" ? titles() : lea::Context::texts(column);
  }
  std::vector<std::string> text_columns() const override { return {"title"}; }
  const Tensor& pool() const override { return negatives; }
  StateUse state_use() const override { return use_of_state; }
  AugmentUse augment_use() const override { return use_of_proposals; }
  void log(LogLevel, const std::string& message) const override { logged.push_back(message); }

  mutable std::vector<std::string> logged;

 private:
  static int64_t number(const std::string& id, char letter, int64_t low, int64_t high,
                        int64_t none) {
    for (int64_t i = low; i <= high; ++i) {
      if (id == letter + std::to_string(i)) return i;
    }
    return none;
  }

  std::shared_ptr<worker::TrialArtefacts> artefacts_;
};

// The value of an environment parameter.
inline std::string use(const std::string& id, nlohmann::json params = nlohmann::json::object()) {
  return nlohmann::json{{"id", id}, {"params", std::move(params)}}.dump();
}

// Parameters without which a plugin takes long, or asks for more than the toy data has. The quality
// is not measured, because no environment reads it.
inline const ParamValues& toy_values(const std::string& kind, const std::string& id) {
  static const std::map<std::string, ParamValues> all = {
      {"environment lea.le",
       {{"item_sentence", std::string("{item} product is titled {title}.")},
        {"token_iterations", int64_t{2}},
        {"epochs", int64_t{2}},
        {"dtype", std::string("float32")},
        {"quality_events", int64_t{0}}}},
      {"environment lea.text_gru",
       {{"width", int64_t{4}}, {"epochs", int64_t{2}}, {"quality_events", int64_t{0}}}}};
  static const ParamValues none;
  const auto found = all.find(kind + " " + id);
  return found == all.end() ? none : found->second;
}

// The parameter sets that a contract is tried with: the defaults, and every other choice of one
// parameter at a time. Wrappers get `inner`.
struct Variant {
  std::string name;
  ParamValues values;
};
inline std::vector<Variant> variants(const PluginEntry& entry,
                                     const std::string& inner = use("lea.oracle")) {
  Variant defaults{entry.id, toy_values(entry.kind, entry.id)};
  for (const ParamInfo& info : entry.params) {
    if (info.type == ParamType::kEnvironment) defaults.values[info.name] = inner;
    if (info.type == ParamType::kModel)
      defaults.values[info.name] = std::string(LEA_SOURCE_DIR "/tests/golden/le/model");
  }
  std::vector<Variant> all = {defaults};
  const auto add = [&](const ParamInfo& info, const std::string& text, ParamValue value) {
    all.push_back(defaults);
    all.back().name += " " + info.name + "=" + text;
    all.back().values[info.name] = std::move(value);
  };
  for (const ParamInfo& info : entry.params) {
    if (info.type == ParamType::kBool) {
      const bool other = !std::get<bool>(info.default_value);
      add(info, other ? "true" : "false", other);
    }
    for (const std::string& choice : info.choices) {
      if (ParamValue(choice) != info.default_value) add(info, choice, choice);
    }
  }
  return all;
}

// The letters, digits and underscores that GoogleTest allows in a test's name.
inline std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

// Fails with the first place where two tensors differ by more than `tolerance`.
inline ::testing::AssertionResult near(const Tensor& found, const Tensor& wanted,
                                       double tolerance = 0) {
  if (found.sizes() != wanted.sizes()) {
    return ::testing::AssertionFailure()
           << "shape " << found.sizes() << " where " << wanted.sizes() << " is due";
  }
  const Tensor a = found.detach().flatten().to(at::kDouble);
  const Tensor b = wanted.detach().flatten().to(at::kDouble);
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double x = a[i].item<double>(), y = b[i].item<double>();
    if (!(std::abs(x - y) <= tolerance)) {
      return ::testing::AssertionFailure()
             << "place " << i << " of " << a.numel() << " is " << x << " where " << y << " is due";
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace lea::toy
