#include "core/lm/forest.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/scalar_type.h"

namespace lea::lm {
namespace {

at::Tensor on(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(at::ArrayRef<int64_t>(values), at::kLong).to(device);
}

}  // namespace

int64_t Forest::add(int64_t after, const std::vector<int64_t>& ids) {
  if (ids.empty() || after < kStart || after >= rows())
    throw std::invalid_argument("Forest::add: no ids, or behind a row that is not there");
  const auto [smallest, largest] = std::minmax_element(ids.begin(), ids.end());
  if (*smallest < 0) throw std::invalid_argument("Forest::add: a negative id");
  largest_id_ = std::max(largest_id_, *largest);
  for (size_t first = 0; first < ids.size(); first += kLongestRun) {
    const auto length = static_cast<int64_t>(std::min<size_t>(kLongestRun, ids.size() - first));
    const int64_t behind = first == 0 ? after : rows() - 1;
    Run run{behind, rows(), length, 0};
    if (behind != kStart) {
      const Run& parent = runs_[run_of(behind)];
      run.depth = parent.depth + behind - parent.first + 1;
    }
    runs_.push_back(run);
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
    ids_.insert(ids_.end(), begin, begin + length);
  }
  return rows() - 1;
}

int64_t Forest::add_shared(int64_t after, const std::vector<int64_t>& ids) {
  const auto found = shared_.find({after, ids});
  if (found != shared_.end()) return found->second;
  const int64_t last = add(after, ids);
  shared_[{after, ids}] = last;
  return last;
}

int64_t Forest::read(int64_t row) {
  if (row < 0 || row >= rows())
    throw std::invalid_argument("Forest::read: a row that is not there");
  read_.push_back(row);
  return std::ssize(read_) - 1;
}

int64_t Forest::depth() const {
  int64_t deepest = 0;
  for (const Run& run : runs_) deepest = std::max(deepest, run.depth + run.length);
  return deepest;
}

size_t Forest::run_of(int64_t row) const {
  const auto behind = std::upper_bound(runs_.begin(), runs_.end(), row,
                                       [](int64_t r, const Run& run) { return r < run.first; });
  return static_cast<size_t>(behind - runs_.begin()) - 1;
}

std::vector<int64_t> Forest::path(int64_t row) const {
  if (row < 0 || row >= rows())
    throw std::invalid_argument("Forest::path: a row that is not there");
  const Run& run = runs_[run_of(row)];
  std::vector<int64_t> whole = path_to(run);
  whole.resize(static_cast<size_t>(run.depth + row - run.first + 1));
  return whole;
}

// All rows of the prompt that ends with this run, from the prompt's start.
std::vector<int64_t> Forest::path_to(const Run& run) const {
  std::vector<int64_t> path(static_cast<size_t>(run.depth + run.length));
  int64_t last = run.first + run.length - 1;
  for (auto end = path.end(); last != kStart;) {
    const Run& part = runs_[run_of(last)];
    for (int64_t row = last; row >= part.first; --row) *--end = row;
    last = part.after;
  }
  return path;
}

Forest::Arranged Forest::arrange(at::Device device) const {
  std::map<std::pair<int64_t, int64_t>, std::vector<const Run*>> shapes;  // by (queries, keys)
  for (const Run& run : runs_) shapes[{run.length, run.depth + run.length}].push_back(&run);
  std::vector<int64_t> place(ids_.size()), ids, position;
  for (const auto& [shape, runs] : shapes) {
    for (const Run* run : runs) {
      for (int64_t i = 0; i < run->length; ++i) {
        place[static_cast<size_t>(run->first + i)] = std::ssize(ids);
        ids.push_back(ids_[static_cast<size_t>(run->first + i)]);
        position.push_back(run->depth + i);
      }
    }
  }
  Arranged arranged{on(ids, device), {}, {on(position, device), {}}};
  for (const auto& [shape, runs] : shapes) {
    AttentionBlock block{std::ssize(runs), shape.first, shape.second, {}};
    if (shape.first != shape.second) {
      std::vector<int64_t> keys;
      for (const Run* run : runs) {
        for (const int64_t row : path_to(*run)) keys.push_back(place[static_cast<size_t>(row)]);
      }
      block.key = on(keys, device);
    }
    arranged.layout.blocks.push_back(block);
  }
  std::vector<int64_t> read;
  for (const int64_t row : read_) read.push_back(place[static_cast<size_t>(row)]);
  arranged.read = on(read, device);
  return arranged;
}

at::Tensor hidden_states(const Decoder& decoder, const Forest& forest, const at::Tensor& vectors,
                         double dropout) {
  const Config& config = decoder.config();
  if (forest.rows() == 0) throw std::invalid_argument("hidden_states: a forest without rows");
  if (vectors.defined() && (vectors.dim() != 2 || vectors.size(1) != config.width)) {
    throw std::invalid_argument("hidden_states: vectors must be [M, " +
                                std::to_string(config.width) + "], but are " +
                                text_of(vectors.sizes()));
  }
  if (forest.depth() > config.context) {
    throw DataError("a prompt has " + counted(forest.depth(), "token") +
                    ", more than the model's context of " + std::to_string(config.context) + ".");
  }
  const int64_t known = config.vocabulary + (vectors.defined() ? vectors.size(0) : 0);
  if (forest.largest_id() >= known) {
    throw DataError("a prompt has the id " + std::to_string(forest.largest_id()) +
                    ", but tokens and free vectors end at " + std::to_string(known - 1) + ".");
  }
  const Forest::Arranged arranged = forest.arrange(decoder.device());
  const at::Tensor inputs = decoder.embed(arranged.ids, vectors);
  return decoder.forward(inputs, arranged.layout, {.rows = arranged.read, .dropout = dropout});
}

}  // namespace lea::lm
