// The quality of an environment: how well its rewards, states and choices agree with what users did
// next, beside what simple rules know already (core/api/baseline.h).
//
//   const QualitySample sample(context.rest(portion, seed), 2000, seed);
//   QualityAnswers answers;
//   answers.rewards = environment.reward(sample.histories(), sample.actions(), roles);
//   const auto outside = measure_quality(sample, answers, baselines, item_vectors, stop);
//   record_quality(context, *outside, *inside);
//
// Outside of the sequences that an environment has learned from, and on them as well, so that
// memorising shows.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/baseline.h"
#include "core/api/preparer.h"
#include "core/api/quality_statistics.h"
#include "core/api/types.h"
#include "core/spec/collapsed_state.h"

namespace lea {

inline constexpr size_t kCandidates = 5;  // of a choice

// An event whose history is not empty, and what it is compared with. All drawn items are outside of
// its sequence.
struct QualityEvent {
  int64_t sequence = 0, end = 0;  // the history is that of the items before place `end` of it
  int64_t logged = 0;             // the item at that place
  int64_t other = 0;              // another history of the sequence, not empty, by its end
  int64_t stranger = -1;          // an event of the sample of another sequence; -1: there is none
  int64_t matched = 0;            // drawn by popularity in the data that is sampled
  // Drawn uniformly, without repeats. drawn[0] is the uniform negative; with the logged item they
  // are the candidates of a choice, in which the logged one stands at `place`. 0: there is no such
  // item.
  std::array<int64_t, kCandidates - 1> drawn = {};
  int64_t place = 0;

  // [kCandidates]; empty without enough items.
  LEA_API std::vector<int64_t> candidates() const;

  // The items whose rewards are asked: logged, drawn, matched. The logged one stands in the place
  // of an item that there is not.
  static constexpr int64_t kActions = kCandidates + 1, kMatched = kCandidates;
  LEA_API std::array<int64_t, kActions> actions() const;
};

// At most `most` events of the data, in their order. All that is drawn depends on the data, `most`
// and `seed` alone. An event whose sequence leaves no item to draw is left out.
struct LEA_API QualitySample {
  QualitySample(const TrainingData& training, int64_t most, uint64_t seed);
  // Events first .. last - 1 of it, for answers in parts. The strangers stay numbers of the whole.
  QualitySample part(int64_t first, int64_t last) const;

  int64_t size() const { return std::ssize(events); }
  int64_t sequences() const;  // that the events are from
  // On the CPU. Their `event` and `place` are -1, so that no environment looks them up.
  History histories() const;  // before the events
  History others() const;     // QualityEvent::other
  Tensor actions() const;     // int64 [n, QualityEvent::kActions]
  Baseline::Asked asked(const QualityEvent& event, int64_t end) const;

  TrainingData training;
  std::vector<QualityEvent> events;
};

// What an environment answers about the n events of a sample. What is undefined is not measured.
struct QualityAnswers {
  Tensor rewards;         // float [n, kActions], of QualitySample::actions()
  Tensor states, others;  // float [n, S], of histories() and others(): both or neither
  Tensor similarities;    // float [n, kCandidates], of the state and the first of these actions
};

struct QualityFigure {
  std::string name;
  Spread spread;       // its gain is that over the best baseline
  bool better = true;  // whether more is better, so that it is compared with the baselines
  std::map<std::string, double> beside;  // the same figure of each baseline that has one
  std::map<std::string, Spread> over;    // the gain over each of them
  std::string best;                      // the baseline with the greatest; empty without any
  // Whether the 95 % interval of the difference to the best baseline is above 0.
  bool knows_more() const { return spread.low > 0; }
};

using Baselines = std::vector<std::unique_ptr<Baseline>>;

// These figures, of which those without answers are left out:
//
//   reward_accuracy          share of events whose logged item has a higher reward than the uniform
//                            negative; equal rewards count half. Chance: 0.5
//   reward_accuracy_matched  the same for the negative that is matched in popularity
//   reward_auc, reward_auc_matched  auc_figure() of the logged items and these negatives
//   reward_choice            share of events whose logged item has the highest reward of the
//                            candidates(); of n that are equal each counts 1 / n. Chance: 0.2
//   state_accuracy           share of events whose state has a greater cosine with the other state
//                            of its sequence than with the stranger's. Chance: 0.5
//   state_cosine             mean cosine of an event's and the stranger's state. Above
//                            spec::kCollapsedCosine the states have collapsed
//   state_hit_20             share of events whose next item is among the first 20 of a
//                            linear probe from the state to centred_units(item_vectors), fitted on
//                            half of the sequences and tested on the others. Items of the history
//                            are left out of the list, and events that repeat one are not tested.
//                            Ties count against the next item. A baseline ranks by its scores
//   state_choice             the same as reward_choice for the greatest similarity of state and
//                            item. A baseline chooses by its state_score(), or otherwise by its
//                            scores
//
// The interval is that of the paired difference to the baseline whose figure is the greatest.
// `item_vectors` float [N, V]; undefined: no state_hit_20. Nothing comes back after
// stop(done, total) was true.
LEA_API std::optional<std::vector<QualityFigure>> measure_quality(
    const QualitySample& sample, const QualityAnswers& answers, const Baselines& baselines,
    const Tensor& item_vectors, const std::function<bool(int64_t, int64_t)>& stop);

// choice_accuracy: the share of events of whose candidates() the logged item was chosen. Chance:
// 0.2. A baseline chooses the greatest score; of equal ones a part of each. Its details are, for
// each place of the list, choice_accuracy.at_1 to .at_5: the same where the logged item stands
// there, and choice_accuracy.share_1 to .share_5: how often that place was chosen.
// `chosen` [n], the place of the chosen candidate from 0; ignored for events without candidates.
LEA_API std::optional<std::vector<QualityFigure>> measure_choices(
    const QualitySample& sample, const std::vector<int64_t>& chosen, const Baselines& baselines,
    const std::function<bool(int64_t, int64_t)>& stop);

// Records each figure NAME of the events outside, and as details NAME.error, NAME.inside,
// NAME.inside_error, NAME.gain, NAME.gain_low and NAME.gain_high over the best baseline, and of each
// baseline NAME.beside.BASELINE, NAME.gain.BASELINE, NAME.gain_low.BASELINE and
// NAME.gain_high.BASELINE. Warns of each figure that is not more than the best baseline's, and of
// each of these that differs inside and outside by more than two standard errors. Without events
// outside only NAME.inside. core/report/quality_notes.h says what the footer of a table makes of the
// details.
LEA_API void record_quality(PrepareContext& context, const std::vector<QualityFigure>& outside,
                            const std::vector<QualityFigure>& inside);

}  // namespace lea
