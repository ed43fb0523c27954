#include "plugins/le/augmenter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/api/item_draw.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::le {
namespace {

constexpr uint64_t kProposals = 0x6c6550726f70ULL;  // streams of random numbers
constexpr uint64_t kOrder = 1, kEqual = 2;

// The id of the environment that a parameter names.
std::string id_of(const std::string& environment) {
  const auto use = nlohmann::json::parse(environment, nullptr, /*allow_exceptions=*/false);
  return use.is_object() ? use.value("id", "the environment") : "the environment";
}

Tensor on_cpu(const Tensor& tensor) { return tensor.to(at::kCPU).contiguous(); }

}  // namespace

LanguageAugmenter::LanguageAugmenter(const Params& params, const Context& context)
    : params_(params),
      training_(context.training()),
      environment_(context.environment(params.of)),
      chooser_(dynamic_cast<Chooser*>(environment_.get())),
      key_(mix(kProposals, context.seed(), static_cast<uint64_t>(params.seed))) {
  if (params_.select == "reward") return;
  if (!chooser_) {
    throw ConfigError("augmenter le: of: `select: " + params_.select +
                      "` asks a language-model environment, which " + id_of(params_.of) +
                      " is not: name le itself in `of`, not a wrapper around it, or write "
                      "`select: reward`, which every environment can answer");
  }
  if (params_.select == "labels") require_labels(context.candidates());
  if (params_.select == "state_token" && environment_->state_width() == 0) {
    throw ConfigError("augmenter le: of: `select: state_token` needs states, which " +
                      id_of(params_.of) + " does not give: write `select: labels` or `reward`");
  }
}

void LanguageAugmenter::require_labels(int64_t candidates) const {
  const int64_t labels = chooser_->longest_list();
  if (candidates <= labels) return;
  throw ConfigError("augmenter le: augment.candidates is " + std::to_string(candidates) +
                    ", but the environment in `of` has " + counted(labels, "label") +
                    ": give `labels` of " + id_of(params_.of) +
                    " one word for each candidate, or lower augment.candidates");
}

Tensor LanguageAugmenter::lists(const History& history, const Tensor& candidates) {
  const Tensor events = on_cpu(history.event), given = on_cpu(candidates),
               sequence = on_cpu(training_.sequence_of(events)), result = at::zeros_like(given);
  const int64_t count = given.size(1);
  const int64_t* first = training_.offset.const_data_ptr<int64_t>();
  const int32_t* item = training_.item.const_data_ptr<int32_t>();
  for (int64_t row = 0; row < given.size(0); ++row) {
    const int64_t event = events.const_data_ptr<int64_t>()[row];
    const int32_t *start = item + first[sequence.const_data_ptr<int64_t>()[row]],
                  *own = item + event;
    const auto dropped = [&](int64_t candidate) {
      if (params_.logged == "drop" && candidate == *own) return true;
      return params_.seen == "drop" && std::find(start, own, candidate) != own;
    };
    const int64_t* from = given.const_data_ptr<int64_t>() + row * count;
    int64_t* to = result.mutable_data_ptr<int64_t>() + row * count;
    const int64_t kept = std::remove_copy_if(from, from + count, to, dropped) - to;
    if (params_.list == "ranked") continue;
    // The places are permuted, whatever stands there, so that the same items in another order give
    // another list.
    for (int64_t i = kept - 1; i > 0; --i) {
      const uint64_t bits =
          mix(key_, kOrder, static_cast<uint64_t>(event), static_cast<uint64_t>(i));
      std::swap(to[i], to[below(bits, i + 1)]);
    }
  }
  return result.to(candidates.device());
}

Tensor LanguageAugmenter::scores(const History& history, const Tensor& lists,
                                 const Tensor& candidates) {
  if (params_.select == "labels") return chooser_->list_scores(history, lists);
  // A place without an item needs one to ask about. Its score is not read.
  const Tensor items = at::where(lists.gt(0), lists, candidates.narrow(1, 0, 1));
  if (params_.select == "state_token") return chooser_->state_scores(history, items);
  const std::vector<Role> roles(static_cast<size_t>(items.size(1)), Role::kProposed);
  return environment_->reward(history, items, roles);
}

Tensor LanguageAugmenter::propose(const History& history, const Tensor& candidates) {
  if (params_.select == "labels") require_labels(candidates.size(1));
  const Tensor list = on_cpu(lists(history, candidates)), events = on_cpu(history.event),
               score = on_cpu(scores(history, list, on_cpu(candidates))).to(at::kFloat),
               proposed = at::zeros({list.size(0)}, at::kLong);
  const int64_t count = list.size(1);
  const int32_t* logged = training_.item.const_data_ptr<int32_t>();
  for (int64_t row = 0; row < list.size(0); ++row) {
    const int64_t event = events.const_data_ptr<int64_t>()[row];
    const int64_t* items = list.const_data_ptr<int64_t>() + row * count;
    const float* values = score.const_data_ptr<float>() + row * count;
    const auto tie = [&](int64_t place) {
      return mix(mix(key_, kEqual, static_cast<uint64_t>(event)),
                 static_cast<uint64_t>(items[place]), static_cast<uint64_t>(place));
    };
    int64_t best = -1;
    for (int64_t place = 0; place < count && items[place] != 0; ++place) {
      if (params_.when_logged == "next" && items[place] == logged[event]) continue;
      const bool better = best < 0 || values[place] > values[best] ||
                          (values[place] == values[best] && tie(place) > tie(best));
      if (better) best = place;
    }
    if (best < 0 || (params_.when_logged == "none" && items[best] == logged[event])) continue;
    proposed.mutable_data_ptr<int64_t>()[row] = items[best];
  }
  return proposed.to(candidates.device());
}

}  // namespace lea::le
