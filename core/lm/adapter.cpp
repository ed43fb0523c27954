#include "core/lm/adapter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/scalar_type.h"
#include "core/lm/tensor_file.h"
#include "core/lm/tokenizer/pattern.h"

namespace lea::lm {
namespace {

using at::Tensor;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kTensors = "adapter_model.safetensors";
constexpr const char* kPrefix = "base_model.model.";
constexpr int64_t kMaxRank = 65536;

bool fits_whole(const std::string& expression, const std::string& module) {
  return Pattern("\\A(?:" + expression + ")\\z", kConfig).is_whole(module);
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

// Refuses features of PEFT that change what an adapter computes and that are not implemented here.
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

AdapterConfig read_adapter_config(const std::string& folder) {
  const std::string path = folder + "/" + kConfig;
  for (const char* name : {kConfig, kTensors}) {
    if (std::filesystem::exists(folder + "/" + name)) continue;
    const bool pickled = std::filesystem::exists(folder + "/adapter_model.bin");
    throw DataError(printable(folder) + ": has no " + name + ". " +
                    (pickled ? "Its adapter_model.bin is a pickle, which can run code: load it "
                               "with PEFT and save_pretrained() it."
                             : std::string("An adapter is a folder with ") + kConfig + " and " +
                                   kTensors + "."));
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
    fields.fail("target_modules", "null is not supported: name the modules");
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

void require_shape(const Tensor& tensor, at::IntArrayRef shape, const std::string& where) {
  if (tensor.sizes() == shape) return;
  throw DataError(where + ": must be " + text_of(shape) + ", but is " + text_of(tensor.sizes()) +
                  ". The adapter is of another model, or of another config.");
}

std::map<std::string, Linear*> linears_of(Decoder& decoder) {
  std::map<std::string, Linear*> linears;
  decoder.for_each_linear(
      [&](const std::string& module, Linear& linear) { linears.emplace(module, &linear); });
  return linears;
}

// Removes the ending from a name that has it. Returns whether the name had it.
bool cut(std::string* name, std::string_view ending) {
  if (!name->ends_with(ending)) return false;
  name->resize(name->size() - ending.size());
  return true;
}

}  // namespace

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

Adapter Adapter::make(const AdapterConfig& config, Decoder& decoder) {
  Adapter adapter;
  adapter.config_ = config;
  if (config.rank < 1 || config.dropout < 0 || config.dropout >= 1)
    throw std::invalid_argument("Adapter::make: a rank below 1, or a dropout not within [0, 1)");
  for (const auto& [module, linear] : linears_of(decoder)) {
    if (!config.targets_module(module)) continue;
    const int64_t rank = config.rank_of(module), in = linear->weight.size(1),
                  out = linear->weight.size(0);
    const auto options = at::TensorOptions(at::kFloat).device(decoder.device());
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    LowRank& part = adapter.modules_[module];
    part.a = at::empty({rank, in}, options).uniform_(-bound, bound).requires_grad_();
    part.b = at::zeros({out, rank}, options).requires_grad_();
    part.scale = config.scale_of(module);
  }
  if (adapter.modules_.empty())
    throw DataError("the adapter's target modules name no module of the model.");
  return adapter;
}

Adapter Adapter::load(const std::string& folder, Decoder& decoder) {
  Adapter adapter;
  adapter.config_ = read_adapter_config(folder);
  const auto linears = linears_of(decoder);
  std::map<std::string, Tensor*> weights;
  decoder.for_each_weight(
      [&](const std::string& name, Tensor& weight) { weights.emplace(name, &weight); });

  const std::string path = folder + "/" + kTensors;
  for (const auto& [key, tensor] : load_tensors(path)) {
    const std::string where = printable(path) + ": " + printable(key);
    if (!key.starts_with(kPrefix)) throw DataError(where + ": does not begin with " + kPrefix);
    const std::string name = key.substr(std::string_view(kPrefix).size());
    std::string module = name;
    const bool is_a = cut(&module, ".lora_A.weight");
    const bool is_b = !is_a && cut(&module, ".lora_B.weight");
    const bool is_bias = !is_a && !is_b && cut(&module, ".lora_B.bias");
    if (!is_a && !is_b && !is_bias) {
      // PEFT's `bias` option saves the biases of adapted modules under the wrapped module's name.
      std::string own = name;
      if (const size_t at = own.find(".base_layer."); at != std::string::npos)
        own.erase(at, std::string_view(".base_layer").size());
      const auto found = weights.find(own);
      if (found == weights.end())
        throw DataError(where + ": is no weight of the model, nor LoRA's A or B; not supported");
      require_shape(tensor, found->second->sizes(), where);
      adapter.replaced_[own] = tensor.to(decoder.device(), decoder.type());
      continue;
    }
    const auto found = linears.find(module);
    if (found == linears.end()) throw DataError(where + ": the model has no such module");
    if (!adapter.config_.targets_module(module))
      throw DataError(where + ": is not named by target_modules of " + kConfig);
    const int64_t rank = adapter.config_.rank_of(module), out = found->second->weight.size(0);
    LowRank& part = adapter.modules_[module];
    part.scale = adapter.config_.scale_of(module);
    Tensor& place = is_a ? part.a : is_b ? part.b : part.bias;
    if (is_a) require_shape(tensor, {rank, found->second->weight.size(1)}, where);
    if (is_b) require_shape(tensor, {out, rank}, where);
    if (is_bias) require_shape(tensor, {out}, where);
    place = tensor.to(decoder.device(), at::kFloat).requires_grad_();
  }
  for (const auto& [module, part] : adapter.modules_) {
    if (!part.a.defined() || !part.b.defined())
      throw DataError(printable(path) + ": lacks lora_A or lora_B of " + module);
  }
  if (adapter.modules_.empty() && adapter.replaced_.empty())
    throw DataError(printable(path) + ": holds no adapter");
  return adapter;
}

void Adapter::save(const std::string& folder) const {
  std::map<std::string, Tensor> tensors;
  for (const auto& [module, part] : modules_) {
    tensors[kPrefix + module + ".lora_A.weight"] = part.a;
    tensors[kPrefix + module + ".lora_B.weight"] = part.b;
    if (part.bias.defined()) tensors[kPrefix + module + ".lora_B.bias"] = part.bias;
  }
  for (const auto& [name, weight] : replaced_) {
    // PEFT stores a module's own weights below `base_layer` once it has adapted the module.
    const size_t dot = name.rfind('.');
    const bool wrapped = modules_.contains(name.substr(0, dot));
    tensors[kPrefix + (wrapped ? name.substr(0, dot) + ".base_layer" + name.substr(dot) : name)] =
        weight;
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // publish_file reports an error
  save_tensors(folder + "/" + kTensors, tensors);
  nlohmann::ordered_json config = to_json(config_);
  const auto has_bias = [](const auto& module) { return module.second.bias.defined(); };
  config["lora_bias"] = std::any_of(modules_.begin(), modules_.end(), has_bias);
  publish_file(folder + "/" + kConfig, config.dump(2) + "\n");
}

void Adapter::attach(Decoder& decoder) const {
  for (const auto& [module, linear] : linears_of(decoder)) {
    const auto found = modules_.find(module);
    linear->adapter = found == modules_.end() ? std::nullopt : std::optional(found->second);
  }
  decoder.stand_in(replaced_);
}

void Adapter::merge(Decoder& decoder) const {
  const at::NoGradGuard no_grad;
  decoder.stand_in({});
  decoder.for_each_weight([&](const std::string& name, Tensor& weight) {
    if (const auto found = replaced_.find(name); found != replaced_.end()) weight = found->second;
  });
  for (const auto& [module, linear] : linears_of(decoder)) {
    linear->adapter.reset();
    const auto found = modules_.find(module);
    if (found == modules_.end()) continue;
    const LowRank& part = found->second;
    const auto sum = [&](const Tensor& own, const Tensor& change) {
      return (own.to(at::kFloat) + change * part.scale).to(decoder.type());
    };
    linear->weight = sum(linear->weight, at::mm(part.b, part.a));
    if (part.bias.defined()) {
      const Tensor own = linear->bias.defined() ? linear->bias : at::zeros_like(part.bias);
      linear->bias = sum(own, part.bias);
    }
  }
}

uint64_t Adapter::bytes_merged(at::ScalarType type) const {
  uint64_t values = 0;
  for (const auto& [module, part] : modules_)
    values += static_cast<uint64_t>(part.b.size(0) * part.a.size(1));
  return values * c10::elementSize(type);
}

std::vector<Tensor> Adapter::parameters() const {
  std::vector<Tensor> all;
  for (const auto& [module, part] : modules_) {
    all.push_back(part.a);
    all.push_back(part.b);
    if (part.bias.defined()) all.push_back(part.bias);
  }
  return all;
}

}  // namespace lea::lm
