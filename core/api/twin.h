// What the Q-learning frameworks share: two networks of which each step trains one, and the TD
// errors of logged, sampled and proposed actions. What remains to a framework is the sum of its
// losses.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/api/backbone.h"
#include "core/api/context.h"
#include "core/api/framework.h"
#include "core/api/heads.h"
#include "core/spec/params.h"

namespace lea {

// The parameters of every framework with a Q-head. Ids such as U1 and A3 number what the paper
// leaves open and what it says in two ways; "code" is the published implementation of SNQN and
// SA2C.
struct QParams {
  double gamma = 0.5;
  double td_factor = 0.5;
  double q_weight = 1;
  std::string target = "double";
  bool target_dropout = true;
  std::string zero_at_end = "positive";
  bool q_gradient = true;
  std::string augmented_next = "logged";
  std::string activation = "none";
  bool same_start = false;
  std::string supervised_head = "own";
  std::string evaluated = "first";
  void fields(Fields& f) {
    f.real("gamma", gamma, {0, 1}, "discount (U1; code: 0.5)");
    f.real("td_factor", td_factor, {0, 1e6},
           "factor of the squared TD error (code: 0.5, papers: 1)");
    f.real("q_weight", q_weight, {0, 1e6},
           "weight of the Q-loss beside the supervised loss (Eq. 13: 1)");
    f.choice("target", target, {"double", "trained", "other"},
             "the trained network picks and the other evaluates, or the plain maximum of one (A3)");
    f.boolean("target_dropout", target_dropout, "compute targets with dropout (code: true)");
    f.choice("zero_at_end", zero_at_end, {"positive", "both", "none"},
             "targets without bootstrap at the end of a sequence (U20; code: positive)");
    f.boolean("q_gradient", q_gradient, "the Q-loss reaches the backbone through h (A13)");
    f.choice("augmented_next", augmented_next, {"logged", "proposed"},
             "s_{t+1} of Eq. 15: the logged next history, or the one with the proposed item (A6)");
    f.choice("activation", activation, {"none", "relu"}, "delta of both heads (U2)");
    f.boolean(
        "same_start", same_start,
        "the second network starts as a copy of the first (Algorithm 1, line 2; code: false)");
    f.choice("supervised_head", supervised_head, {"own", "shared"},
             "each network has its own supervised head, or both use the first's (U10)");
    f.choice("evaluated", evaluated, {"first", "mean"},
             "what ranks: the first network, or the mean of both distributions (U10)");
  }
};

// One of the two networks: a backbone, its supervised head, and a Q-head on the joined state.
class LEA_API QNetwork : public torch::nn::Module {
 public:
  QNetwork(const Context& context, Activation activation);
  ~QNetwork() override;

  // The state s of Eq. (4), [B, d_s]: `state` || `hidden`, or `state` alone, or `hidden` alone when
  // the run has no environment in its state slot.
  Tensor join(const Tensor& hidden, const Tensor& state) const;
  bool reads_hidden() const { return !use_.replace || use_.width == 0; }

  std::shared_ptr<Backbone> backbone;
  std::shared_ptr<ItemHead> supervised, q;

 private:
  Context::StateUse use_;
  Tensor projection_, projection_bias_;  // undefined when s' is not projected
};

class LEA_API TwinFramework : public Framework {
 public:
  TwinFramework(const QParams& params, const Context& context);
  ~TwinFramework() override;

  std::vector<Group> groups() override;  // "first" and "second"
  Tensor score(const History& history) override;

 protected:
  // What one step computes with the network that it trains, which a random draw picks. TD errors
  // are squared and multiplied by td_factor, one for each row.
  struct Pass {
    QNetwork* network = nullptr;
    std::string group;
    Tensor hidden;        // [B, D], with gradient
    Tensor q_positive;    // [B], Q(s, a+), with gradient
    Tensor q_negative;    // [B, K], Q(s, a-), with gradient; K = 0 without negatives
    Tensor td_positive;   // [B]; Eq. (10)
    Tensor td_negative;   // [B]; Eq. (11), summed over the negatives
    Tensor td_augmented;  // [B]; Eq. (15), 0 where nothing is proposed; undefined without proposals
  };
  enum class Negatives { kUse, kIgnore };
  Pass pass(const Transition& transition, const Step& step, Negatives negatives);

  // L_p + w_ap L_ap, the batch mean of Eqs. (8) and (14). `weight` and `augmented_weight` [B]
  // multiply the terms of each row; they are 1 where undefined. Adds the two parts to the metrics
  // of `loss`.
  CrossEntropy supervised_loss(const Pass& pass, const Transition& transition, Loss& loss,
                               const Tensor& weight = {}, const Tensor& augmented_weight = {});

  // q_weight * L_q + w_aq L_aq as batch means. Adds its parts to the metrics of `loss`.
  Tensor q_loss(const Pass& pass, Loss& loss);

  const QParams params_;
  const Context::AugmentUse augment_;
  std::shared_ptr<QNetwork> first_, second_;

 private:
  struct Bootstraps {
    Tensor positive, negative, augmented;  // [B], gamma * max Q; undefined where not needed
  };
  Bootstraps bootstraps(const Pass& pass, const Transition& transition, bool negatives,
                        bool proposals);
  Tensor bootstrap(QNetwork& trained, QNetwork& other, const Tensor& trained_state,
                   const Tensor& other_state) const;
};

// The histories with `item` int64 [B] appended. A full history loses its oldest item. 0 appends
// nothing.
LEA_API History append(const History& history, const Tensor& item);

}  // namespace lea
