// Measures the quality of the language-model environment (core/api/quality.h): of its rewards and
// states, and of its choices from lists.
#include "core/api/quality.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/api/tfidf.h"
#include "core/lm/config.h"
#include "plugins/le/context_length.h"
#include "plugins/le/environment_maker.h"

namespace lea::le {
namespace {

constexpr uint64_t kQuality = 0x6c657175;  // streams of random numbers
constexpr uint64_t kChoices = 0x6c656368;
constexpr int64_t kEventsOfChunk = 256;
constexpr int64_t kListsOfChunk = 16;  // whose prompts take a few seconds with a small model

// What is outside of the portion and what is inside, by the names of files.
struct Part {
  const char* name;
  QualitySample sample;
};

std::vector<Part> parts_of(const Settings& settings, PrepareContext& context, uint64_t stream) {
  const auto seed = static_cast<uint64_t>(settings.seed);
  const uint64_t drawn = mix(stream, seed);
  std::vector<Part> parts;
  // A context keeps only the last fraction, so a sample is taken before the next one is asked for.
  parts.push_back({"outside", QualitySample(context.rest(settings.portion, seed),
                                            settings.quality_events, drawn)});
  parts.push_back({"inside", QualitySample(context.training(settings.portion, seed),
                                           settings.quality_events, drawn)});
  return parts;
}

// [n, 10]: sequence, end, other end, logged, matched, the drawn items, place. Sequences are counted
// in their part of the training sequences.
at::Tensor event_rows(const QualitySample& sample) {
  std::vector<int64_t> numbers;
  for (const QualityEvent& event : sample.events) {
    numbers.insert(numbers.end(),
                   {event.sequence, event.end, event.other, event.logged, event.matched});
    numbers.insert(numbers.end(), event.drawn.begin(), event.drawn.end());
    numbers.push_back(event.place);
  }
  return at::tensor(numbers, at::kLong).view({sample.size(), 10});
}

void write_events(const PrepareContext& context, const std::vector<Part>& parts) {
  std::map<std::string, at::Tensor> tensors;
  for (const Part& part : parts) tensors[part.name] = event_rows(part.sample);
  write_tensors(context.folder() + "/" + kEventsFile, tensors);
}

// What is beside the LE: popularity and pairs in the same portion, pairs in all training sequences,
// the item tokens and the texts, without columns that come from interactions.
Baselines baselines_of(const Settings& settings, PrepareContext& context,
                       const at::Tensor& tokens) {
  const TrainingData portion =
      context.training(settings.portion, static_cast<uint64_t>(settings.seed));
  Baselines baselines;
  baselines.push_back(popularity_baseline(portion));
  baselines.push_back(cooccurrence_baseline("cooccurrence", portion, /*leave_out_own=*/false));
  baselines.push_back(
      cooccurrence_baseline("cooccurrence_all", context.training(), /*leave_out_own=*/true));
  baselines.push_back(vector_baseline("tokens", tokens));
  baselines.push_back(text_baseline(item_documents(context, "auto", "le: quality_events")));
  return baselines;
}

// The questions about events first .. last - 1, one for each sequence, and where the answers to an
// event stand.
struct Questions {
  struct Place {
    size_t question = 0;
    int64_t state = 0, other = 0, reward = 0;
  };
  std::vector<EnvironmentModel::Question> questions;
  std::vector<Place> places;  // of the events
};

Questions questions_of(const QualitySample& sample, int64_t first, int64_t last) {
  const int64_t* offset = sample.training.offset.const_data_ptr<int64_t>();
  const int32_t* item = sample.training.item.const_data_ptr<int32_t>();
  Questions all;
  for (int64_t begin = first, end = first; begin < last; begin = end) {
    const int64_t sequence = sample.events[static_cast<size_t>(begin)].sequence;
    std::map<int64_t, std::vector<int64_t>> wanted;  // the actions of each end
    for (; end < last && sample.events[static_cast<size_t>(end)].sequence == sequence; ++end) {
      const QualityEvent& event = sample.events[static_cast<size_t>(end)];
      wanted[event.end] = {event.logged, event.drawn[0], event.matched};
      wanted.try_emplace(event.other);
    }
    EnvironmentModel::Question question;
    question.states = true;
    std::map<int64_t, std::pair<int64_t, int64_t>> numbers;  // of the state and the first reward
    int64_t rewards = 0;
    for (const auto& [length, actions] : wanted) {
      numbers[length] = {std::ssize(question.ends), rewards};
      question.ends.push_back(length);
      question.actions.push_back(actions);
      rewards += std::ssize(actions);
    }
    question.items.assign(item + offset[sequence], item + offset[sequence] + question.ends.back());
    for (int64_t i = begin; i < end; ++i) {
      const QualityEvent& event = sample.events[static_cast<size_t>(i)];
      const auto [state, reward] = numbers.at(event.end);
      all.places.push_back({all.questions.size(), state, numbers.at(event.other).first, reward});
    }
    all.questions.push_back(std::move(question));
  }
  return all;
}

// The same chunks after an interruption, so that the passes are the same.
int64_t end_of_chunk(int64_t done, int64_t chunk, int64_t size) {
  return std::min(size, done - done % chunk + chunk);
}

// Writes the answers to all events, [n, 3 + 2 D]: rewards, state and other state. Returns false
// when stop(events that are done) was true.
bool write_answers(const EnvironmentModel& model, const QualitySample& sample,
                   const std::string& path, const std::function<bool(int64_t)>& stop) {
  TableWriter writer(path, sample.size(), 3 + 2 * model.width());
  const auto leave = [&] { return stop(writer.done()); };
  while (writer.done() < sample.size()) {
    const int64_t first = writer.done(), last = end_of_chunk(first, kEventsOfChunk, sample.size());
    const Questions asked = questions_of(sample, first, last);
    const auto answers = model.ask(asked.questions, sample.training.history, leave);
    if (answers.empty()) return false;
    std::vector<at::Tensor> rows;
    for (const Questions::Place& place : asked.places) {
      const EnvironmentModel::Answer& answer = answers[place.question];
      rows.push_back(at::cat({answer.rewards.narrow(0, place.reward, 3), answer.states[place.state],
                              answer.states[place.other]}));
    }
    writer.append(at::stack(rows));
  }
  writer.finish();
  return true;
}

std::string answers_path(const PrepareContext& context, const Part& part) {
  return context.folder() + "/" + part.name + ".safetensors";
}

// Writes the place that is chosen from the candidates of each event, [n, 1], from 0; -1 without
// candidates. Returns false when stop(events that are done) was true.
bool write_choices(const EnvironmentModel& model, const QualitySample& sample,
                   const std::string& path, const std::function<bool(int64_t)>& stop) {
  TableWriter writer(path, sample.size(), 1);
  while (writer.done() < sample.size()) {
    if (stop(writer.done())) return false;
    const int64_t first = writer.done(), last = end_of_chunk(first, kListsOfChunk, sample.size());
    std::vector<std::vector<int64_t>> histories, lists;
    std::vector<int64_t> rows;
    for (int64_t i = first; i < last; ++i) {
      const QualityEvent& event = sample.events[static_cast<size_t>(i)];
      if (event.candidates().empty()) continue;
      const auto history = sample.asked(event, event.end).history;
      histories.emplace_back(history.begin(), history.end());
      lists.push_back(event.candidates());
      rows.push_back(i - first);
    }
    const at::Tensor chosen = at::full({last - first, 1}, -1, at::kFloat);
    if (!rows.empty()) {
      const at::Tensor places = model.label_scores(histories, lists).argmax(1, /*keepdim=*/true);
      chosen.index_copy_(0, at::tensor(rows, at::kLong), places.to(at::kFloat));
    }
    writer.append(chosen);
  }
  writer.finish();
  return true;
}

// Writes the tables of the parts that have events and none yet. The model is opened by `open` when
// the first is missing. Returns false when it is to leave.
template <class Open, class Write>
bool write_parts(PrepareContext& context, const std::vector<Part>& parts, const Open& open,
                 const Write& write) {
  std::unique_ptr<EnvironmentModel> model;
  const int64_t total = parts[0].sample.size() + parts[1].sample.size();
  int64_t before = 0;
  for (const Part& part : parts) {
    const std::string path = answers_path(context, part);
    const auto stop = [&](int64_t done) { return context.stop(before + done, total); };
    if (!part.sample.events.empty() && !std::filesystem::exists(path)) {
      if (!model) model = open();
      if (!write(*model, part.sample, path, stop)) return false;
    }
    before += part.sample.size();
  }
  return true;
}

bool is_empty(const std::vector<Part>& parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](const Part& part) { return part.sample.events.empty(); });
}

