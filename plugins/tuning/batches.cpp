#include "plugins/tuning/batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/counted.h"
#include "core/base/error.h"

namespace lea {
namespace {

// A number for each purpose, so that draws for different purposes are independent.
enum Stream : uint64_t { kOrder = 0x6c656f72, kDrawn = 0x6c656e65, kFixed = 0x6c656678 };

}  // namespace

TuningBatches::TuningBatches(const TuningSettings& settings, const TrainingData& part)
    : settings_(settings), part_(part) {
  const int64_t* first = part_.offset.const_data_ptr<int64_t>();
  for (int64_t s = 0; s < part_.sequences(); ++s) {
    std::vector<TuningRow> rows;
    for (int64_t event = first[s] + 1; event < first[s + 1]; ++event)
      rows.push_back({s, event, event - first[s]});
    if (rows.empty()) continue;
    if (settings_.batch_of == "sequences") {
      units_.push_back(std::move(rows));
    } else {
      for (const TuningRow& row : rows) units_.push_back({row});
    }
  }
  const int64_t units = std::ssize(units_);
  per_epoch_ = (units + settings_.batch_size - 1) / settings_.batch_size;
  steps_ = settings_.steps > 0 ? settings_.steps : settings_.epochs * per_epoch_;
  if (units == 0 && (settings_.steps > 0 || settings_.epochs > 0)) {
    throw DataError(settings_.plugin + ": portion: has " +
                    counted(part_.sequences(), "training sequence") +
                    ", none of which has two events, so there is no history to learn from. "
                    "State a greater `portion`");
  }
  if (settings_.popularity_power != 0 && units > 0)
    popularity_.emplace(part_, settings_.popularity_power);
}

void TuningBatches::shuffle(int64_t epoch) {
  epoch_ = epoch;
  order_.resize(units_.size());
  std::iota(order_.begin(), order_.end(), int64_t{0});
  for (int64_t i = std::ssize(order_) - 1; i > 0; --i) {
    const uint64_t bits = mix(kOrder, static_cast<uint64_t>(settings_.seed),
                              static_cast<uint64_t>(epoch), static_cast<uint64_t>(i));
    std::swap(order_[static_cast<size_t>(i)], order_[static_cast<size_t>(below(bits, i + 1))]);
  }
}

std::vector<TuningRow> TuningBatches::rows(int64_t step) {
  if (step / per_epoch_ != epoch_) shuffle(step / per_epoch_);
  const int64_t begin = step % per_epoch_ * settings_.batch_size;
  const int64_t end = std::min(begin + settings_.batch_size, std::ssize(units_));
  std::vector<TuningRow> rows;
  for (int64_t i = begin; i < end; ++i) {
    const auto& unit = units_[static_cast<size_t>(order_[static_cast<size_t>(i)])];
    rows.insert(rows.end(), unit.begin(), unit.end());
  }
  std::sort(rows.begin(), rows.end(),
            [](const TuningRow& a, const TuningRow& b) { return a.event < b.event; });
  return rows;
}

at::Tensor TuningBatches::negatives(int64_t step, const std::vector<TuningRow>& rows) const {
  const int64_t count = settings_.negatives;
  const at::Tensor result = at::empty({std::ssize(rows), count}, at::kLong);
  int64_t* out = result.mutable_data_ptr<int64_t>();
  for (size_t row = 0; row < rows.size(); ++row) {
    for (int64_t k = 0; k < count; ++k) {
      const auto seed = static_cast<uint64_t>(settings_.seed);
      const uint64_t bits =
          settings_.fixed_negatives
              ? mix(kFixed, seed, static_cast<uint64_t>(rows[row].event), static_cast<uint64_t>(k))
              : mix(kDrawn, seed, static_cast<uint64_t>(step),
                    row * static_cast<uint64_t>(count) + static_cast<uint64_t>(k));
      *out++ = item_outside(part_, rows[row].sequence, bits, popularity_, settings_.plugin);
    }
  }
  return result;
}

int64_t item_outside(const TrainingData& training, int64_t sequence, uint64_t bits,
                     const std::optional<PopularityDraw>& popularity, const std::string& plugin) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* logged = training.item.const_data_ptr<int32_t>();
  const std::set<int64_t> distinct(logged + first[sequence], logged + first[sequence + 1]);
  const std::vector<int64_t> own(distinct.begin(), distinct.end());
  const int64_t allowed = training.items - std::ssize(own);
  int64_t item = 0;
  if (allowed > 0)
    item = popularity ? popularity->item(bits, own) : allowed_item(below(bits, allowed), own);
  if (item == 0) {
    throw DataError(
        plugin + (popularity
                      ? ": popularity_power: a training sequence has all items that occur in the "
                        "portion, so none can be drawn beside it. State a greater `portion`, or "
                        "`popularity_power: 0`"
                      : ": a training sequence has all items of the data set, so none can be drawn "
                        "beside it"));
  }
  return item;
}

}  // namespace lea
