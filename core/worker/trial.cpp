#include "core/worker/trial.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/train/plugin_output.h"
#include "core/train/sampler.h"
#include "core/worker/trial_artefacts.h"

namespace lea::worker {
namespace {

constexpr int64_t kItems = 20, kHistory = 5, kBatch = 3, kNegatives = 2, kWidth = 8, kState = 4,
                  kSequences = 6, kPool = 4;

// Sequences of 4 to 9 events over all items.
TrainingData toy_training() {
  TrainingData data;
  data.items = kItems;
  data.history = kHistory;
  std::vector<int64_t> offset{0};
  std::vector<int32_t> item;
  for (int64_t s = 0; s < kSequences; ++s) {
    for (int64_t i = 0; i < 4 + s; ++i)
      item.push_back(static_cast<int32_t>(1 + (7 * s + 3 * i) % kItems));
    offset.push_back(static_cast<int64_t>(item.size()));
  }
  data.item = at::tensor(item, at::kInt);
  data.offset = at::tensor(offset, at::kLong);
  return data;
}

// Each item shares a word with its neighbours.
std::vector<std::string> toy_titles() {
  std::vector<std::string> titles;
  for (int64_t item = 1; item <= kItems; ++item)
    titles.push_back("thing word" + std::to_string(item) + " word" + std::to_string(item / 2));
  return titles;
}

Tensor toy_pool(const TrainingData& training) {
  spec::NegativesSection section;
  section.pool = kPool;
  return train::draw_pool(section, training);
}

class ToyBackbone final : public Backbone {
 public:
  ToyBackbone() {
    embedding_ = register_module("embedding", torch::nn::Embedding(kItems + 1, kWidth));
  }
  int64_t width() const override { return kWidth; }
  Tensor encode(const History& history) override { return embedding_(history.items).mean(1); }

 private:
  torch::nn::Embedding embedding_{nullptr};
};

class ToyEnvironment final : public Environment, public Chooser {
 public:
  int64_t state_width() const override { return kState; }
  Tensor state(const History& history) override {
    return history.length.to(at::kFloat).unsqueeze(1).expand({-1, kState}).contiguous() / kHistory;
  }
  // Logged items get more than others, as far as an environment knows: a plugin may refuse one that
  // ranks the wrong way.
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>& roles) override {
    const Tensor rewards = actions.to(at::kFloat) / kItems;
    for (size_t k = 0; k < roles.size(); ++k)
      if (roles[k] == Role::kLogged) rewards.select(1, static_cast<int64_t>(k)).add_(1);
    return rewards;
  }
  int64_t longest_list() const override { return kItems; }
  Tensor list_scores(const History& history, const Tensor& lists) override {
    return state_scores(history, lists).masked_fill(lists.eq(0), -INFINITY);
  }
  Tensor state_scores(const History& history, const Tensor& items) override {
    return (items * history.length.gt(0).unsqueeze(1)).to(at::kFloat) / kItems;
  }
};

class ToyContext final : public Context {
 public:
  ToyContext(bool framework, bool with_state, bool with_proposals, bool with_pool = false)
      : framework_(framework), with_state_(with_state), with_proposals_(with_proposals) {
    if (with_pool) pool_ = toy_pool(training_);
  }

  int64_t items() const override { return kItems; }
  int64_t history() const override { return kHistory; }
  uint64_t seed() const override { return 1; }
  c10::Device device() const override { return c10::kCPU; }
  std::shared_ptr<Backbone> make_backbone() const override {
    if (!framework_) throw PluginError("only a framework may ask for a backbone.");
    return std::make_shared<ToyBackbone>();
  }
  std::shared_ptr<Environment> environment(const std::string&) const override {
    return std::make_shared<ToyEnvironment>();
  }
  const TrainingData& training() const override { return training_; }
  int64_t item_of(const std::string& original) const override {
    return number(original, 'i', 1, kItems);
  }
  int64_t sequence_of(const std::string& original) const override {
    const int64_t found = number(original, 's', 0, kSequences - 1);
    return original.empty() || original[0] != 's' ? -1 : found;
  }
  std::vector<std::string> texts(const std::string& column) const override {
    return column == "title" ? toy_titles() : Context::texts(column);
  }
  std::vector<std::string> text_columns() const override { return {"title"}; }
  const Tensor& pool() const override { return pool_; }
  StateUse state_use() const override { return {with_state_ ? kState : 0, 0, false}; }
  AugmentUse augment_use() const override {
    return with_proposals_ ? AugmentUse{0.1, 0.01} : AugmentUse{};
  }
  std::string artefact(const std::string& kind) const override {
    return artefacts_ ? artefacts_->folder(kind) : Context::artefact(kind);
  }
  void log(LogLevel, const std::string&) const override {}  // a trial has no log

  void make_artefacts(const PluginEntry& entry, const ParamValues& values) {
    artefacts_ = std::make_unique<TrialArtefacts>(
        entry, values, TrialData{training_, {{"title", toy_titles()}}, pool_});
  }

