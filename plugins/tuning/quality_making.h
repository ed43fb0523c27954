// How an environment that is trained on a portion makes the artefact `quality`, and others that are
// measured beside the same rules (core/api/quality.h):
//
//   const auto parts = quality_parts(settings, most, kQualityEvents, context);
//   if (!begin_quality(context, parts, most)) return;
//   if (!write_answers(context, parts, answer_width(S), kChunk, answer)) return;
//   const auto baselines = quality_baselines(settings, context, parts, "tokens", tokens,
//                                            /*gru=*/true);
//   if (baselines) measure_answers(settings, context, parts, tokens, *baselines);
//
// Killed at any moment and called again, all of it ends with the same files and the same figures.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/api/quality.h"
#include "plugins/tuning/settings.h"

namespace lea {

// The file of such an artefact: int64 "outside" and "inside" [n, 10], the events that were asked
// about, see event_rows() in quality_making.cpp. Beside it stand tables of these names with the
// answers.
inline constexpr const char* kEventsFile = "events.safetensors";

// Streams of random numbers, by which the events are drawn. Environments with the same portion,
// seed and `keep` are asked about the same events.
enum QualityStream : uint64_t { kQualityEvents = 0x6c657175, kChoiceEvents = 0x6c656368 };

struct QualityPart {
  std::string name;  // outside: of the portion; inside
  QualitySample sample;
};

// The training sequences that played no part in the making: those outside of the portion. `keep:
// best` chose by the first `validation_sequences` of them, so these are left out then. reads:
// training.
TrainingData untouched_sequences(const TuningSettings& settings, PrepareContext& context);

// At most `most` events outside, of untouched_sequences(), and as many inside. reads: training.
std::vector<QualityPart> quality_parts(const TuningSettings& settings, int64_t most,
                                       QualityStream stream, PrepareContext& context);

// Writes kEventsFile. Returns false when there is nothing to measure; then nothing is left to do.
bool begin_quality(PrepareContext& context, const std::vector<QualityPart>& parts, int64_t most);

// Records how many events there are, and warns when none is outside.
void record_events(PrepareContext& context, const std::vector<QualityPart>& parts);

// The answers to the events of a sample, float [n, W]; undefined when leave() was true.
using AnswersOf =
    std::function<Tensor(const QualitySample& sample, const std::function<bool()>& leave)>;
// Writes the table of W columns of each part that has none yet, asking about `chunk` events at a
// time. Returns false when it is to leave.
bool write_answers(PrepareContext& context, const std::vector<QualityPart>& parts, int64_t width,
                   int64_t chunk, const AnswersOf& answers_of);

// The columns of answers for the quality: the rewards of QualitySample::actions(), the state and
// the other state, of S numbers each.
constexpr int64_t answer_width(int64_t state) { return QualityEvent::kActions + 2 * state; }

// What is beside an environment: popularity and pairs in the same portion, pairs in all training
// sequences, the vectors of items under a name, the item texts, and with `gru` the network of
// text_gru. What reads texts is left out where no word stands in the texts of two items, and all
// are left out where there are no events outside. `vectors` float [N, V]. Nothing when
// context.stop() was true. reads: training, texts.
std::optional<Baselines> quality_baselines(const TuningSettings& settings, PrepareContext& context,
                                           const std::vector<QualityPart>& parts,
                                           const std::string& name, const Tensor& vectors,
                                           bool gru);

// Returns the figures of a part from its table, or nothing when stop(done, total) was true.
using Measure = std::function<std::optional<std::vector<QualityFigure>>(
    const QualitySample& sample, const Tensor& table, const Baselines& baselines,
    const std::function<bool(int64_t, int64_t)>& stop)>;
// Measures the parts, those inside without baselines, and records the figures (record_quality())
// and how many events there are. Removes what only an interrupted attempt needs.
void measure_parts(PrepareContext& context, const std::vector<QualityPart>& parts,
                   const Baselines& baselines, const Measure& measure);

// measure_parts() by measure_quality(), for tables of answer_width(). `vectors` float [N, S] are
// those of the items that L_sm compares with the states.
void measure_answers(const TuningSettings& settings, PrepareContext& context,
                     const std::vector<QualityPart>& parts, const Tensor& vectors,
                     const Baselines& baselines);

}  // namespace lea
