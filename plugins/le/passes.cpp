#include "plugins/le/passes.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace lea::le {
namespace {

using Read = Chain::Read;

// The chain of some histories that begin at the same item.
void add_chain(const Prompts& prompts, std::vector<int64_t> items, std::vector<Read> states,
               std::vector<std::vector<Read>> rewards, std::vector<Chain>* chains) {
  const bool one_tree = prompts.one_tree();
  std::vector<Read> reads;
  for (size_t i = 0; i < rewards.size(); ++i) {
    if (one_tree && states[i].length > 0) reads.push_back(states[i]);
    reads.insert(reads.end(), rewards[i].begin(), rewards[i].end());
  }
  const auto add = [&](std::vector<Read> of, bool state) {
    if (of.empty()) return;
    const auto used = items.begin() + of.back().length;  // lengths ascend
    chains->push_back({{items.begin(), used}, state, std::move(of)});
  };
  add(std::move(reads), /*state=*/false);
  if (one_tree) return;
  std::erase_if(states, [](const Read& read) { return read.length == 0; });
  add(std::move(states), /*state=*/true);
}

// Row i has equal shares of the rows of the prompt that ends with row ends[i]: float [ends, rows].
at::Tensor shares_of(const lm::Forest& forest, const std::vector<int64_t>& ends) {
  const at::Tensor shares = at::zeros({std::ssize(ends), forest.rows()}, at::kFloat);
  float* own = shares.mutable_data_ptr<float>();
  for (const int64_t end : ends) {
    const std::vector<int64_t> path = forest.path(end);
    for (const int64_t row : path) own[row] = 1.0F / static_cast<float>(path.size());
    own += forest.rows();
  }
  return shares;
}

}  // namespace

at::Tensor index_on(const std::vector<int64_t>& numbers, at::Device device) {
  return at::tensor(at::ArrayRef<int64_t>(numbers), at::kLong).to(device);
}

void add_chains(const Prompts& prompts, const std::vector<int64_t>& items,
                const std::vector<Wanted>& wanted, int64_t window, bool together,
                std::vector<Chain>* chains) {
  std::vector<Read> states;  // a length of 0: the state of this history is not asked
  std::vector<std::vector<Read>> rewards;
  const auto add = [&](int64_t first, int64_t end) {
    if (!rewards.empty())
      add_chain(prompts, {items.begin() + first, items.begin() + end}, std::move(states),
                std::move(rewards), chains);
    states.clear();
    rewards.clear();
  };
  int64_t early = 0;  // the last history of the shared chain
  for (const Wanted& one : wanted) {
    if (one.end < 1 || one.end > std::ssize(items))
      throw std::invalid_argument("add_chains: a history that the sequence does not have");
    const bool shared = one.end <= window;
    if (!shared && early > 0) add(0, std::exchange(early, 0));
    const int64_t length = std::min(one.end, window);
    states.push_back(one.state < 0 ? Read{} : Read{length, 0, one.state, false});
    rewards.emplace_back();
    for (size_t k = 0; k < one.actions.size(); ++k)
      rewards.back().push_back(
          {length, one.actions[k], one.reward + static_cast<int64_t>(k), together && k > 0});
    if (shared)
      early = one.end;
    else
      add(one.end - window, one.end);
  }
  add(0, early);
}

ReadVectors read_vectors(const lm::Decoder& decoder, const Pass& pass, const at::Tensor& tokens,
                         double dropout) {
  const at::Tensor hidden = lm::hidden_states(decoder, pass.forest, tokens, dropout);
  const auto read = [&](const std::vector<int64_t>& places) {
    if (!pass.mean) return hidden.index_select(0, index_on(places, hidden.device()));
    return at::mm(shares_of(pass.forest, places).to(hidden.device()), hidden.to(at::kFloat));
  };
  return {read(pass.state_rows), read(pass.reward_rows)};
}

bool for_each_pass(const Prompts& prompts, std::vector<Chain> chains,
                   const std::function<bool(const Pass&)>& visit) {
  const auto shape = [](const Chain& chain) {
    return std::tuple(chain.state, chain.items.size(), chain.reads.size());
  };
  std::stable_sort(chains.begin(), chains.end(),
                   [&](const Chain& a, const Chain& b) { return shape(a) < shape(b); });
  Pass pass;
  const auto complete = [&] {
    pass.mean = prompts.reads_mean();
    for (int64_t row = 0; pass.mean && row < pass.forest.rows(); ++row) pass.forest.read(row);
    return visit(pass);
  };
  for (const Chain& chain : chains) {
    const std::vector<Read>& reads = chain.reads;
    for (size_t next = 0; next < reads.size();) {
      const std::vector<int64_t> ends = prompts.add_history(pass.forest, chain.items, chain.state);
      do {
        const Read& read = reads[next++];
        const int64_t row = ends[static_cast<size_t>(read.length - 1)];
        if (read.item == 0) {
          pass.states.push_back(read.result);
          pass.state_rows.push_back(prompts.read_state(pass.forest, row));
        } else {
          pass.rewards.push_back(read.result);
          pass.reward_rows.push_back(prompts.read_reward(pass.forest, row, read.item));
        }
      } while (next < reads.size() && (reads[next].joined || pass.forest.rows() < kRowsOfPass));
      if (pass.forest.rows() < kRowsOfPass) continue;
      if (!complete()) return false;
      pass = {};
    }
  }
  return pass.forest.rows() == 0 || complete();
}

