// What the artefacts of the language-model environment take on disk and in memory, from the shapes
// of what is written and of the model.
#include <algorithm>
#include <string>

#include "core/api/quality.h"
#include "core/base/text.h"
#include "plugins/le/environment_maker.h"
#include "plugins/le/tuner.h"
#include "plugins/tuning/quality_making.h"

namespace lea::le {
namespace {

constexpr double kFloat = 4;       // bytes of a number
constexpr double kEvent = 10 * 8;  // bytes of a row of kEventsFile

// The events of a QualitySample of the data; a few more where sequences hold nearly all items.
int64_t sampled_events(const TrainingData& data, int64_t most) {
  const int64_t* first = data.offset.const_data_ptr<int64_t>();
  int64_t events = 0;
  for (int64_t s = 0; s < data.sequences(); ++s)
    events += std::max<int64_t>(first[s + 1] - first[s] - 1, 0);
  return std::min(events, most);
}

// The events that `quality` and `choices` are measured on, outside of the portion and inside.
int64_t measured_events(const Settings& settings, PrepareContext& context) {
  const auto seed = static_cast<uint64_t>(settings.seed);
  return sampled_events(untouched_sequences(settings, context), settings.quality_events) +
         sampled_events(context.training(settings.portion, seed), settings.quality_events);
}

// The numbers of an adapter, A and B of each module, and of the score head.
double numbers_of_adapter(const Settings& settings, const lm::Config& config) {
  int64_t numbers = config.width + 1;
  for (const auto& [out, in] : adapted_matrices(settings, config))
    numbers += settings.rank * (out + in);
  return static_cast<double>(numbers);
}

}  // namespace

bool measures_choices(const Settings& settings) {
  return settings.quality_events > 0 && between_bars(settings.labels).size() >= kCandidates;
}

double LanguageEnvironment::Maker::bytes_of_files(const Artefact& artefact, PrepareContext& context,
                                                  int64_t pool) const {
  const lm::Config config = lm::read_config(settings_.model);
  const auto width = static_cast<double>(config.width);
  if (artefact.kind == "tokens") return kFloat * width * static_cast<double>(context.items());
  if (artefact.kind == "adapter") return kFloat * numbers_of_adapter(settings_, config);
  if (artefact.kind == "states") {
    const double number = settings_.dtype == "float32" ? kFloat : kFloat / 2;
    return number * width * static_cast<double>(context.training().places());
  }
  if (artefact.kind == "rewards")
    return kFloat * static_cast<double>(context.training().events()) *
           static_cast<double>(1 + pool);
  const double answers = artefact.kind == "quality"
                             ? kFloat * static_cast<double>(answer_width(config.width))
                         : measures_choices(settings_) ? kFloat
                                                       : 0;
  return static_cast<double>(measured_events(settings_, context)) * (kEvent + answers);
}

double LanguageEnvironment::Maker::bytes_of_model(const Artefact& artefact, PrepareContext& context,
                                                  int64_t longest) const {
  if (!context.device().is_cpu()) return 0;
  if (artefact.kind == "choices" && !measures_choices(settings_)) return 0;
  const bool measures = artefact.kind == "choices" || artefact.kind == "quality";
  if (measures && measured_events(settings_, context) == 0) return 0;
  const Purpose purpose = artefact.kind == "tokens"    ? Purpose::kTokens
                          : artefact.kind == "adapter" ? Purpose::kTrain
                                                       : Purpose::kAsk;
  const lm::MemoryNeed need = need_of_model(settings_, lm::read_config(settings_.model),
                                            lm::Weights(settings_.model), purpose, longest);
  return static_cast<double>(need.taken());
}

}  // namespace lea::le