// Records how many events there are, and warns when there are none to compare with.
void record_events(PrepareContext& context, const std::vector<Part>& parts) {
  const QualitySample &outside = parts[0].sample, &inside = parts[1].sample;
  context.record("events", static_cast<double>(outside.size()));
  context.record("events.sequences", static_cast<double>(outside.sequences()));
  context.record("events.inside", static_cast<double>(inside.size()));
  context.record("events.inside_sequences", static_cast<double>(inside.sequences()));
  if (outside.size() == 0) {
    context.log(LogLevel::kWarning,
                "no training sequence outside of the portion has two events, so the quality is "
                "known only for what the model has learned from");
  }
}

}  // namespace

std::unique_ptr<EnvironmentModel> LanguageEnvironment::Maker::open_model(
    const PrepareContext& context) const {
  auto model = std::make_unique<EnvironmentModel>(settings_, context.earlier(), context.device());
  require_items(*model, context);
  return model;
}

void LanguageEnvironment::Maker::make_quality(PrepareContext& context) const {
  const std::vector<Part> parts = parts_of(settings_, context, kQuality);
  write_events(context, parts);
  if (settings_.quality_events == 0) return;
  record_events(context, parts);
  if (is_empty(parts)) return;
  if (!write_parts(
          context, parts, [&] { return open_model(context); }, write_answers))
    return;

  const auto stop = [&](int64_t done, int64_t total) { return context.stop(done, total); };
  const int64_t width = lm::read_config(settings_.model).width;
  const at::Tensor tokens = read_item_tokens(context.earlier(), width);
  const Baselines all = baselines_of(settings_, context, tokens), none;
  std::vector<std::vector<QualityFigure>> figures(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const QualitySample& sample = parts[i].sample;
    if (sample.events.empty()) continue;
    const at::Tensor table = Table(answers_path(context, parts[i])).values();
    const QualityAnswers answers = {table.narrow(1, 0, 3), table.narrow(1, 3, width),
                                    table.narrow(1, 3 + width, width)};
    auto measured = measure_quality(sample, answers, i == 0 ? all : none, tokens, stop);
    if (!measured) return;
    figures[i] = std::move(*measured);
  }
  record_quality(context, figures[0], figures[1]);
}

