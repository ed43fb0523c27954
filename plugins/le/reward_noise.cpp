#include "plugins/le/reward_noise.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "plugins/tuning/tables.h"

namespace lea::le {
namespace {

struct Event {
  int64_t sequence = 0, end = 0;
};

// Events with a history, evenly over the data.
std::vector<Event> chosen_events(const TrainingData& training) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  int64_t known = 0;
  for (int64_t s = 0; s < training.sequences(); ++s)
    known += std::max<int64_t>(0, first[s + 1] - first[s] - 1);
  const int64_t count = std::min(known, kEventsAskedTwice);
  std::vector<Event> events;
  int64_t number = 0;  // of the event among those with a history
  for (int64_t s = 0; s < training.sequences(); ++s) {
    for (int64_t end = 1; end < first[s + 1] - first[s]; ++end, ++number) {
      if (number == std::ssize(events) * known / count) events.push_back({s, end});
    }
  }
  return events;
}

}  // namespace

std::optional<double> reward_noise(const EnvironmentModel& model, const TrainingData& training,
                                   const at::Tensor& pool, const at::Tensor& rewards,
                                   const std::function<bool()>& leave) {
  const std::vector<Event> events = chosen_events(training);
  if (events.empty()) return 0;
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  std::vector<int64_t> numbers;
  for (const Event& event : events) numbers.push_back(first[event.sequence] + event.end);
  const at::Tensor index = at::tensor(numbers, at::kLong);
  const int64_t asked = std::min<int64_t>(2, rewards.size(1));
  const at::Tensor actions = table_actions(training, pool, index).narrow(1, 0, asked).contiguous();
  const int64_t* action = actions.const_data_ptr<int64_t>();
  // A question of its own for each event, so that no history shares its rows with another one.
  std::vector<EnvironmentModel::Question> questions;
  for (const Event& event : events) {
    const int32_t* begin = item + first[event.sequence];
    questions.push_back({{begin, begin + event.end}, {event.end}, {{action, action + asked}}});
    action += asked;
  }
  const auto answers = model.ask(questions, training.history, leave);
  if (answers.empty()) return std::nullopt;
  std::vector<at::Tensor> again;
  for (const EnvironmentModel::Answer& answer : answers) again.push_back(answer.rewards);
  const at::Tensor before = rewards.index_select(0, index).narrow(1, 0, asked);
  return std::sqrt(
      (at::stack(again).to(at::kDouble) - before.to(at::kDouble)).square().mean().item<double>() /
      2);
}

}  // namespace lea::le
