// Measures the quality of the language-model environment (core/api/quality.h): of its rewards and
// states, and of its choices from lists.
#include "core/api/quality.h"

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/lm/config.h"
#include "plugins/le/context_length.h"
#include "plugins/le/environment_maker.h"
#include "plugins/tuning/quality_making.h"
#include "plugins/tuning/text_gru_baseline.h"

namespace lea::le {
namespace {

constexpr int64_t kEventsOfChunk = 256;
constexpr int64_t kListsOfChunk = 16;  // whose prompts take a few seconds with a small model

// The questions about the events, one for each sequence, and where the answers to an event stand.
struct Questions {
  struct Place {
    size_t question = 0;
    int64_t state = 0, other = 0, reward = 0;
  };
  std::vector<EnvironmentModel::Question> questions;
  std::vector<Place> places;  // of the events
};

Questions questions_of(const QualitySample& sample) {
  const int64_t* offset = sample.training.offset.const_data_ptr<int64_t>();
  const int32_t* item = sample.training.item.const_data_ptr<int32_t>();
  const auto size = static_cast<size_t>(sample.size());
  Questions all;
  for (size_t begin = 0, end = 0; begin < size; begin = end) {
    const int64_t sequence = sample.events[begin].sequence;
    std::map<int64_t, std::vector<int64_t>> wanted;  // the actions of each end
    for (; end < size && sample.events[end].sequence == sequence; ++end) {
      const QualityEvent& event = sample.events[end];
      const auto actions = event.actions();
      wanted[event.end].assign(actions.begin(), actions.end());
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
    for (size_t i = begin; i < end; ++i) {
      const QualityEvent& event = sample.events[i];
      const auto [state, reward] = numbers.at(event.end);
      all.places.push_back({all.questions.size(), state, numbers.at(event.other).first, reward});
    }
    all.questions.push_back(std::move(question));
  }
  return all;
}

// The answers to the events, float [n, answer_width(D)]; undefined when leave() was true.
Tensor answers_to(const QualitySample& sample, const EnvironmentModel& model,
                  const std::function<bool()>& leave) {
  const Questions asked = questions_of(sample);
  const auto answers = model.ask(asked.questions, sample.training.history, leave);
  if (answers.empty()) return {};
  std::vector<Tensor> rows;
  for (const Questions::Place& place : asked.places) {
    const EnvironmentModel::Answer& answer = answers[place.question];
    rows.push_back(at::cat({answer.rewards.narrow(0, place.reward, QualityEvent::kActions),
                            answer.states[place.state], answer.states[place.other]}));
  }
  return at::stack(rows);
}

// The place that is chosen from the candidates of each event, float [n, 1], from 0; -1 without
// candidates.
Tensor choices_of(const QualitySample& sample, const EnvironmentModel& model) {
  std::vector<std::vector<int64_t>> histories, lists;
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < sample.size(); ++i) {
    const QualityEvent& event = sample.events[static_cast<size_t>(i)];
    if (event.candidates().empty()) continue;
    const auto history = sample.asked(event, event.end).history;
    histories.emplace_back(history.begin(), history.end());
    lists.push_back(event.candidates());
    rows.push_back(i);
  }
  const Tensor chosen = at::full({sample.size(), 1}, -1, at::kFloat);
  if (rows.empty()) return chosen;
  const Tensor places = model.label_scores(histories, lists).argmax(1, /*keepdim=*/true);
  return chosen.index_copy_(0, at::tensor(rows, at::kLong), places.to(at::kFloat));
}

}  // namespace

std::unique_ptr<EnvironmentModel> LanguageEnvironment::Maker::open_model(
    const PrepareContext& context) const {
  auto model = std::make_unique<EnvironmentModel>(settings_, context.earlier(), context.device());
  require_items(*model, context);
  return model;
}

void LanguageEnvironment::Maker::make_quality(PrepareContext& context) const {
  const int64_t most = settings_.quality_events;
  const auto parts = quality_parts(settings_, most, kQualityEvents, context);
  if (!begin_quality(context, parts, most)) return;
  const int64_t width = lm::read_config(settings_.model).width;
  std::unique_ptr<EnvironmentModel> model;  // opened when a table is missing
  if (!write_answers(context, parts, answer_width(width), kEventsOfChunk,
                     [&](const QualitySample& sample, const std::function<bool()>& leave) {
                       if (!model) model = open_model(context);
                       return answers_to(sample, *model, leave);
                     }))
    return;
  model.reset();
  const Tensor tokens = read_item_tokens(context.earlier(), width);
  const auto baselines =
      quality_baselines(settings_, context, parts, "tokens", tokens, /*gru=*/true);
  if (baselines) measure_answers(settings_, context, parts, tokens, *baselines);
}

void LanguageEnvironment::Maker::make_choices(PrepareContext& context) const {
  const lm::Config config = lm::read_config(settings_.model);
  const lm::Tokenizer tokenizer(settings_.model, config.vocabulary);
  const SelectionPrompts prompts(settings_, tokenizer, config.vocabulary,
                                 begin_token(settings_, tokenizer),
                                 read_titles(settings_, context.earlier(), context.items()));
  // The lengths are checked even if nothing is measured, because an augmenter will ask such prompts.
  require_prompts_fit(prompts, context.training(), config.context);
  const int64_t most = settings_.quality_events;
  const auto parts = quality_parts(settings_, most, kChoiceEvents, context);
  if (!begin_quality(context, parts, most)) return;
  const auto labels = std::ssize(prompts.labels());
  if (labels < static_cast<int64_t>(kCandidates)) {
    record_events(context, parts);
    context.log(LogLevel::kInfo,
                (labels == 1 ? "there is " : "there are ") + counted(labels, "label") +
                    ", and choices are measured from lists of " + std::to_string(kCandidates));
    return;
  }
  std::unique_ptr<EnvironmentModel> model;
  if (!write_answers(context, parts, /*width=*/1, kListsOfChunk,
                     [&](const QualitySample& sample, const std::function<bool()>&) {
                       if (!model) model = open_model(context);
                       return choices_of(sample, *model);
                     }))
    return;
  model.reset();
  const Tensor tokens = read_item_tokens(context.earlier(), config.width);
  const auto baselines =
      quality_baselines(settings_, context, parts, "tokens", tokens, /*gru=*/true);
  if (!baselines) return;
  measure_parts(context, parts, *baselines,
                [](const QualitySample& sample, const Tensor& table, const Baselines& beside,
                   const std::function<bool(int64_t, int64_t)>& stop) {
                  const Tensor places = table.to(at::kLong).contiguous();
                  const int64_t* chosen = places.const_data_ptr<int64_t>();
                  return measure_choices(sample, {chosen, chosen + places.numel()}, beside, stop);
                });
}

double cost_beside_quality(const Settings& settings, PrepareContext& context) {
  return settings.quality_events > 0 ? text_gru_cost(settings, context) : 0;
}

double rows_of_quality(const Settings& settings, PrepareContext& context, const Prompts& prompts,
                       const RowsOfParts& parts) {
  double rows = 0;
  for (const QualityPart& part :
       quality_parts(settings, settings.quality_events, kQualityEvents, context)) {
    const Questions asked = questions_of(part.sample);
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
  for (const QualityPart& part :
       quality_parts(settings, settings.quality_events, kChoiceEvents, context)) {
    lm::Forest forest;
    size_t measured = 0;
    for (const QualityEvent& event : part.sample.events) {
      const std::vector<int64_t> list = event.candidates();
      if (list.empty() || list.size() > prompts.labels().size() || measured == kMeasured) continue;
      ++measured;
      // Item 1 stands for any, as in rows_of_parts().
      const std::vector<int64_t> items(part.sample.asked(event, event.end).history.size(), 1),
          candidates(list.size(), 1);
      prompts.read(forest, prompts.add_history(forest, items).back(), candidates);
    }
    if (measured > 0) {
      rows += static_cast<double>(forest.rows()) * static_cast<double>(part.sample.size()) /
              static_cast<double>(measured);
    }
  }
  return rows;
}

}  // namespace lea::le
