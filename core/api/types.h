// What crosses between the host and a plugin. Letters used in every comment:
//   B users in a batch, T positions of a history, D width, N items, K negatives, S width of an
//   environment's state, E training events, C candidates.
// Item ids are int64 1..N, 0 is padding, right-padded. Scores have one column an item: column j is
// item j + 1. The host checks shapes, dtypes and ranges once, before the call; a plugin assumes
// them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// Everything is compiled with hidden symbols; what host and plugins share is marked.
#define LEA_API __attribute__((visibility("default")))

namespace lea {

using at::Tensor;

struct History {
  Tensor items;   // int64 [B, T], right-padded with 0
  Tensor length;  // int64 [B], 0..T; 0 = empty history
  // int64 [B], index of the training event that this history precedes; -1 where there is none: in
  // evaluation, and after the last event of a training sequence.
  Tensor event;
};

enum class Role : int64_t { kLogged = 0, kSampled = 1, kProposed = 2 };

struct Transition {
  History history;         // x_{1:t}
  History next;            // x_{1:t+1}: the history with the logged action appended
  Tensor action;           // int64 [B], logged next item a+
  Tensor negatives;        // int64 [B, K], sampled items a-, never equal to the action
  Tensor proposed;         // int64 [B], proposed item a^e; undefined before augment.from_step
  Tensor reward;           // float [B], of the action
  Tensor negative_reward;  // float [B, K]
  Tensor proposed_reward;  // float [B]; undefined when `proposed` is
  Tensor state;            // float [B, S], environment state s'; undefined without a state slot
  Tensor next_state;       // float [B, S]; undefined likewise
  Tensor done;             // bool [B], the action is the last of its training sequence
};

// A training step. Randomness of a framework comes from `uniform` alone: a pure function of run
// seed, step and stream, so that a resumed run draws the same numbers.
struct Step {
  int64_t index = 0;                              // 0, 1, 2 ...
  uint64_t seed = 0;                              // of the run
  LEA_API double uniform(uint64_t stream) const;  // in [0, 1)
};

// Parameters that one optimiser steps. Two groups may hold the same parameters (SA2C's second
// Adam).
struct Group {
  std::string name;
  std::vector<Tensor> parameters;
  double learning_rate = 0;  // 0: train.learning_rate (and its schedule)
  bool evaluated = true;     // stepping it changes what `score` returns
};

struct Loss {
  Tensor value;       // float scalar; the host runs backward and steps `group`
  std::string group;  // the one group that is stepped; all else stays untouched
  std::vector<std::pair<std::string, Tensor>> metrics;  // detached scalars for events.jsonl
};

// The training events, in data order. Each sequence's events are contiguous.
struct TrainingData {
  int64_t items = 0;    // N
  int64_t history = 0;  // T
  Tensor item;          // int32 [E], logged item of each event
  Tensor offset;        // int64 [S + 1], first event of each training sequence; offset[S] = E
  Tensor behaviour;     // uint8 [E]; undefined without a behaviour column
  std::vector<std::string> behaviours;
  int64_t events() const { return item.size(0); }
  // x_{1:t} of training events, on the CPU. `events` int64 [B], values 0..E-1.
  LEA_API History histories(const Tensor& events) const;
  // The sequence (0..S-1) of training events. int64 [B] -> int64 [B].
  LEA_API Tensor sequence_of(const Tensor& events) const;
};

// Counter-based random numbers: the same arguments give the same bits everywhere.
LEA_API uint64_t mix(uint64_t a, uint64_t b, uint64_t c = 0, uint64_t d = 0);
LEA_API double unit(uint64_t bits);  // [0, 1) from the upper 53 bits

}  // namespace lea
