#include "core/worker/show_model.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/decoder.h"
#include "core/lm/memory.h"
#include "core/lm/model_folder.h"

namespace lea::worker {
namespace {

using Json = nlohmann::ordered_json;

// The memory is estimated for a pass and for a training step of these sizes, as an environment
// would make them.
constexpr int64_t kInferenceRows = 4096, kTrainingRows = 1024, kPrompt = 64;

void tell_config(const lm::Config& config, Json* facts) {
  Json& told = *facts;
  told["family"] = config.family;
  told["layers"] = config.layers;
  told["width"] = config.width;
  told["inner"] = config.inner;
  told["heads"] = config.heads;
  told["key_heads"] = config.key_heads;
  told["head_width"] = config.head_width;
  told["vocabulary"] = config.vocabulary;
  told["tied"] = config.tied;
  told["context"] = config.context;
  told["windows"] = config.window;
  static constexpr const char* kRope[] = {"default", "linear", "llama3"};
  told["rope"] = {{"type", kRope[static_cast<int>(config.rope.type)]},
                  {"theta", config.rope.theta}};
  told["end_ids"] = config.generation.end_ids;
}

// Facts from the config of a model that is not supported, by the usual names of their keys.
void tell_foreign_config(const std::string& folder, Json* facts) {
  const auto config = read_json(folder + "/config.json");
  if (!config || !config->is_object()) return;
  static constexpr std::pair<const char*, const char*> kKeys[] = {
      {"family", "model_type"},         {"layers", "num_hidden_layers"},
      {"width", "hidden_size"},         {"inner", "intermediate_size"},
      {"heads", "num_attention_heads"}, {"key_heads", "num_key_value_heads"},
      {"vocabulary", "vocab_size"},     {"context", "max_position_embeddings"}};
  for (const auto& [name, key] : kKeys) {
    if (config->contains(key) && config->at(key).is_primitive()) (*facts)[name] = config->at(key);
  }
}

void tell_weights(const lm::Weights& weights, Json* facts) {
  const auto counts = weights.counts();
  uint64_t parameters = 0;
  for (const auto& [dtype, count] : counts) parameters += count;
  (*facts)["parameters"] = parameters;
  (*facts)["dtypes"] = counts;
  (*facts)["files"] = weights.files();
  (*facts)["bytes"] = weights.bytes();
}

Json told(const lm::MemoryNeed& need) {
  return {{"mapped", need.mapped}, {"copied", need.copied}, {"working", need.working}};
}

void tell_memory(const lm::Config& config, const lm::Weights& weights, Json* facts) {
  for (const auto& [name, type] : {std::pair("float32", at::kFloat), {"bfloat16", at::kBFloat16}}) {
    (*facts)["memory"][name] = {
        {"inference", told(need_of_inference(config, weights, type, kInferenceRows, kPrompt))},
        {"training", told(need_of_training(config, weights, type, kTrainingRows, kPrompt))}};
  }
}

}  // namespace

Json show_model(const std::string& folder) {
  require_folder(folder);
  Json facts = {{"folder", printable(folder)}};
  Json refused = Json::array();
  const auto attempt = [&](const std::function<void()>& part) {
    try {
      part();
      return true;
    } catch (const DataError& error) {
      const std::string reason = error.what();
      if (std::find(refused.begin(), refused.end(), reason) == refused.end())
        refused.push_back(reason);
      return false;
    }
  };
  std::optional<lm::Config> config;
  std::optional<lm::Weights> weights;
  std::optional<lm::Tokenizer> tokenizer;
  if (attempt([&] { config = lm::read_config(folder); }))
    tell_config(*config, &facts);
  else
    attempt([&] { tell_foreign_config(folder, &facts); });
  if (attempt([&] { weights.emplace(folder); })) tell_weights(*weights, &facts);
  if (attempt([&] { tokenizer.emplace(folder); })) facts["tokenizer"] = tokenizer->size();
  if (config && weights) {
    if (attempt([&] { lm::require_weights(*config, *weights); }))
      attempt([&] { tell_memory(*config, *weights, &facts); });
  }
  if (refused.empty()) attempt([&] { lm::open_model(folder); });
  facts["refused"] = refused;
  return facts;
}

}  // namespace lea::worker
