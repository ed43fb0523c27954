// The tiny language model, the users and the wordings of tests/golden/le/make_le.py.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/api/tensor_file.h"
#include "core/api/types.h"
#include "core/base/json_field.h"
#include "core/lm/adapter.h"
#include "core/lm/forest.h"
#include "plugins/le/environment_model.h"
#include "plugins/le/settings.h"
#include "plugins/le/tuner.h"
#include "tests/lm/tiny_model.h"

namespace lea::le {

using Sequences = std::vector<std::vector<int64_t>>;

inline const nlohmann::json& golden() {
  static const nlohmann::json read =
      read_json(LEA_SOURCE_DIR "/tests/golden/le/le.json").value_or(nlohmann::json());
  return read;
}

inline Settings tiny_settings(const nlohmann::json& more = nlohmann::json::object()) {
  ParamValues values;
  const auto take = [&](const nlohmann::json& from) {
    for (const auto& [name, value] : from.items()) {
      if (value.is_boolean()) values[name] = value.get<bool>();
      if (value.is_number_integer()) values[name] = value.get<int64_t>();
      if (value.is_number_float()) values[name] = value.get<double>();
      if (value.is_string()) values[name] = value.get<std::string>();
    }
  };
  take({{"model", LEA_SOURCE_DIR "/tests/golden/le/model"}, {"dtype", "float32"}});
  take(golden().at("wordings"));
  take(more);
  return assign_params<Settings>(values);
}

inline TrainingData training_of(const Sequences& sequences, int64_t items = 12,
                                int64_t window = 4) {
  TrainingData data;
  std::vector<int32_t> item;
  std::vector<int64_t> offset = {0};
  for (const auto& sequence : sequences) {
    for (const int64_t one : sequence) item.push_back(static_cast<int32_t>(one));
    offset.push_back(std::ssize(item));
  }
  data.items = items;
  data.history = window;
  data.item = at::tensor(item, at::kInt);
  data.offset = at::tensor(offset, at::kLong);
  return data;
}

inline Sequences users() { return golden().at("sequences").get<Sequences>(); }

inline at::Tensor item_tokens() {
  return lm::floats(golden().at("tokens"), {12, 16}).to(at::kFloat);
}

inline void write_item_tokens(const std::string& folder) {
  write_tensors(folder + "/" + kTokensFile, {{"tokens", item_tokens()}});
}

// What is in the files of a folder, by their path in it.
inline std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), folder).string()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

}  // namespace lea::le
