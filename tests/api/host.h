// A small host for tests. It loads bundled plugins by file name and makes them with a context whose
// answers a test can set.
#pragma once

#include <ATen/Context.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/api/plugin.h"
#include "core/api/types.h"

namespace lea::testing {

// The entry of build/plugins/FILE.so, which must register exactly one plugin, or exactly one of `kind`
// where that is stated. Throws std::runtime_error otherwise.
const PluginEntry& load_plugin(const std::string& file, const std::string& kind = "");

class TestContext : public Context {
 public:
  // Otherwise LibTorch takes another seed in every process.
  TestContext() { at::manual_seed(1); }

  int64_t item_count = 7, positions = 4;
  StateUse state;
  AugmentUse augment;
  TrainingData data;
  std::function<std::shared_ptr<Backbone>()> backbone;
  std::map<std::string, std::vector<std::string>> columns;  // of the item texts

  int64_t items() const override { return item_count; }
  int64_t history() const override { return positions; }
  uint64_t seed() const override { return 1; }
  c10::Device device() const override { return at::kCPU; }
  std::shared_ptr<Backbone> make_backbone() const override { return backbone(); }
  std::shared_ptr<Environment> environment(const std::string&) const override { return nullptr; }
  const TrainingData& training() const override { return data; }
  int64_t item_of(const std::string&) const override { return 0; }
  int64_t sequence_of(const std::string&) const override { return -1; }
  std::vector<std::string> texts(const std::string& column) const override {
    return columns.at(column);
  }
  std::vector<std::string> text_columns() const override {
    std::vector<std::string> names;
    for (const auto& [name, texts] : columns) names.push_back(name);
    return names;
  }
  StateUse state_use() const override { return state; }
  AugmentUse augment_use() const override { return augment; }
  void log(LogLevel, const std::string& message) const override { logged.push_back(message); }

  mutable std::vector<std::string> logged;
};

// h = sum_j 0.5^(len - j) * table[x_j]; an empty history gives table[0]. Simple enough for NumPy.
class TableBackbone : public Backbone {
 public:
  TableBackbone(int64_t items, int64_t width);
  int64_t width() const override { return table.size(1); }
  Tensor encode(const History& history) override;
  Tensor table;
};

// Training data of the sequences given.
TrainingData training_data(int64_t items, int64_t history,
                           const std::vector<std::vector<int32_t>>& sequences);

History make_history(const std::vector<std::vector<int64_t>>& items,
                     const std::vector<int64_t>& length);

// Reads tests/golden/PATH. Throws std::runtime_error where it is missing.
nlohmann::json golden(const std::string& path);

// Copies {name: {shape, values}} into the module's parameters. Throws std::runtime_error unless the
// names are those of all parameters, and the shapes theirs.
void set_parameters(torch::nn::Module& module, const nlohmann::json& weights);

Tensor floats(const nlohmann::json& values, at::IntArrayRef shape);

// The step of index `from` with the smallest seed whose coin picks the first network, or the
// second.
Step step_for(bool first, int64_t from);

}  // namespace lea::testing