RowsOfParts rows_of_parts(const Prompts& prompts) {
  RowsOfParts parts;
  const std::vector<int64_t> one = {1}, two = {1, 1};
  // The rows that `add` adds to a forest when it has added them once before.
  const auto more = [&](const std::vector<int64_t>& items, bool state, int actions) {
    lm::Forest forest;
    int64_t before = 0;
    for (int round = 0; round < 2; ++round) {
      before = forest.rows();
      const int64_t end = prompts.add_history(forest, items, state).back();
      for (int k = 0; k < actions; ++k) prompts.read_reward(forest, end, 1);
    }
    return forest.rows() - before;
  };
  parts.start = more(one, false, 0);
  parts.item = more(two, false, 0) - parts.start;
  parts.action = more(one, false, 2) - more(one, false, 1);
  parts.to_actions = more(one, false, 1) - parts.action - parts.start;
  parts.state_start = more(one, true, 0);
  parts.state_item = more(two, true, 0) - parts.state_start;
  return parts;
}

double estimated_rows(const Prompts& prompts, const RowsOfParts& parts,
                      const std::vector<Wanted>& wanted, int64_t window) {
  double rows = 0;
  const auto histories = [&](const auto& counts, int64_t start, int64_t item) {
    int64_t shared = 0;  // the longest history of the shared chain
    for (const Wanted& one : wanted) {
      if (!counts(one)) continue;
      const int64_t length = std::min(one.end, window);
      if (one.end <= window)
        shared = std::max(shared, length);
      else
        rows += static_cast<double>(start + (length - 1) * item);
    }
    if (shared > 0) rows += static_cast<double>(start + (shared - 1) * item);
  };
  const bool one_tree = prompts.one_tree();
  const auto has_rewards = [](const Wanted& one) { return !one.actions.empty(); };
  const auto has_state = [](const Wanted& one) { return one.state >= 0; };
  histories([&](const Wanted& one) { return has_rewards(one) || (one_tree && has_state(one)); },
            parts.start, parts.item);
  if (!one_tree) histories(has_state, parts.state_start, parts.state_item);
  for (const Wanted& one : wanted) {
    if (!one.actions.empty())
      rows += static_cast<double>(parts.to_actions + std::ssize(one.actions) * parts.action);
  }
  return rows;
}

std::vector<EnvironmentModel::Answer> answers(
    const lm::Decoder& decoder, const Prompts& prompts, const at::Tensor& tokens,
    const ScoreHead& head, const std::vector<EnvironmentModel::Question>& questions, int64_t window,
    const std::function<bool()>& leave) {
  const at::NoGradGuard no_grad;
  std::vector<Chain> chains;
  int64_t states = 0, rewards = 0;  // the numbers of results so far
  for (const EnvironmentModel::Question& question : questions) {
    std::vector<Wanted> wanted;
    for (size_t i = 0; i < question.ends.size(); ++i, ++states) {
      Wanted one{question.ends[i], question.states ? states : -1, {}, rewards};
      if (!question.actions.empty()) one.actions = question.actions.at(i);
      rewards += std::ssize(one.actions);
      if (one.end > 0) wanted.push_back(std::move(one));
    }
    add_chains(prompts, question.items, wanted, window, /*together=*/false, &chains);
  }
  const auto options = at::TensorOptions(at::kFloat).device(decoder.device());
  const at::Tensor state = at::zeros({states, decoder.config().width}, options);
  const at::Tensor reward = at::zeros({rewards}, options);
  const bool complete = for_each_pass(prompts, std::move(chains), [&](const Pass& pass) {
    if (leave && leave()) return false;
    const at::Device device = decoder.device();
    const ReadVectors read = read_vectors(decoder, pass, tokens);
    if (!pass.states.empty())
      state.index_copy_(0, index_on(pass.states, device), read.states.to(at::kFloat));
    if (!pass.rewards.empty())
      reward.index_copy_(0, index_on(pass.rewards, device), head(read.rewards));
    return true;
  });
  if (!complete) return {};
  const at::Tensor all_states = state.to(at::kCPU), all_rewards = reward.to(at::kCPU);
  std::vector<EnvironmentModel::Answer> result;
  int64_t first_state = 0, first_reward = 0;
  for (const EnvironmentModel::Question& question : questions) {
    int64_t actions = 0;
    for (const auto& of_end : question.actions) actions += std::ssize(of_end);
    const int64_t ends = std::ssize(question.ends);
    result.push_back(
        {all_states.narrow(0, first_state, ends), all_rewards.narrow(0, first_reward, actions)});
    first_state += ends;
    first_reward += actions;
  }
  return result;
}

}  // namespace lea::le
