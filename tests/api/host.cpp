#include "tests/api/host.h"

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <stdexcept>

namespace lea::testing {
namespace {

class Collector : public Registrar {
 public:
  void add(PluginEntry entry) override { entries.push_back(std::move(entry)); }
  std::vector<PluginEntry> entries;
};

}  // namespace

const PluginEntry& load_plugin(const std::string& file, const std::string& kind) {
  static auto& loaded = *new std::map<std::string, Collector>();  // libraries are never unloaded
  Collector& collector = loaded[file];
  const std::string path = std::string(LEA_BINARY_DIR) + "/plugins/" + file + ".so";
  if (collector.entries.empty()) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<void (*)(Registrar&)>(dlsym(library, "lea_register"));
    if (!entry) throw std::runtime_error(path + " does not export lea_register");
    entry(collector);
  }
  const PluginEntry* found = nullptr;
  for (const PluginEntry& entry : collector.entries) {
    if (!kind.empty() && entry.kind != kind) continue;
    if (found) throw std::runtime_error(path + " registers not exactly one");
    found = &entry;
  }
  if (!found) throw std::runtime_error(path + " registers not exactly one");
  return *found;
}

TableBackbone::TableBackbone(int64_t items, int64_t width) {
  table = register_parameter("table", at::zeros({items + 1, width}));
}

Tensor TableBackbone::encode(const History& history) {
  const Tensor place = at::arange(history.items.size(1), history.items.options());
  const Tensor length = history.length.unsqueeze(1);
  Tensor weight = at::pow(0.5, (length - 1 - place).to(at::kFloat));
  weight = weight.masked_fill(place.ge(length), 0);
  const Tensor empty = length.eq(0).logical_and(place.eq(0));
  weight = weight.masked_fill(empty, 1);
  const Tensor items = history.items.masked_fill(place.ge(length), 0);
  return at::matmul(weight.unsqueeze(1), at::embedding(table, items)).squeeze(1);
}

TrainingData training_data(int64_t items, int64_t history,
                           const std::vector<std::vector<int32_t>>& sequences) {
  std::vector<int32_t> item;
  std::vector<int64_t> offset = {0};
  for (const auto& sequence : sequences) {
    item.insert(item.end(), sequence.begin(), sequence.end());
    offset.push_back(static_cast<int64_t>(item.size()));
  }
  TrainingData data;
  data.items = items;
  data.history = history;
  data.item = at::tensor(item, at::kInt);
  data.offset = at::tensor(offset, at::kLong);
  return data;
}

History make_history(const std::vector<std::vector<int64_t>>& items,
                     const std::vector<int64_t>& length) {
  std::vector<int64_t> flat;
  for (const auto& row : items) flat.insert(flat.end(), row.begin(), row.end());
  const auto rows = static_cast<int64_t>(items.size());
  return {at::tensor(flat, at::kLong).view({rows, -1}), at::tensor(length, at::kLong),
          at::arange(rows, at::kLong), at::full({rows}, -1, at::kLong)};
}

nlohmann::json golden(const std::string& path) {
  std::ifstream file(std::string(LEA_SOURCE_DIR) + "/tests/golden/" + path);
  if (!file) throw std::runtime_error("tests/golden/" + path + " is missing");
  return nlohmann::json::parse(file);
}

Tensor floats(const nlohmann::json& values, at::IntArrayRef shape) {
  return at::tensor(values.get<std::vector<double>>(), at::kFloat).view(shape);
}

void set_parameters(torch::nn::Module& module, const nlohmann::json& weights) {
  const at::NoGradGuard no_grad;
  size_t set = 0;
  for (auto& parameter : module.named_parameters()) {
    const auto found = weights.find(parameter.key());
    if (found == weights.end()) throw std::runtime_error("no golden value for " + parameter.key());
    const auto shape = found->at("shape").get<std::vector<int64_t>>();
    if (parameter.value().sizes() != at::IntArrayRef(shape)) {
      throw std::runtime_error("golden shape of " + parameter.key() + " differs");
    }
    parameter.value().copy_(floats(found->at("values"), shape));
    ++set;
  }
  if (set != weights.size()) throw std::runtime_error("a golden parameter does not exist");
}

Step step_for(bool first, int64_t from) {
  for (Step step{from, 0};; ++step.seed) {
    if ((step.uniform(0) < 0.5) == first) return step;
  }
}

}  // namespace lea::testing
