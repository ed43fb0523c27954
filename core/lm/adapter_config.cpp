#include "core/lm/adapter_config.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/pattern.h"

namespace lea::lm {
namespace {

constexpr int64_t kMaxRank = 65536;

bool fits_whole(const std::string& expression, const std::string& module) {
  return Pattern("\\A(?:" + expression + ")\\z", kAdapterConfig).is_whole(module);
}

// As in PEFT, the first expression that matches the end of the module's name counts.
template <typename Value>
Value first_fit(const std::vector<std::pair<std::string, Value>>& patterns,
                const std::string& module, Value otherwise) {
  for (const auto& [expression, value] : patterns) {
    if (fits_whole("(?:.*\\.)?(?:" + expression + ")", module)) return value;
  }
  return otherwise;
}

// Refuses features of PEFT that change what an adapter computes and that are not read here.
// A field that is absent, null, false or empty is accepted.
void refuse_foreign(const JsonFields& fields) {
  static constexpr const char* kForeign[] = {
      "use_dora",          "use_qalora",      "use_bdlora",
      "layer_replication", "kasa_config",     "alora_invocation_tokens",
      "target_parameters", "arrow_config",    "trainable_token_indices",
      "velora_config",     "megatron_config", "monteclora_config"};
  for (const char* key : kForeign) {
    if (!fields.has(key) || fields.at(key) == false || fields.at(key).empty()) continue;
    fields.fail(key, "is not supported: it changes what the adapter computes");
  }
  const std::string type = fields.text("peft_type");
  if (type != "LORA")
    fields.fail("peft_type", in_backticks(type) + " is not supported; supported: LORA");
  if (!fields.has("init_lora_weights") || fields.at("init_lora_weights").is_boolean()) return;
  // All other initialisations change the base weights, so they need other weights than the model's
  // folder has.
  const std::string start = fields.text("init_lora_weights");
  if (start != "gaussian" && start != "eva" && start != "orthogonal") {
    fields.fail("init_lora_weights", in_backticks(start) +
                                         " is not supported: it changes the model's own weights. "
                                         "Convert the adapter with PEFT's save_pretrained("
                                         "path_initial_model_for_weight_conversion=...).");
  }
}

int64_t rank_in(const nlohmann::json& value, const JsonFields& fields, const char* key) {
  if (!value.is_number_integer() || value < 1 || value > kMaxRank)
    fields.fail(key, "must be a rank from 1 to " + std::to_string(kMaxRank) + ", but is " +
                         value.dump().substr(0, 40));
  return value.get<int64_t>();
}

double alpha_in(const nlohmann::json& value, const JsonFields& fields, const char* key) {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    fields.fail(key, "must be a number, but is " + value.dump().substr(0, 40));
  return value.get<double>();
}

// The first pattern that matches counts, so their order in the file matters. nlohmann::json does
// not keep it.
template <typename Value, typename Read>
std::vector<std::pair<std::string, Value>> patterns_in(const std::string& text,
                                                       const JsonFields& fields, const char* key,
                                                       Read read) {
  std::vector<std::pair<std::string, Value>> patterns;
  if (!fields.has(key)) return patterns;
  fields.object(key);
  const auto ordered = nlohmann::ordered_json::parse(text);
  for (const auto& [expression, value] : ordered.at(key).items())
    patterns.emplace_back(expression, read(nlohmann::json(value), fields, key));
  return patterns;
}

}  // namespace

AdapterConfig read_adapter_config(const std::string& folder) {
  const std::string path = folder + "/" + kAdapterConfig;
  for (const char* name : {kAdapterConfig, kAdapterTensors}) {
    if (std::filesystem::exists(folder + "/" + name)) continue;
    const bool pickled = std::filesystem::exists(folder + "/adapter_model.bin");
    throw DataError(printable(folder) + ": has no " + name + ". " +
                    (pickled ? "Its adapter_model.bin is a pickle, which can run code: load it "
                               "with PEFT and save_pretrained() it."
                             : std::string("An adapter is a folder with ") + kAdapterConfig +
                                   " and " + kAdapterTensors + "."));
  }
  const std::string text = read_input(path, size_t{1} << 24);
  const nlohmann::json document = parse_json(text, printable(path), json_memory(text.size()));
  const JsonFields fields(document, printable(path));
  refuse_foreign(fields);
  AdapterConfig config;
  config.rank = rank_in(fields.at("r"), fields, "r");
  config.alpha = alpha_in(fields.at("lora_alpha"), fields, "lora_alpha");
  config.rank_stabilized = fields.boolean("use_rslora", false);
  config.dropout = fields.number("lora_dropout", 0);
  if (config.dropout < 0 || config.dropout >= 1)
    fields.fail("lora_dropout", "must be from 0 to below 1");
  config.targets.clear();
  const nlohmann::json& targets = fields.at("target_modules");
  if (targets.is_string())
    config.target_expression = targets.get<std::string>();
  else if (targets.is_null())
    config.targets = {"q_proj", "v_proj"};  // PEFT's choice for all families that are read here
  else
    config.targets = fields.texts("target_modules");
  config.rank_pattern = patterns_in<int64_t>(text, fields, "rank_pattern", rank_in);
  config.alpha_pattern = patterns_in<double>(text, fields, "alpha_pattern", alpha_in);
  config.base_model = fields.text("base_model_name_or_path", "");
  config.bias = fields.text("bias", "none");
  if (fields.has("modules_to_save")) config.saved_modules = fields.texts("modules_to_save");
  return config;
}

nlohmann::ordered_json to_json(const AdapterConfig& config) {
  nlohmann::ordered_json json = {{"peft_type", "LORA"},
                                 {"task_type", "CAUSAL_LM"},
                                 {"base_model_name_or_path", nullptr},
                                 {"inference_mode", true},
                                 {"r", config.rank},
                                 {"lora_alpha", config.alpha},
                                 {"lora_dropout", config.dropout},
                                 {"use_rslora", config.rank_stabilized},
                                 {"target_modules", config.targets},
                                 {"rank_pattern", nlohmann::ordered_json::object()},
                                 {"alpha_pattern", nlohmann::ordered_json::object()},
                                 {"bias", config.bias},
                                 {"fan_in_fan_out", false},
                                 {"init_lora_weights", true},
                                 {"modules_to_save", nullptr}};
  if (!config.saved_modules.empty()) json["modules_to_save"] = config.saved_modules;
  if (!config.base_model.empty()) json["base_model_name_or_path"] = config.base_model;
  if (!config.target_expression.empty()) json["target_modules"] = config.target_expression;
  for (const auto& [expression, rank] : config.rank_pattern)
    json["rank_pattern"][expression] = rank;
  for (const auto& [expression, alpha] : config.alpha_pattern)
    json["alpha_pattern"][expression] = alpha;
  return json;
}

bool AdapterConfig::targets_module(const std::string& module) const {
  if (!target_expression.empty()) return fits_whole(target_expression, module);
  return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
    return module == target || module.ends_with("." + target);
  });
}

int64_t AdapterConfig::rank_of(const std::string& module) const {
  return first_fit(rank_pattern, module, rank);
}

double AdapterConfig::scale_of(const std::string& module) const {
  const auto r = static_cast<double>(rank_of(module));
  return first_fit(alpha_pattern, module, alpha) / (rank_stabilized ? std::sqrt(r) : r);
}

}  // namespace lea::lm