void LanguageEnvironment::Maker::make_choices(PrepareContext& context) const {
  const lm::Tokenizer tokenizer(settings_.model);
  const lm::Config config = lm::read_config(settings_.model);
  const SelectionPrompts prompts(settings_, tokenizer, config.vocabulary,
                                 begin_token(settings_, tokenizer),
                                 read_titles(settings_, context.earlier(), context.items()));
  // Whatever is measured here: this artefact exists because an augmenter will ask.
  require_prompts_fit(prompts, context.training(), config.context);
  const std::vector<Part> parts = parts_of(settings_, context, kChoices);
  write_events(context, parts);
  if (settings_.quality_events == 0) return;
  record_events(context, parts);
  if (is_empty(parts)) return;
  const auto labels = std::ssize(prompts.labels());
  if (labels < static_cast<int64_t>(kCandidates)) {
    context.log(LogLevel::kInfo, "there are " + std::to_string(labels) +
                                     " labels, and choices are measured from lists of " +
                                     std::to_string(kCandidates));
    return;
  }
  if (!write_parts(
          context, parts, [&] { return open_model(context); }, write_choices))
    return;

  const auto stop = [&](int64_t done, int64_t total) { return context.stop(done, total); };
  const Baselines all = baselines_of(settings_, context,
                                     read_item_tokens(context.earlier(), config.width)),
                  none;
  std::vector<std::vector<QualityFigure>> figures(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].sample.events.empty()) continue;
    const at::Tensor table =
        Table(answers_path(context, parts[i])).values().to(at::kLong).contiguous();
    const int64_t* chosen = table.const_data_ptr<int64_t>();
    auto measured = measure_choices(parts[i].sample, {chosen, chosen + table.numel()},
                                    i == 0 ? all : none, stop);
    if (!measured) return;
    figures[i] = std::move(*measured);
  }
  record_quality(context, figures[0], figures[1]);
}

double rows_of_quality(const Settings& settings, PrepareContext& context, const Prompts& prompts,
                       const RowsOfParts& parts) {
  double rows = 0;
  for (const Part& part : parts_of(settings, context, kQuality)) {
    const Questions asked = questions_of(part.sample, 0, part.sample.size());
    for (const EnvironmentModel::Question& question : asked.questions) {
      std::vector<Wanted> wanted;
      for (size_t i = 0; i < question.ends.size(); ++i)
        wanted.push_back({question.ends[i], 0, question.actions[i], 0});
      rows += estimated_rows(prompts, parts, wanted, context.history());
    }
  }
  return rows;
}

double rows_of_choices(const Settings& settings, PrepareContext& context,
                       const SelectionPrompts& prompts) {
  constexpr size_t kMeasured = 100;  // the other events are like them
  double rows = 0;
  for (const Part& part : parts_of(settings, context, kChoices)) {
    lm::Forest forest;
    size_t measured = 0;
    for (const QualityEvent& event : part.sample.events) {
      const std::vector<int64_t> list = event.candidates();
      if (list.empty() || list.size() > prompts.labels().size() || measured == kMeasured) continue;
      ++measured;
      const auto history = part.sample.asked(event, event.end).history;
      const std::vector<int64_t> items(history.begin(), history.end());
      prompts.read(forest, prompts.add_history(forest, items).back(), list);
    }
    if (measured > 0) {
      rows += static_cast<double>(forest.rows()) * static_cast<double>(part.sample.size()) /
              static_cast<double>(measured);
    }
  }
  return rows;
}

}  // namespace lea::le
