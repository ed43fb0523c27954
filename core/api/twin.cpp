#include "core/api/twin.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>

#include "core/base/error.h"

namespace lea {
namespace {

constexpr uint64_t kCoin = 0;  // the stream of Step::uniform that picks the trained network

Activation activation_of(const QParams& params) {
  return params.activation == "relu" ? Activation::kRelu : Activation::kNone;
}

void copy_state(const torch::nn::Module& from, torch::nn::Module& to) {
  const at::NoGradGuard no_grad;
  const auto source = from.named_parameters();
  for (auto& entry : to.named_parameters()) entry.value().copy_(source[entry.key()]);
  const auto buffers = from.named_buffers();
  for (auto& entry : to.named_buffers()) entry.value().copy_(buffers[entry.key()]);
}

History stack(const std::vector<History>& histories) {
  if (histories.size() == 1) return histories[0];
  std::vector<Tensor> items, length, event, place;
  for (const History& history : histories) {
    items.push_back(history.items);
    length.push_back(history.length);
    event.push_back(history.event);
    if (history.place.defined()) place.push_back(history.place);
  }
  // A history that a framework made itself may have no place.
  return {at::cat(items), at::cat(length), at::cat(event),
          place.size() == histories.size() ? at::cat(place) : Tensor()};
}

// Encodes all histories in one call without gradient. `dropout` says whether dropout is active.
// Returns one tensor for each element of `histories`.
std::vector<Tensor> encode_constant(QNetwork& network, const std::vector<History>& histories,
                                    bool dropout) {
  if (histories.empty()) return {};
  const at::NoGradGuard no_grad;
  const bool training = network.is_training();
  if (training != dropout) network.train(dropout);
  const Tensor hidden = network.backbone->encode(stack(histories));
  if (training != dropout) network.train(training);
  return hidden.chunk(static_cast<int64_t>(histories.size()));
}

}  // namespace

QNetwork::QNetwork(const Context& context, Activation activation) : use_(context.state_use()) {
  backbone = register_module("backbone", context.make_backbone());
  const int64_t width = backbone->width();
  supervised =
      register_module("supervised", supervised_head(*backbone, context.items(), activation));
  int64_t state = use_.width;
  if (use_.width > 0 && use_.project > 0) {
    state = use_.project;
    projection_ = register_parameter("projection", at::empty({state, use_.width}));
    projection_bias_ = register_parameter("projection_bias", at::zeros({state}));
    torch::nn::init::xavier_uniform_(projection_);
  }
  const int64_t joined = state + (reads_hidden() ? width : 0);
  q = register_module("q", std::make_shared<ItemHead>(joined, context.items(), activation));
}

QNetwork::~QNetwork() = default;

Tensor QNetwork::join(const Tensor& hidden, const Tensor& state) const {
  if (use_.width == 0) return hidden;
  const Tensor given =
      projection_.defined() ? at::addmm(projection_bias_, state, projection_.t()) : state;
  return use_.replace ? given : at::cat({given, hidden}, 1);
}

TwinFramework::TwinFramework(const QParams& params, const Context& context)
    : params_(params), augment_(context.augment_use()) {
  if (params.augmented_next == "proposed" && context.state_use().width > 0) {
    throw ConfigError(
        "framework.augmented_next: `proposed` needs the environment's state of a history that the "
        "data does not hold; use `augmented_next: logged` with a state slot");
  }
  first_ = register_module("first", std::make_shared<QNetwork>(context, activation_of(params)));
  second_ = register_module("second", std::make_shared<QNetwork>(context, activation_of(params)));
  if (params.same_start) copy_state(*first_, *second_);
  if (params.supervised_head == "shared") {
    if (first_->backbone->item_embedding().defined()) {
      throw ConfigError(
          "framework.supervised_head: `shared` needs a head with a weight of its own, which a "
          "backbone with `tied: true` does not leave; use `supervised_head: own` or `tied: false`");
    }
    second_->supervised = second_->replace_module("supervised", first_->supervised);
  }
}

TwinFramework::~TwinFramework() = default;

std::vector<Group> TwinFramework::groups() {
  const bool second = params_.evaluated == "mean" || params_.supervised_head == "shared";
  return {{"first", first_->parameters(), 0, true}, {"second", second_->parameters(), 0, second}};
}

Tensor TwinFramework::score(const History& history) {
  const Tensor first = first_->supervised->forward(first_->backbone->encode(history));
  if (params_.evaluated == "first") return first;
  const Tensor second = second_->supervised->forward(second_->backbone->encode(history));
  return at::logaddexp(at::log_softmax(first, 1), at::log_softmax(second, 1));
}

Tensor TwinFramework::bootstrap(QNetwork& trained, QNetwork& other, const Tensor& trained_state,
                                const Tensor& other_state) const {
  const bool pick = params_.target != "other", judge = params_.target != "trained";
  const Tensor best =
      pick ? best_action(*trained.q, trained_state) : best_action(*other.q, other_state);
  const Tensor value = judge ? q_values(*other.q, other_state, best.unsqueeze(1))
                             : q_values(*trained.q, trained_state, best.unsqueeze(1));
  return value.squeeze(1) * params_.gamma;
}

TwinFramework::Bootstraps TwinFramework::bootstraps(const Pass& pass, const Transition& transition,
                                                    bool negatives, bool proposals) {
  const at::NoGradGuard no_grad;
  QNetwork& trained = *pass.network;
  QNetwork& other = pass.network == first_.get() ? *second_ : *first_;
  const bool own_next = proposals && params_.augmented_next == "proposed";

  // The trained network has encoded the history already, with dropout. Targets without dropout need
  // it encoded again.
  std::vector<History> wanted = {transition.next};
  if (own_next) wanted.push_back(append(transition.history, transition.proposed));
  std::vector<History> wanted_trained = wanted;
  if (negatives) wanted.push_back(transition.history);
  const bool again = negatives && !params_.target_dropout;
  if (again) wanted_trained.push_back(transition.history);

  std::vector<Tensor> hidden(wanted.size()), hidden_trained(wanted.size());
  if (trained.reads_hidden() && params_.target != "other") {
    hidden_trained = encode_constant(trained, wanted_trained, params_.target_dropout);
    if (negatives && !again) hidden_trained.push_back(pass.hidden.detach());
  }
  if (trained.reads_hidden() && params_.target != "trained") {
    hidden = encode_constant(other, wanted, params_.target_dropout);
  }
  const auto value = [&](size_t i, const Tensor& state) {
    return bootstrap(trained, other,
                     params_.target == "other" ? Tensor() : trained.join(hidden_trained[i], state),
                     params_.target == "trained" ? Tensor() : other.join(hidden[i], state));
  };
  const Tensor continues = transition.done.logical_not().to(pass.hidden.scalar_type());
  const auto end = [&](const Tensor& values, bool zero) {
    return zero ? values * continues : values;
  };

  Bootstraps result;
  const bool zero_positive = params_.zero_at_end != "none";
  result.positive = end(value(0, transition.next_state), zero_positive);
  if (proposals) {
    result.augmented = own_next ? end(value(1, {}), zero_positive) : result.positive;
  }
  if (negatives) {
    result.negative =
        end(value(wanted.size() - 1, transition.state), params_.zero_at_end == "both");
  }
  return result;
}

TwinFramework::Pass TwinFramework::pass(const Transition& transition, const Step& step,
                                        Negatives use) {
  const bool first = step.uniform(kCoin) < 0.5;
  Pass pass;
  pass.network = first ? first_.get() : second_.get();
  pass.group = first ? "first" : "second";
  pass.hidden = pass.network->backbone->encode(transition.history);

  const int64_t count = use == Negatives::kUse ? transition.negatives.size(1) : 0;
  const bool proposals = transition.proposed.defined() && augment_.q_weight > 0;
  std::vector<Tensor> actions = {transition.action.unsqueeze(1)};
  if (count > 0) actions.push_back(transition.negatives);
  if (proposals) actions.push_back(transition.proposed.unsqueeze(1));
  const Tensor hidden = params_.q_gradient ? pass.hidden : pass.hidden.detach();
  const Tensor q =
      q_values(*pass.network->q, pass.network->join(hidden, transition.state), at::cat(actions, 1));
  pass.q_positive = q.select(1, 0);
  pass.q_negative = q.slice(1, 1, 1 + count);

  const Bootstraps target = bootstraps(pass, transition, count > 0, proposals);
  const auto error = [&](const Tensor& reward, const Tensor& bootstrap, const Tensor& value) {
    return (reward + bootstrap - value).square() * params_.td_factor;
  };
  pass.td_positive = error(transition.reward, target.positive, pass.q_positive);
  if (count > 0) {
    pass.td_negative =
        error(transition.negative_reward, target.negative.unsqueeze(1), pass.q_negative).sum(1);
  }
  if (proposals) {
    pass.td_augmented = error(transition.proposed_reward, target.augmented, q.select(1, 1 + count))
                            .masked_fill(transition.proposed.eq(0), 0);
  }
  return pass;
}

CrossEntropy TwinFramework::supervised_loss(const Pass& pass, const Transition& transition,
                                            Loss& loss, const Tensor& weight,
                                            const Tensor& augmented_weight) {
  const ItemHead& head = *pass.network->supervised;
  Tensor target = transition.action.unsqueeze(1), weights;
  if (weight.defined()) weights = weight.unsqueeze(1);
  const bool proposals = transition.proposed.defined() && augment_.supervised_weight > 0;
  if (proposals) {
    const Tensor one = at::ones_like(transition.reward);
    const Tensor augmented = augmented_weight.defined() ? augmented_weight : one;
    target = at::stack({transition.action, transition.proposed}, 1);
    weights =
        at::stack({weight.defined() ? weight : one, augmented * augment_.supervised_weight}, 1);
  }
  const CrossEntropy entropy = cross_entropy(head, pass.hidden, target, weights);
  loss.metrics.emplace_back("supervised_loss", entropy.rows.select(1, 0).mean());
  if (proposals) {
    loss.metrics.emplace_back("augmented_supervised_loss", entropy.rows.select(1, 1).mean());
  }
  return entropy;
}

Tensor TwinFramework::q_loss(const Pass& pass, Loss& loss) {
  const auto note = [&](const char* name, const Tensor& values) {
    loss.metrics.emplace_back(name, values.detach().mean());
  };
  Tensor rows = pass.td_positive;
  note("td_positive", pass.td_positive);
  note("q_positive", pass.q_positive);
  if (pass.td_negative.defined()) {
    rows = rows + pass.td_negative;
    note("td_negative", pass.td_negative);
    note("q_negative", pass.q_negative);
  }
  rows = rows * params_.q_weight;
  if (pass.td_augmented.defined()) {
    rows = rows + pass.td_augmented * augment_.q_weight;
    note("td_augmented", pass.td_augmented);
  }
  return rows.mean();
}

History append(const History& history, const Tensor& item) {
  const int64_t positions = history.items.size(1);
  const Tensor added = item.ne(0), full = history.length.eq(positions).logical_and(added);
  const Tensor shifted = at::cat({history.items.slice(1, 1), at::zeros_like(item).unsqueeze(1)}, 1);
  const Tensor items = at::where(full.unsqueeze(1), shifted, history.items);
  const Tensor end = history.length.clamp_max(positions - 1).unsqueeze(1);
  const Tensor written = at::where(added.unsqueeze(1), item.unsqueeze(1), items.gather(1, end));
  // Such a history stands nowhere in the training data.
  return {items.scatter(1, end, written), (history.length + added).clamp_max(positions),
          history.event, at::full_like(history.length, -1)};
}

}  // namespace lea
