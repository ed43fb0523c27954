// The parameters of the training of sections 3.3 to 3.5, with L_rm, Eq. (1), and L_sm, Eq. (2), each
// declared once for all environments that are trained so. The paper is "the paper" of docs/; A and U
// with a number are the readings and gaps that it leaves open (docs/le.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/spec/params.h"

namespace lea {

struct TuningSettings {
  // What messages call the plugin and what it trains. These are no parameters.
  std::string plugin, trained;

  double portion = 0.1;
  int64_t seed = 1;
  int64_t epochs = 10, steps = 0;
  std::string batch_of = "events";
  int64_t batch_size = 10;
  double learning_rate = 1e-3;
  int64_t warm_up_steps = 0;
  std::string schedule = "constant";
  double clip = 0;
  int64_t negatives = 1;
  double popularity_power = 0;
  bool fixed_negatives = false;
  double reward_weight = 1, state_weight = 1;
  std::string reward_reduction = "mean";
  std::string state_loss = "logistic";
  std::string state_negatives = "batch";
  std::string similarity = "dot";
  double state_scale = 1;
  int64_t validation_sequences = 200;
  std::string keep = "last";

  void fields(Fields& f) {
    f.real("portion", portion, {1e-6, 1}, "fraction of the training sequences to learn from (A12)");
    f.integer("seed", seed, {0, 9e15},
              "all random numbers and which sequences; independent of the run's seed");
    f.integer("epochs", epochs, {0, 10000}, "passes over the portion, when steps is 0 (paper: 10)");
    f.integer("steps", steps, {0, 1e9}, "steps of the optimiser; 0: as many as `epochs` needs");
    f.choice("batch_of", batch_of, {"events", "sequences"},
             "what a batch counts; sequences: all events of each, which is cheaper");
    f.integer("batch_size", batch_size, {1, 10000}, "B (A11, C1)");
    f.real("learning_rate", learning_rate, {1e-9, 10}, "learning rate of Adam (U6)");
    f.integer("warm_up_steps", warm_up_steps, {0, 1e9}, "steps of linear warm-up");
    f.choice("schedule", schedule, {"constant", "linear"}, "linear: falls to 0 at the last step");
    f.real("clip", clip, {0, 1e9}, "greatest norm of the gradient; 0: no limit");
    f.integer("negatives", negatives, {1, 100}, "sampled items a^- beside each logged one");
    f.real("popularity_power", popularity_power, {0, 10},
           "draw them in proportion to this power of their count; 0: uniform");
    f.boolean("fixed_negatives", fixed_negatives,
              "draw them once for each event, not at each visit");
    f.real("reward_weight", reward_weight, {0, 1e6}, "weight of L_rm, Eq. 1 (U6)");
    f.real("state_weight", state_weight, {0, 1e6}, "weight of L_sm, Eq. 2; 0: -SM (U6)");
    f.choice("reward_reduction", reward_reduction, {"mean", "sum"},
             "L_rm is the mean over the rows of a batch, or their sum (A1)");
    f.added("reward_reduction");
    f.choice("state_loss", state_loss, {"logistic", "softmax", "difference"},
             "form of L_sm: 2a, 2b or 2c (A2)");
    f.choice(
        "state_negatives", state_negatives, {"batch", "sampled"},
        "negatives of L_sm: logged items of the batch's other sequences, or the sampled items of "
        "the batch (A2)");
    f.choice("similarity", similarity, {"dot", "cosine"}, "similarity of state and item (A2)");
    f.real("state_scale", state_scale, {1e-6, 1e6}, "factor of the similarity in L_sm");
    f.integer("validation_sequences", validation_sequences, {0, 1e9},
              "training sequences outside of the portion that validate, ten times; 0: none");
    f.choice("keep", keep, {"last", "best"},
             "what the last step leaves, or what had the best validation");
  }
};

// The parameter of the artefact that measures the quality (quality_making.h).
inline void quality_field(Fields& f, int64_t& quality_events) {
  f.integer(
      "quality_events", quality_events, {0, 1e6},
      "events to measure the quality on, outside of the portion and as many inside; 0: none. The "
      "rule `text` beside it reads no column of the item texts that comes from interactions");
}

// These parameters, for Artefact::params, each with its condition. `more` follow them.
inline std::vector<std::string> tuning_params(std::vector<std::string> more = {}) {
  const std::map<std::string, std::string> conditions = {
      {"epochs", " if steps=0"},
      {"reward_reduction", " unless reward_weight=0"},
      {"state_loss", " unless state_weight=0"},
      {"state_negatives", " unless state_weight=0"},
      {"state_scale", " unless state_weight=0"}};
  std::vector<std::string> params;
  for (const ParamInfo& info : describe_params<TuningSettings>()) {
    const auto condition = conditions.find(info.name);
    params.push_back(info.name + (condition == conditions.end() ? "" : condition->second));
  }
  params.insert(params.end(), more.begin(), more.end());
  return params;
}

}  // namespace lea
