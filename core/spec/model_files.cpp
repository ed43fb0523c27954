#include "core/spec/model_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/cached_sum.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/lfs_pointer.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea::spec {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = ".safetensors";
constexpr std::array<const char*, 8> kBesideWeights = {
    kConfig,           "generation_config.json", "model.safetensors.index.json",
    "tokenizer.json",  "tokenizer_config.json",  "special_tokens_map.json",
    "tokenizer.model", "added_tokens.json"};

Names names_in(const std::string& folder) {
  Names names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  require_listed(folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

// The names of the models in a lab's folder of models.
Names models_in(const std::string& models) {
  Names names = models.empty() ? Names() : names_in(models);
  std::erase_if(names, [&](const std::string& name) {
    std::error_code error;
    return name.starts_with('.') || !fs::is_directory(models + "/" + name, error);
  });
  for (std::string& name : names) name = printable(name);
  return names;
}

bool counts(const std::string& name) {
  return (name.ends_with(kWeights) && !name.starts_with('.')) ||
         std::find(kBesideWeights.begin(), kBesideWeights.end(), name) != kBesideWeights.end();
}

[[noreturn]] void lacks_weights(const std::string& folder, const Names& names) {
  const bool pickled = std::any_of(names.begin(), names.end(),
                                   [](const std::string& name) { return name.ends_with(".bin"); });
  throw DataError(printable(folder) + ": has no weights (*" + kWeights + ")" +
                  (pickled ? ". Its *.bin files are pickles, which can run code; convert them with "
                             "transformers' save_pretrained"
                           : ", so it is not the whole folder of a model"));
}

// The names of the files in the folder of a model that decide what it computes.
Names files_of_model(const std::string& folder) {
  require_folder(folder);
  Names names = names_in(folder);
  if (std::find(names.begin(), names.end(), kConfig) == names.end()) {
    throw DataError(printable(folder) +
                    ": has no config.json, so it is not the folder of a Hugging Face model");
  }
  const auto is_weights = [](const std::string& name) {
    return counts(name) && name.ends_with(kWeights);
  };
  if (std::none_of(names.begin(), names.end(), is_weights)) lacks_weights(folder, names);
  std::erase_if(names, [](const std::string& name) { return !counts(name); });
  return names;
}

}  // namespace

std::string find_model(const std::string& value, const std::string& from,
                       const std::string& models) {
  std::error_code error;
  const bool is_word = value.find('/') == std::string::npos;
  if (is_word && is_name(value) && !models.empty() && fs::is_directory(models + "/" + value, error))
    return (fs::path(models) / value).lexically_normal().string();
  std::string path = (fs::path(from) / value).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (fs::exists(path, error)) return path;
  if (error) throw ConfigError(printable(path) + ": cannot be read: " + error.message());
  const Names known = models_in(models);
  throw ConfigError("there is no folder " + printable(path) +
                    (is_word
                         ? ", and no model of this name in the lab" + did_you_mean(value, known) +
                               " (there are: " + joined(known) + ")"
                         : ""));
}

void require_model(const std::string& folder) {
  for (const std::string& name : files_of_model(folder)) {
    refuse_lfs_pointer_at(folder + "/" + name);
    require_regular_file(folder + "/" + name);
  }
}

std::string model_sum(const std::string& folder) {
  nlohmann::json sums = nlohmann::json::object();
  for (const std::string& name : files_of_model(folder)) {
    const std::string path = folder + "/" + name;
    refuse_lfs_pointer_at(path);
    sums[name] = cached_sum(path);
  }
  return sha256("lea-model 1\n" +
                sums.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace lea::spec
