#include "plugins/tuning/quality_making.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/api/tfidf.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/tables.h"
#include "plugins/tuning/text_gru_baseline.h"
#include "plugins/tuning/text_rows.h"

namespace lea {
namespace {

// [n, 10]: sequence, end, other end, logged, matched, the drawn items, place. Sequences are counted
// in their part of the training sequences: untouched_sequences(), or the portion.
Tensor event_rows(const QualitySample& sample) {
  std::vector<int64_t> numbers;
  for (const QualityEvent& event : sample.events) {
    numbers.insert(numbers.end(),
                   {event.sequence, event.end, event.other, event.logged, event.matched});
    numbers.insert(numbers.end(), event.drawn.begin(), event.drawn.end());
    numbers.push_back(event.place);
  }
  return at::tensor(numbers, at::kLong).view({sample.size(), 10});
}

std::string table_path(const PrepareContext& context, const QualityPart& part) {
  return context.folder() + "/" + part.name + ".safetensors";
}

// The similarities of the states [n, S] and the candidates of each event, float [n, kCandidates].
Tensor similarities_of(const TuningSettings& settings, const QualitySample& sample,
                       const Tensor& states, const Tensor& vectors) {
  constexpr int64_t kRowsAtOnce = 4096;
  const Tensor items = sample.actions().narrow(1, 0, static_cast<int64_t>(kCandidates)) - 1;
  std::vector<Tensor> found;
  for (int64_t begin = 0; begin < items.size(0); begin += kRowsAtOnce) {
    const Tensor some = items.slice(0, begin, begin + kRowsAtOnce).contiguous();
    const Tensor of_items =
        vectors.index_select(0, some.view(-1)).view({some.size(0), some.size(1), -1});
    found.push_back(similarities(settings, states.slice(0, begin, begin + kRowsAtOnce), of_items));
  }
  return at::cat(found);
}

}  // namespace

TrainingData untouched_sequences(const TuningSettings& settings, PrepareContext& context) {
  TrainingData rest = context.rest(settings.portion, static_cast<uint64_t>(settings.seed));
  if (settings.keep != "best") return rest;
  const int64_t left_out = std::min(rest.sequences(), settings.validation_sequences),
                first = rest.offset[left_out].item<int64_t>();
  rest.offset = rest.offset.slice(0, left_out) - first;
  rest.item = rest.item.slice(0, first);
  if (rest.behaviour.defined()) rest.behaviour = rest.behaviour.slice(0, first);
  return rest;
}

std::vector<QualityPart> quality_parts(const TuningSettings& settings, int64_t most,
                                       QualityStream stream, PrepareContext& context) {
  const auto seed = static_cast<uint64_t>(settings.seed);
  const uint64_t drawn = mix(stream, seed);
  std::vector<QualityPart> parts;
  // A context keeps only the last fraction, so a sample is taken before the next one is asked for.
  parts.push_back({"outside", QualitySample(untouched_sequences(settings, context), most, drawn)});
  parts.push_back({"inside", QualitySample(context.training(settings.portion, seed), most, drawn)});
  return parts;
}

bool begin_quality(PrepareContext& context, const std::vector<QualityPart>& parts, int64_t most) {
  std::map<std::string, Tensor> tensors;
  for (const QualityPart& part : parts) tensors[part.name] = event_rows(part.sample);
  write_tensors(context.folder() + "/" + kEventsFile, tensors);
  if (most == 0) return false;
  const bool empty = std::all_of(parts.begin(), parts.end(), [](const QualityPart& part) {
    return part.sample.events.empty();
  });
  if (empty) record_events(context, parts);
  return !empty;
}

void record_events(PrepareContext& context, const std::vector<QualityPart>& parts) {
  const QualitySample &outside = parts[0].sample, &inside = parts[1].sample;
  context.record("events", static_cast<double>(outside.size()));
  context.record("events.sequences", static_cast<double>(outside.sequences()));
  context.record("events.inside", static_cast<double>(inside.size()));
  context.record("events.inside_sequences", static_cast<double>(inside.sequences()));
  if (outside.size() == 0) {
    context.log(
        LogLevel::kWarning,
        "no training sequence outside of the portion has two events, but for those by which "
        "`keep: best` chose, so the quality is known only for what the environment has "
        "learned from");
  }
}

bool write_answers(PrepareContext& context, const std::vector<QualityPart>& parts, int64_t width,
                   int64_t chunk, const AnswersOf& answers_of) {
  int64_t total = 0, before = 0;
  for (const QualityPart& part : parts) total += part.sample.size();
  for (const QualityPart& part : parts) {
    const int64_t size = part.sample.size();
    if (size == 0) continue;
    TableWriter writer(table_path(context, part), size, width);
    const auto leave = [&] { return context.stop(before + writer.done(), total); };
    if (!append_rows(writer, size, chunk, leave, [&](int64_t first, int64_t last) {
          return answers_of(part.sample.part(first, last), leave);
        }))
      return false;
    writer.finish();
    before += size;
  }
  return true;
}

std::optional<Baselines> quality_baselines(const TuningSettings& settings, PrepareContext& context,
                                           const std::vector<QualityPart>& parts,
                                           const std::string& name, const Tensor& vectors,
                                           bool gru) {
  Baselines baselines;
  if (parts[0].sample.events.empty()) return baselines;
  const TrainingData portion =
      context.training(settings.portion, static_cast<uint64_t>(settings.seed));
  baselines.push_back(popularity_baseline(portion));
  baselines.push_back(cooccurrence_baseline("cooccurrence", portion, /*leave_out_own=*/false));
  baselines.push_back(
      cooccurrence_baseline("cooccurrence_all", context.training(), /*leave_out_own=*/true));
  baselines.push_back(vector_baseline(name, vectors));
  std::vector<std::string> texts;
  if (!context.text_columns().empty())
    texts = item_documents(context, "auto", settings.plugin + ": quality_events");
  const SparseRows rows = tfidf(texts);
  if (rows.columns == 0) {
    context.log(LogLevel::kInfo,
                "no word stands in the texts of two items, so no rule of texts is beside");
    return baselines;
  }
  baselines.push_back(text_baseline(texts));
  if (!gru) return baselines;
  auto network = train_text_gru(settings, with_padding(rows), context);
  if (!network) return std::nullopt;
  baselines.push_back(text_gru_baseline(settings, std::move(*network)));
  return baselines;
}

void measure_parts(PrepareContext& context, const std::vector<QualityPart>& parts,
                   const Baselines& baselines, const Measure& measure) {
  const auto stop = [&](int64_t done, int64_t total) { return context.stop(done, total); };
  const Baselines none;
  std::vector<std::vector<QualityFigure>> figures(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const QualitySample& sample = parts[i].sample;
    if (sample.events.empty()) continue;
    const Table table(table_path(context, parts[i]));
    auto measured = measure(sample, table.values(), i == 0 ? baselines : none, stop);
    if (!measured) return;
    figures[i] = std::move(*measured);
  }
  remove_text_gru(context);
  record_events(context, parts);
  record_quality(context, figures[0], figures[1]);
}

void measure_answers(const TuningSettings& settings, PrepareContext& context,
                     const std::vector<QualityPart>& parts, const Tensor& vectors,
                     const Baselines& baselines) {
  measure_parts(context, parts, baselines,
                [&](const QualitySample& sample, const Tensor& table, const Baselines& beside,
                    const std::function<bool(int64_t, int64_t)>& stop) {
                  const int64_t actions = QualityEvent::kActions, width = vectors.size(1);
                  const QualityAnswers answers = {
                      table.narrow(1, 0, actions), table.narrow(1, actions, width),
                      table.narrow(1, actions + width, width),
                      similarities_of(settings, sample, table.narrow(1, actions, width), vectors)};
                  return measure_quality(sample, answers, beside, vectors, stop);
                });
}

}  // namespace lea
