#include "plugins/le/environment.h"

#include <ATen/ATen.h>

#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/tables.h"

namespace lea::le {
namespace {

std::vector<int64_t> numbers_of(const Tensor& row, int64_t count) {
  const Tensor first = row.narrow(0, 0, count).to(at::kCPU).contiguous();
  return {first.const_data_ptr<int64_t>(), first.const_data_ptr<int64_t>() + count};
}

}  // namespace

LanguageEnvironment::LanguageEnvironment(const Settings& settings, const Context& context)
    : settings_(settings),
      training_(context.training()),
      pool_(context.pool()),
      adapter_folder_(context.artefact("adapter")),
      device_(context.device()) {
  if (const std::string folder = context.artefact("states"); !folder.empty())
    states_ = open_table(folder + "/" + kStatesFile, training_.places(), -1);
  if (const std::string folder = context.artefact("rewards"); !folder.empty())
    rewards_ = open_rewards(folder, training_, pool_);
}

int64_t LanguageEnvironment::state_width() const { return states_ ? states_->width() : 0; }

const EnvironmentModel& LanguageEnvironment::model() {
  if (!model_) model_ = std::make_unique<EnvironmentModel>(settings_, adapter_folder_, device_);
  return *model_;
}

Tensor LanguageEnvironment::state(const History& history) {
  if (!states_) return Environment::state(history);
  const Tensor place = history.place.to(at::kCPU), length = history.length.to(at::kCPU);
  Tensor states = states_->at(place);
  const Tensor missing = place.lt(0).logical_and(length.gt(0)).nonzero().squeeze(1).contiguous();
  if (missing.size(0) > 0) {
    std::vector<EnvironmentModel::Question> questions;
    for (int64_t i = 0; i < missing.size(0); ++i) {
      const int64_t row = missing[i].item<int64_t>(), count = length[row].item<int64_t>();
      questions.push_back({numbers_of(history.items[row], count), {count}, {}, /*states=*/true});
    }
    std::vector<Tensor> computed;
    for (const auto& answer : model().ask(questions, training_.history))
      computed.push_back(answer.states);
    states.index_copy_(0, missing, at::cat(computed));
  }
  return states.to(history.items.device());
}

std::vector<EnvironmentModel::Question> LanguageEnvironment::questions_of(
    const History& history, const Tensor& rows, const Tensor& actions) const {
  const Tensor length = history.length.to(at::kCPU).contiguous(),
               events = history.event.defined() ? history.event.to(at::kCPU).contiguous()
                                                : at::full({length.size(0)}, -1, length.options()),
               sequences = training_.sequence_of(events.clamp_min(0)).contiguous();
  const int64_t* first = training_.offset.const_data_ptr<int64_t>();
  const int32_t* item = training_.item.const_data_ptr<int32_t>();
  std::vector<EnvironmentModel::Question> questions;
  int64_t last_row = -1, last_sequence = -1;
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const int64_t row = rows.const_data_ptr<int64_t>()[i];
    if (row != last_row) {
      const int64_t event = events.const_data_ptr<int64_t>()[row];
      const int64_t sequence = event < 0 ? -1 : sequences.const_data_ptr<int64_t>()[row];
      const int64_t end =
          event < 0 ? length.const_data_ptr<int64_t>()[row] : event - first[sequence];
      const bool goes_on =
          event >= 0 && sequence == last_sequence && questions.back().ends.back() < end;
      if (!goes_on) questions.push_back({{}, {}, {}, false});
      EnvironmentModel::Question& question = questions.back();
      if (event < 0) {
        question.items = numbers_of(history.items[row], end);
      } else {
        question.items.assign(item + first[sequence], item + event);
      }
      question.ends.push_back(end);
      question.actions.emplace_back();
      last_row = row, last_sequence = sequence;
    }
    questions.back().actions.back().push_back(actions.const_data_ptr<int64_t>()[i]);
  }
  return questions;
}

Tensor LanguageEnvironment::reward(const History& history, const Tensor& actions,
                                   const std::vector<Role>&) {
  const Tensor wanted = actions.to(at::kCPU).contiguous();
  auto [rewards, missing] = find_rewards(rewards_, training_, pool_, history, wanted);
  if (missing.size(0) == 0) return rewards.to(actions.device());
  const Tensor rows = missing.select(1, 0).contiguous(),
               actions_of = wanted.index({rows, missing.select(1, 1)}).contiguous();
  std::vector<Tensor> computed;
  for (const auto& answer : model().ask(questions_of(history, rows, actions_of), training_.history))
    computed.push_back(answer.rewards);
  rewards.index_put_({missing.select(1, 0), missing.select(1, 1)}, at::cat(computed));
  return rewards.to(actions.device());
}

int64_t LanguageEnvironment::longest_list() const {
  return std::ssize(between_bars(settings_.labels));
}

Tensor LanguageEnvironment::list_scores(const History& history, const Tensor& lists) {
  if (lists.size(1) > longest_list()) {
    const int64_t labels = longest_list();
    throw ConfigError((labels == 1 ? "le: labels: there is " : "le: labels: there are ") +
                      std::to_string(labels) + ", but a list has " +
                      counted(lists.size(1), "candidate") +
                      ": write as many labels, or lower augment.candidates");
  }
  const Tensor length = history.length.to(at::kCPU),
               filled = lists.to(at::kCPU).gt(0).sum(1);  // int64 [B]
  const Tensor scores =
      at::full(lists.sizes(), -std::numeric_limits<float>::infinity(), at::kFloat);
  // After an empty history nothing is asked, so that a sequence's first event opens no model.
  scores.masked_fill_(length.eq(0).unsqueeze(1).logical_and(lists.to(at::kCPU).gt(0)), 0);
  const Tensor asked = length.gt(0).logical_and(filled.gt(0)).nonzero().squeeze(1).contiguous();
  if (asked.size(0) == 0) return scores.to(lists.device());
  std::vector<std::vector<int64_t>> histories, candidates;
  for (int64_t i = 0; i < asked.size(0); ++i) {
    const int64_t row = asked[i].item<int64_t>();
    histories.push_back(numbers_of(history.items[row], length[row].item<int64_t>()));
    candidates.push_back(numbers_of(lists[row], filled[row].item<int64_t>()));
  }
  const Tensor found = model().label_scores(histories, candidates);
  scores.narrow(1, 0, found.size(1)).index_copy_(0, asked, found);
  return scores.to(lists.device());
}

Tensor LanguageEnvironment::state_scores(const History& history, const Tensor& items) {
  if (!states_) return Environment::state(history);  // which throws
  if (!tokens_.defined())
    tokens_ = to_compare(settings_, read_item_tokens(adapter_folder_, states_->width()));
  const Tensor wanted = items.to(at::kCPU).contiguous();
  const Tensor token = tokens_.index_select(0, wanted.view(-1) - 1)
                           .view({wanted.size(0), wanted.size(1), tokens_.size(1)});  // [B, C, D]
  return similarities(settings_, state(history).to(at::kCPU), token).to(items.device());
}

}  // namespace lea::le
