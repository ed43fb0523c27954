#include "core/train/proposer.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "core/api/item_draw.h"
#include "core/base/error.h"
#include "core/train/evaluate.h"
#include "core/train/plugin_call.h"
#include "core/train/plugin_output.h"
#include "core/train/sampler.h"

namespace lea::train {
namespace {

constexpr int64_t kRankedChunk = 512;
// A language model answers so many events in a few seconds.
constexpr int64_t kAskedChunk = 64;
static_assert(kRankedChunk % kAskedChunk == 0);

constexpr uint64_t kTwice = 0x74776963655f7631ULL;  // a stream of random numbers

// Evaluates meanwhile: dropout is off.
class Evaluating {
 public:
  explicit Evaluating(Framework& framework)
      : framework_(framework), training_(framework.is_training()) {
    framework_.eval();
  }
  ~Evaluating() { framework_.train(training_); }
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;

 private:
  Framework& framework_;
  const bool training_;
};

History rows_of(const History& history, int64_t first, int64_t count) {
  return {history.items.narrow(0, first, count), history.length.narrow(0, first, count),
          history.event.narrow(0, first, count), history.place.narrow(0, first, count)};
}

// Whether an event has a history: bool [E]. The first event of each sequence has none.
Tensor with_history(const TrainingData& training) {
  Tensor known = at::ones({training.events()}, at::kBool);
  const Tensor starts = training.offset.narrow(0, 0, training.sequences());
  return known.index_fill_(0, starts.masked_select(starts.lt(training.offset.slice(0, 1))), 0);
}

}  // namespace

Proposer::Proposer(const spec::RunSpec& run, const HostContext& context,
                   const Transitions& transitions)
    : run_(run),
      context_(context),
      transitions_(transitions),
      reward_(context.reward()),
      augmenter_(context.augmenter()),
      candidates_(context.candidates()) {}

bool Proposer::refresh(Framework& framework, int64_t step, Refresh& refresh,
                       const std::function<bool()>& keep_going) const {
  const torch::NoGradGuard no_grad;
  const Evaluating evaluating(framework);
  const int64_t total = context_.training().events();
  if (!refresh.counts.defined()) {
    refresh.proposals = {at::zeros({total}, at::kInt),
                         reward_ ? at::zeros({total}, at::kFloat) : Tensor()};
    refresh.counts = at::zeros({candidates_ + 1}, at::kLong);
  }
  const Tensor order = tie_order(context_.items(), context_.seed(), step);
  while (refresh.done < total) {
    // An interrupted refresh ranks the whole chunk again: a batch of the same rows has the same bits.
    const int64_t first = refresh.done / kRankedChunk * kRankedChunk;
    std::vector<int64_t> events(static_cast<size_t>(std::min(kRankedChunk, total - first)));
    std::iota(events.begin(), events.end(), first);
    const int64_t end = first + std::ssize(events);
    std::optional<Asked> ranked;
    while (refresh.done < end) {
      if (!keep_going()) return false;
      if (!ranked) ranked = rank(framework, events, order);
      const int64_t from = refresh.done - first, rows = std::min(kAskedChunk, end - refresh.done);
      const Asked asked = {rows_of(ranked->history, from, rows),
                           ranked->candidates.narrow(0, from, rows)};
      const Tensor item = propose(asked), place = places(asked, item);
      if (reward_) {
        refresh.proposals.reward.narrow(0, refresh.done, rows).copy_(reward(asked.history, item));
      }
      refresh.proposals.item.narrow(0, refresh.done, rows).copy_(item);
      // After an empty history all candidates are alike, so the place of the choice means nothing.
      const Tensor known = asked.history.length.gt(0);
      int64_t* counts = refresh.counts.mutable_data_ptr<int64_t>();
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t at_place = known[row].item<bool>() ? place[row].item<int64_t>() : -1;
        if (at_place >= 0) ++counts[at_place];
      }
      const Tensor is_first = item.eq(asked.candidates.select(1, 0)).logical_and(known);
      counts[candidates_] += is_first.sum().item<int64_t>();
      refresh.done += rows;
    }
  }
  return true;
}

bool Proposer::ask_twice(Framework& framework, int64_t step, Refresh& refresh,
                         const std::function<bool()>& keep_going) const {
  const torch::NoGradGuard no_grad;
  const Evaluating evaluating(framework);
  const std::vector<int64_t> events = events_asked_twice();
  const Tensor order = tie_order(context_.items(), context_.seed(), step);
  const auto done = [&] { return refresh.twice.defined() ? refresh.twice.size(0) : 0; };
  while (done() < std::ssize(events)) {
    if (!keep_going()) return false;
    const int64_t from = done();
    const int64_t rows = std::min(kAskedChunk, std::ssize(events) - from);
    const std::span<const int64_t> chunk(events.data() + from, static_cast<size_t>(rows));
    const Asked asked = rank(framework, chunk, order);
    Tensor place = at::arange(candidates_, at::kLong).expand({rows, candidates_}).contiguous();
    for (int64_t row = 0; row < rows; ++row) {
      int64_t* of = place.mutable_data_ptr<int64_t>() + row * candidates_;
      for (int64_t i = candidates_ - 1; i > 0; --i) {
        const uint64_t bits =
            mix(kTwice, context_.seed(), static_cast<uint64_t>(chunk[static_cast<size_t>(row)]),
                static_cast<uint64_t>(i));
        std::swap(of[i], of[below(bits, i + 1)]);
      }
    }
    const Asked permuted = {asked.history, asked.candidates.gather(1, place)};
    const Tensor once = propose(asked), again = propose(permuted);
    const Tensor answers =
        at::stack({once, places(asked, once), again, places(permuted, again)}, /*dim=*/1);
    refresh.twice = done() == 0 ? answers : at::cat({refresh.twice, answers});
  }
  if (events.empty()) refresh.twice = at::empty({0, 4}, at::kLong);
  return true;
}

