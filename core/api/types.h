// The types that the host and a plugin exchange. These letters stand for sizes in every comment:
//
//   B    rows of a batch             K    sampled negatives of a row
//   T    positions of a history      S    width of an environment's state
//   D    width of a hidden state     E    training events
//   N    items                       C    candidates of a row
//   P    items of an event's pool    L    places: training events and ends of training sequences
//
// Item ids are int64, 1..N. 0 is padding, which stands after the items. Scores have one column for
// each item: column j is item j + 1. The host checks shapes, dtypes and ranges once, before it
// calls a plugin. The plugin may rely on them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// Marks what host and plugins share. All other symbols are hidden.
#define LEA_API __attribute__((visibility("default")))

namespace lea {

using at::Tensor;

struct History {
  Tensor items;   // int64 [B, T], right-padded with 0
  Tensor length;  // int64 [B], 0..T; 0 for an empty history
  // int64 [B], the training event that the history precedes. -1 where there is none: in evaluation,
  // and after the last event of a training sequence.
  Tensor event;
  // int64 [B], where the history stands in the training data: see TrainingData::places(). -1 in
  // evaluation. What an artefact holds for histories is addressed by it.
  Tensor place = {};
};

// Where an action comes from: the log, the host's sampling, or an augmenter.
enum class Role : int64_t { kLogged = 0, kSampled = 1, kProposed = 2 };

// What one training step learns from.
struct Transition {
  History history;         // x_{1:t}
  History next;            // x_{1:t+1}: the history with the logged action appended
  Tensor action;           // int64 [B], the logged next item a+
  Tensor negatives;        // int64 [B, K], sampled items a-, never equal to the action
  Tensor proposed;         // int64 [B], the proposed item a^e; undefined before augment.from_step
  Tensor reward;           // float [B], of the action
  Tensor negative_reward;  // float [B, K]
  Tensor proposed_reward;  // float [B]; undefined when `proposed` is
  Tensor state;            // float [B, S], the environment's state s' of `history`
  Tensor next_state;       // float [B, S], that of `next`; both undefined without a state slot
  Tensor done;             // bool [B], true when the action is the last of its training sequence
};

// A training step. A framework takes all its random numbers from `uniform`. They depend on the
// seed, the step and the stream alone, so a resumed run draws the same numbers.
struct Step {
  int64_t index = 0;                              // 0, 1, 2 ...
  uint64_t seed = 0;                              // of the run
  LEA_API double uniform(uint64_t stream) const;  // in [0, 1)
};

// The parameters of one optimiser. Two groups may hold the same parameters, as for the second Adam
// of SA2C.
struct Group {
  std::string name;
  std::vector<Tensor> parameters;
  double learning_rate = 0;  // 0: that of the section `train`, with its schedule
  bool evaluated = true;     // whether a step of this group changes what `score` returns
};

struct Loss {
  Tensor value;       // float scalar; the host computes its gradients and steps `group`
  std::string group;  // the one group that is stepped; other parameters keep their values
  std::vector<std::pair<std::string, Tensor>> metrics;  // detached scalars for events.jsonl
};

// The training events in the order of the data. The events of a sequence stand together.
struct TrainingData {
  int64_t items = 0;    // N
  int64_t history = 0;  // T
  Tensor item;          // int32 [E], the logged item of each event
  Tensor offset;        // int64 [sequences + 1], the first event of each training sequence, then E
  Tensor behaviour;     // uint8 [E], an index into `behaviours`; undefined without such a column
  std::vector<std::string> behaviours;
  int64_t events() const { return item.size(0); }
  int64_t sequences() const { return offset.size(0) - 1; }
  // The number of places, L = E + sequences. Each training event has one, that of the history before
  // it; each training sequence has one more, that of its whole history. So training event e of
  // sequence s has place e + s, and the end of sequence s has place offset[s + 1] + s.
  int64_t places() const { return events() + sequences(); }
  // The histories x_{1:t} before these training events, on the CPU. `events` int64 [B], 0..E-1.
  LEA_API History histories(const Tensor& events) const;
  // The histories at these places, on the CPU. `places` int64 [B], 0..L-1.
  LEA_API History histories_at(const Tensor& places) const;
  // The training sequence of each of these events, counted from 0. int64 [B] -> int64 [B].
  LEA_API Tensor sequence_of(const Tensor& events) const;
};

// Random numbers without a state: the same arguments give the same bits on every machine.
LEA_API uint64_t mix(uint64_t a, uint64_t b, uint64_t c = 0, uint64_t d = 0);
// A number in [0, 1) from the upper 53 bits.
LEA_API double unit(uint64_t bits);

}  // namespace lea