 private:
  // "i7" -> 7; 0 (items) or -1 (sequences) when there is none.
  static int64_t number(const std::string& original, char letter, int64_t low, int64_t high) {
    for (int64_t i = low; i <= high; ++i) {
      if (original == letter + std::to_string(i)) return i;
    }
    return low - 1;
  }

  bool framework_, with_state_, with_proposals_;
  TrainingData training_ = toy_training();
  Tensor pool_;
  std::unique_ptr<TrialArtefacts> artefacts_;
};

// Runs one step of the plugin; whatever it throws becomes a PluginError that names the step.
template <class F>
auto step(const PluginEntry& entry, const char* method, const PhaseListener& phase, F&& run) {
  const std::string where = entry.id + " at " + method;
  if (phase) phase(where);
  try {
    return run();
  } catch (const c10::Error& error) {
    throw PluginError(where + " threw: " + printable(error.what_without_backtrace()));
  } catch (const Error& error) {
    throw PluginError(where + " threw: " + printable(error.what()));
  } catch (const std::exception& error) {
    throw PluginError(where + " threw: " + printable(error.what()));
  } catch (...) {
    throw PluginError(where + " threw something that is not a std::exception.");
  }
}

void check_tensor(const PluginEntry& entry, const char* method, const Tensor& value,
                  at::ScalarType type, const std::vector<int64_t>& sizes) {
  train::checked_output(value, sizes, type, entry.id + " at " + method);
}

ParamValues default_values(const PluginEntry& entry) {
  ParamValues values;
  for (const ParamInfo& info : entry.params) {
    values[info.name] =
        info.type == ParamType::kEnvironment ? ParamValue(std::string("toy")) : info.default_value;
  }
  return values;
}

// True when an artefact is made from one of another environment, which a trial does not have.
bool needs_other_artefacts(const PluginEntry& entry) {
  return std::any_of(entry.artefacts.begin(), entry.artefacts.end(),
                     [](const Artefact& artefact) { return artefact.after.starts_with("of."); });
}

// True when the defaults cannot make the plugin: it needs a file or a value of the user.
bool needs_user(const PluginEntry& entry) {
  return std::any_of(entry.params.begin(), entry.params.end(), [](const ParamInfo& info) {
    const auto* text = std::get_if<std::string>(&info.default_value);
    return (info.required && info.type != ParamType::kEnvironment) ||
           (info.type == ParamType::kFile && text != nullptr && text->empty());
  });
}

History histories(const Context& context) {
  // Events 0 (an empty history), 2 and 9.
  return context.training().histories(at::tensor(std::vector<int64_t>{0, 2, 9}, at::kLong));
}

Transition toy_transition(const Context& context) {
  const auto longs = [](const std::vector<int64_t>& values) {
    return at::tensor(values, at::kLong);
  };
  Transition t;
  t.history = histories(context);
  t.next = context.training().histories(longs({1, 3, 10}));
  t.action = context.training().item.index({longs({0, 2, 9})}).to(at::kLong);
  t.negatives = at::stack({t.action % kItems + 1, (t.action + 4) % kItems + 1}, 1);
  t.reward = at::ones({kBatch});
  t.negative_reward = at::zeros({kBatch, kNegatives});
  t.done = at::tensor(std::vector<int64_t>{0, 0, 1}, at::kLong).to(at::kBool);
  if (context.augment_use().supervised_weight > 0) {
    t.proposed = longs({5, 6, 7});
    t.proposed_reward = at::full({kBatch}, 0.5);
  }
  if (context.state_use().width > 0) {
    t.state = at::full({kBatch, kState}, 0.25);
    t.next_state = at::full({kBatch, kState}, 0.5);
  }
  return t;
}

void try_backbone(const PluginEntry& entry, const PhaseListener& phase) {
  const ToyContext context(false, false, false);
  const auto backbone = step(entry, "its constructor", phase,
                             [&] { return entry.backbone(default_values(entry), context); });
  if (backbone == nullptr) throw PluginError(entry.id + " made nothing.");
  const Tensor hidden =
      step(entry, "encode()", phase, [&] { return backbone->encode(histories(context)); });
  check_tensor(entry, "encode()", hidden, at::kFloat, {kBatch, backbone->width()});
  step(entry, "encode()'s gradient", phase, [&] { hidden.sum().backward(); });
}

void try_loss(const PluginEntry& entry, Framework& framework, const Context& context,
              const std::vector<Group>& groups, const PhaseListener& phase) {
  for (int64_t index = 0; index < 4; ++index) {
    const Loss loss = step(entry, "loss()", phase, [&] {
      return framework.loss(toy_transition(context), Step{index, context.seed()});
    });
    check_tensor(entry, "loss()", loss.value, at::kFloat, {});
    const bool known = std::any_of(groups.begin(), groups.end(),
                                   [&](const Group& g) { return g.name == loss.group; });
    if (!known) {
      throw PluginError(entry.id + " at loss() names the group `" + printable(loss.group) +
                        "`, which groups() does not list.");
    }
    step(entry, "loss()'s gradient", phase, [&] { loss.value.backward(); });
  }
}

void try_framework(const PluginEntry& entry, bool with_state, bool with_proposals,
                   const PhaseListener& phase) {
  const ToyContext context(true, with_state, with_proposals);
  const auto framework = step(entry, "its constructor", phase,
                              [&] { return entry.framework(default_values(entry), context); });
  if (framework == nullptr) throw PluginError(entry.id + " made nothing.");
  const auto groups = step(entry, "groups()", phase, [&] { return framework->groups(); });
  step(entry, "fit()", phase, [&] { framework->fit(context.training()); });
  if (!groups.empty()) try_loss(entry, *framework, context, groups, phase);
  framework->eval();
  const torch::NoGradGuard no_gradient;
  History history = histories(context);
  history.event = at::full({kBatch}, -1, at::kLong);
  const Tensor scores = step(entry, "score()", phase, [&] { return framework->score(history); });
  check_tensor(entry, "score()", scores, at::kFloat, {kBatch, kItems});
}

void make_artefacts(const PluginEntry& entry, ToyContext& context, const PhaseListener& phase) {
  if (entry.artefacts.empty()) return;
  step(entry, "prepare()", phase, [&] { context.make_artefacts(entry, default_values(entry)); });
}

void try_environment(const PluginEntry& entry, const PhaseListener& phase) {
  const torch::NoGradGuard no_gradient;
  ToyContext context(false, false, false, entry.needs_pool);
  make_artefacts(entry, context, phase);
  const auto environment = step(entry, "its constructor", phase,
                                [&] { return entry.environment(default_values(entry), context); });
  if (environment == nullptr) throw PluginError(entry.id + " made nothing.");
  const History history = histories(context);
  const Transition t = toy_transition(context);
  // An environment that needs the pool may have no reward for a sampled item outside it.
  const Tensor sampled =
      entry.needs_pool ? context.pool().index_select(0, history.event).narrow(1, 0, kNegatives)
                       : t.negatives;
  const Tensor actions = at::cat({t.action.unsqueeze(1), sampled}, 1);
  const Tensor reward = step(entry, "reward()", phase, [&] {
    return environment->reward(history, actions, {Role::kLogged, Role::kSampled, Role::kProposed});
  });
  check_tensor(entry, "reward()", reward, at::kFloat, {kBatch, 1 + kNegatives});
  const int64_t width =
      step(entry, "state_width()", phase, [&] { return environment->state_width(); });
  if (width == 0) return;
  const Tensor state = step(entry, "state()", phase, [&] { return environment->state(history); });
  check_tensor(entry, "state()", state, at::kFloat, {kBatch, width});
}

void try_augmenter(const PluginEntry& entry, const PhaseListener& phase) {
  const torch::NoGradGuard no_gradient;
  ToyContext context(false, false, false);
  make_artefacts(entry, context, phase);
  const auto augmenter = step(entry, "its constructor", phase,
                              [&] { return entry.augmenter(default_values(entry), context); });
  if (augmenter == nullptr) throw PluginError(entry.id + " made nothing.");
  const Tensor candidates = at::arange(1, 1 + kBatch * 5, at::kLong).view({kBatch, 5});
  const Tensor proposed = step(entry, "propose()", phase,
                               [&] { return augmenter->propose(histories(context), candidates); });
  check_tensor(entry, "propose()", proposed, at::kLong, {kBatch});
  if (proposed.min().item().toLong() < 0 || proposed.max().item().toLong() > kItems) {
    throw PluginError(entry.id + " at propose() gave items outside 0.." + std::to_string(kItems) +
                      ".");
  }
}

void try_kind(const PluginEntry& entry, const PhaseListener& phase) {
  if (entry.backbone) try_backbone(entry, phase);
  if (entry.environment) try_environment(entry, phase);
  if (entry.augmenter) try_augmenter(entry, phase);
  if (!entry.framework) return;
  const auto uses = [&](const char* slot) {
    return std::find(entry.uses.begin(), entry.uses.end(), slot) != entry.uses.end();
  };
  try_framework(entry, false, false, phase);
  if (uses("state")) try_framework(entry, true, false, phase);
  if (uses("augment")) try_framework(entry, false, true, phase);
}

}  // namespace

std::vector<std::string> try_plugin(const PluginEntry& entry, const PhaseListener& phase) {
  if (needs_other_artefacts(entry))
    return {entry.id +
            " was not tried: its artefacts are made from those of an environment that a "
            "spec names."};
  if (!needs_user(entry)) {
    try_kind(entry, phase);
    return {};
  }
  try {
    try_kind(entry, phase);
  } catch (const PluginError& error) {
    return {entry.id + " was not tried: it needs a file or a value that a spec gives."};
  }
  return {};
}

}  // namespace lea::worker