std::map<std::string, double> Proposer::figures(const Refresh& refresh) const {
  const auto mean_of = [](const Tensor& flags) {
    return flags.size(0) == 0 ? 0.0 : flags.to(at::kFloat).mean().item<double>();
  };
  const Tensor& item = refresh.proposals.item;
  const Tensor known = with_history(context_.training());
  std::map<std::string, double> figures = {
      {"share", mean_of(item.gt(0))},
      {"equal_to_logged", mean_of(item.eq(context_.training().item).masked_select(known))}};
  const auto proposals = static_cast<double>(
      std::max<int64_t>(item.gt(0).logical_and(known).sum().item<int64_t>(), 1));
  const auto share_of = [&](int64_t index) {
    return static_cast<double>(refresh.counts[index].item<int64_t>()) / proposals;
  };
  figures["equal_to_first"] = share_of(candidates_);
  for (int64_t place = 0; place < candidates_; ++place)
    figures["place_" + std::to_string(place + 1)] = share_of(place);
  if (!refresh.twice.defined()) return figures;
  const Tensor once = refresh.twice.select(1, 0), again = refresh.twice.select(1, 2);
  const Tensor both = once.gt(0).logical_and(again.gt(0));
  figures["asked_twice"] = static_cast<double>(both.sum().item<int64_t>());
  const Tensor place = refresh.twice.select(1, 1);
  const Tensor same_place = place.ge(0).logical_and(place.eq(refresh.twice.select(1, 3)));
  figures["same_item"] = mean_of(once.eq(again).masked_select(both));
  figures["same_place"] = mean_of(same_place.masked_select(both));
  return figures;
}

Proposer::Asked Proposer::rank(Framework& framework, std::span<const int64_t> events,
                               const Tensor& order) const {
  const History history = transitions_.histories(events, /*after=*/false);
  const Tensor scores =
      call_plugin_for("framework " + run_.framework.id, "score()",
                      {history.items.size(0), context_.items()}, at::kFloat,
                      [&] { return framework.score(to_device(history, context_.device())); })
          .to(at::kCPU);
  return {history, best_items(scores, order, candidates_)};
}

Tensor Proposer::propose(const Asked& asked) const {
  const std::string who = place_of("augmenter " + run_.augment.id, "propose()") + ":";
  const int64_t rows = asked.candidates.size(0);
  const Tensor item =
      checked_output(augmenter_->propose(asked.history, asked.candidates), {rows}, at::kLong, who)
          .to(at::kCPU);
  if (item.lt(0).logical_or(item.gt(context_.items())).any().item<bool>()) {
    throw PluginError(who + " gave an item outside 0.." + std::to_string(context_.items()));
  }
  return item;
}

Tensor Proposer::reward(const History& history, const Tensor& item) const {
  // A row without a proposal (0) needs a valid item too, although its reward is never used: the
  // logged one, which an environment with tables looks up instead of computing it.
  const Tensor logged = context_.training().item.index_select(0, history.event).to(at::kLong);
  const Tensor asked = at::where(item.gt(0), item, logged);
  const Tensor rewards = reward_->reward(history, asked.unsqueeze(1), {Role::kProposed});
  return checked_output(rewards, {item.size(0), 1}, at::kFloat,
                        place_of("environment " + run_.reward.id, "reward()") + ":")
      .select(1, 0);
}

Tensor Proposer::places(const Asked& asked, const Tensor& item) const {
  Tensor list = asked.candidates;
  if (auto* reader = dynamic_cast<ListReader*>(augmenter_.get())) {
    list = checked_output(reader->lists(asked.history, asked.candidates), list.sizes(), at::kLong,
                          place_of("augmenter " + run_.augment.id, "lists()") + ":")
               .to(at::kCPU);
  }
  const Tensor here = list.eq(item.unsqueeze(1)).logical_and(item.gt(0).unsqueeze(1));
  const Tensor first = here.to(at::kLong).argmax(1);  // of equal values the first
  return at::where(here.any(1), first, at::full_like(first, -1));
}

std::vector<int64_t> Proposer::events_asked_twice() const {
  const TrainingData& training = context_.training();
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  // The events with the smallest random numbers, the greatest of these on top.
  std::priority_queue<std::pair<uint64_t, int64_t>> drawn;
  for (int64_t sequence = 0; sequence < training.sequences(); ++sequence) {
    for (int64_t event = first[sequence] + 1; event < first[sequence + 1]; ++event) {
      drawn.emplace(mix(kTwice, context_.seed(), static_cast<uint64_t>(event)), event);
      if (std::ssize(drawn) > kAskedTwice) drawn.pop();
    }
  }
  std::vector<int64_t> events;
  for (; !drawn.empty(); drawn.pop()) events.push_back(drawn.top().second);
  return events;
}

}  // namespace lea::train
