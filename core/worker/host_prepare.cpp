#include "core/worker/host_prepare.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/data/item_texts.h"
#include "core/train/sampler.h"

namespace lea::worker {
namespace {

constexpr const char* kFractionRule =
    "a fraction of the training sequences must be above 0 and at most 1";

// All training sequences, in an order of their own: a fraction of them is the beginning of the
// list, so that a smaller fraction is a subset of a larger one.
std::vector<int64_t> order_of(int64_t sequences, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(sequences));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::pair(mix(0x706f7274696f6eULL, seed, static_cast<uint64_t>(a)), a) <
           std::pair(mix(0x706f7274696f6eULL, seed, static_cast<uint64_t>(b)), b);
  });
  return order;
}

// How many sequences the fraction is.
int64_t count_of(int64_t sequences, double fraction) {
  return static_cast<int64_t>(std::clamp<double>(
      std::ceil(fraction * static_cast<double>(sequences)), 1, static_cast<double>(sequences)));
}

// These sequences, with their events numbered anew.
TrainingData sequences_of(const TrainingData& whole, std::vector<int64_t> order) {
  std::sort(order.begin(), order.end());
  const int64_t* first = whole.offset.const_data_ptr<int64_t>();
  std::vector<int64_t> offset = {0};
  std::vector<int64_t> events;
  for (const int64_t sequence : order) {
    for (int64_t event = first[sequence]; event < first[sequence + 1]; ++event)
      events.push_back(event);
    offset.push_back(static_cast<int64_t>(events.size()));
  }
  const Tensor index = at::tensor(events, at::kLong);
  TrainingData part = whole;
  part.item = whole.item.index_select(0, index);
  part.offset = at::tensor(offset, at::kLong);
  if (whole.behaviour.defined()) part.behaviour = whole.behaviour.index_select(0, index);
  return part;
}

}  // namespace

HostPrepareContext::HostPrepareContext(const run::ArtefactHeader& header, const OpenData& open,
                                       std::string folder, std::string earlier,
                                       OnProgress on_progress)
    : header_(header),
      open_(open),
      whole_(train::training_events(*open.data, *open.split, header.run.data.history).data),
      folder_(std::move(folder)),
      earlier_(std::move(earlier)),
      on_progress_(std::move(on_progress)) {}

int64_t HostPrepareContext::items() const { return open_.data->items(); }

int64_t HostPrepareContext::history() const {
  allow("history");
  return header_.run.data.history;
}

c10::Device HostPrepareContext::device() const { return c10::Device(header_.device); }

const TrainingData& HostPrepareContext::training(double fraction, uint64_t seed) {
  allow("training");
  if (!(fraction > 0 && fraction <= 1)) throw PluginError(kFractionRule);
  if (fraction == 1) return whole_;
  return cut(part_, fraction, seed, /*rest=*/false);
}

const TrainingData& HostPrepareContext::rest(double fraction, uint64_t seed) {
  allow("training");
  if (!(fraction > 0 && fraction <= 1)) throw PluginError(kFractionRule);
  return cut(rest_, fraction, seed, /*rest=*/true);
}

const TrainingData& HostPrepareContext::cut(Part& part, double fraction, uint64_t seed, bool rest) {
  if (part.fraction == fraction && part.seed == seed) return part.data;
  const std::vector<int64_t> order = order_of(whole_.sequences(), seed);
  const auto middle = order.begin() + count_of(whole_.sequences(), fraction);
  part.data = sequences_of(whole_, rest ? std::vector<int64_t>(middle, order.end())
                                        : std::vector<int64_t>(order.begin(), middle));
  part.fraction = fraction;
  part.seed = seed;
  return part.data;
}

std::vector<std::string> HostPrepareContext::texts(const std::string& column) {
  allow("texts");
  return data::item_texts(*open_.data, column);
}

std::vector<std::string> HostPrepareContext::text_columns() {
  allow("texts");
  return data::text_columns(*open_.data);
}

Tensor HostPrepareContext::pool() {
  allow("pool");
  return train::draw_pool(header_.run.negatives, whole_);
}

std::string HostPrepareContext::earlier() const {
  if (earlier_.empty())
    throw PluginError("the artefact is made from no other one: it declares no `after`");
  return earlier_;
}

void HostPrepareContext::record(const std::string& name, double value) {
  if (std::isfinite(value)) {
    quality_[name] = value;
  } else {  // JSON has no such number
    log(LogLevel::kWarning, "the figure " + name + " is not finite, so it is left out");
  }
}

void HostPrepareContext::log(LogLevel level, const std::string& message) {
  lea::log(level, header_.needed.use.id, message);
  if (level != LogLevel::kWarning) return;
  const std::string warning = printable(message);
  if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
    warnings_.push_back(warning);
}

void HostPrepareContext::allow(const std::string& what) const {
  const auto& reads = header_.needed.artefact.reads;
  if (std::find(reads.begin(), reads.end(), what) != reads.end()) return;
  throw PluginError(header_.needed.name() + " asks for the " + what +
                    ", which its `reads` does not declare, so the artefact would not be made anew "
                    "when it changes");
}

}  // namespace lea::worker
