#include "core/lm/adapter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/lm/adapter_config.h"
#include "core/lm/scalar_type.h"
#include "core/lm/tensor_file.h"
#include "core/lm/weights.h"

namespace lea::lm {
namespace {

using at::Tensor;

constexpr const char* kPrefix = "base_model.model.";
constexpr const char* kAllLinear = "all-linear";
constexpr const char *kEmbedding = "embed_tokens", *kHead = "lm_head";

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

// Replaces PEFT's word by the last parts of the names of all linear modules but the head.
void name_targets(const std::map<std::string, Linear*>& linears, AdapterConfig* config) {
  if (lower(config->target_expression) != kAllLinear) return;
  std::set<std::string> names;
  for (const auto& [module, linear] : linears) {
    if (module != kHead) names.insert(module.substr(module.rfind('.') + 1));
  }
  config->targets.assign(names.begin(), names.end());
  config->target_expression.clear();
}

// Whether the module of this weight is called `name`, or ends with it after a dot.
bool is_of_module(const std::string& weight, const std::string& name) {
  const std::string module = weight.substr(0, weight.rfind('.'));
  return module == name || module.ends_with("." + name);
}

// Removes the part, which stands between dots, from a name that has it. Returns whether the name had
// it.
bool drop(std::string* name, std::string_view part) {
  std::string between = ".";
  between.append(part).append(".");
  const size_t at = name->find(between);
  if (at == std::string::npos) return false;
  name->erase(at, part.size() + 1);
  return true;
}

// Removes the ending from a name that has it. Returns whether the name had it.
bool cut(std::string* name, std::string_view ending) {
  if (!name->ends_with(ending)) return false;
  name->resize(name->size() - ending.size());
  return true;
}

// Collects the weights of an adapter's file that replace the model's own. After the vocabulary was
// resized, PEFT writes a saved module under its own name and twice more: the same tensor below
// `modules_to_save`, and what it was before the training below `original_module`.
class Replacements {
 public:
  explicit Replacements(Decoder& decoder) : type_(decoder.type()), device_(decoder.device()) {
    decoder.for_each_weight([this](const std::string& name, Tensor& weight) {
      shapes_.emplace(name, weight.sizes().vec());
    });
  }

  void add(std::string name, const Tensor& tensor, const std::string& where) {
    // PEFT's `bias` option saves the biases of adapted modules under the wrapped module's name.
    drop(&name, "base_layer");
    const bool is_original = drop(&name, "original_module");
    drop(&name, "modules_to_save");
    const auto shape = shapes_.find(name);
    if (shape == shapes_.end())
      throw DataError(where + ": is no weight of the model, nor LoRA's A or B; not supported");
    require_weight_shape(name, tensor, shape->second, where);
    if (is_original) {
      originals_.emplace(name, where);
      return;
    }
    const Tensor weight = tensor.to(device_, type_);
    const auto [same, is_new] = tensors_.emplace(name, weight);
    if (is_new || at::equal(same->second, weight)) return;
    throw DataError(where + ": differs from the other tensor that the file has for " + name +
                    ". Save the adapter again with PEFT's save_pretrained.");
  }

  // Checks that nothing is missing of what the config and the file announce.
  std::map<std::string, Tensor> complete(const AdapterConfig& config, const std::string& path) {
    for (const auto& [name, where] : originals_) {
      if (!tensors_.contains(name))
        throw DataError(where + ": the file lacks the trained tensor that belongs to it");
    }
    for (const std::string& module : config.saved_modules) {
      const auto of_module = [&](const auto& weight) { return is_of_module(weight.first, module); };
      if (std::any_of(shapes_.begin(), shapes_.end(), of_module) &&
          std::none_of(tensors_.begin(), tensors_.end(), of_module)) {
        throw DataError(printable(path) + ": lacks the weight of " + in_backticks(module) +
                        ", which modules_to_save of " + kAdapterConfig + " names");
      }
    }
    return std::move(tensors_);
  }

 private:
  static void require_weight_shape(const std::string& name, const Tensor& tensor,
                                   at::IntArrayRef shape, const std::string& where) {
    const bool of_vocabulary = is_of_module(name, kEmbedding) || is_of_module(name, kHead);
    const bool fits = tensor.sizes() == shape;
    if (fits || !of_vocabulary || tensor.dim() != 2 || tensor.size(1) != shape[1])
      return require_shape(tensor, shape, where);
    throw DataError(where + ": must be " + text_of(shape) + ", but is " + text_of(tensor.sizes()) +
                    ": the adapter was trained after the vocabulary was resized. Resize the "
                    "model's embeddings as well, with transformers' resize_token_embeddings, and "
                    "save it.");
  }

  at::ScalarType type_;
  at::Device device_;
  std::map<std::string, std::vector<int64_t>> shapes_;  // of the model's weights
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> originals_;  // name -> its place, for messages
};

}  // namespace

Adapter Adapter::make(const AdapterConfig& config, Decoder& decoder) {
  Adapter adapter;
  adapter.config_ = config;
  if (config.rank < 1 || config.dropout < 0 || config.dropout >= 1)
    throw std::invalid_argument("Adapter::make: a rank below 1, or a dropout not within [0, 1)");
  const auto linears = linears_of(decoder);
  name_targets(linears, &adapter.config_);
  for (const auto& [module, linear] : linears) {
    if (!adapter.config_.targets_module(module)) continue;
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
  name_targets(linears, &adapter.config_);
  Replacements replacements(decoder);
  const std::string path = folder + "/" + kAdapterTensors;
  for (const auto& [key, tensor] : load_tensors(path)) {
    const std::string where = printable(path) + ": " + printable(key);
    if (!key.starts_with(kPrefix)) throw DataError(where + ": does not begin with " + kPrefix);
    std::string module = with_model_prefix(key.substr(std::string_view(kPrefix).size()));
    const std::string name = module;
    const bool is_a = cut(&module, ".lora_A.weight");
    const bool is_b = !is_a && cut(&module, ".lora_B.weight");
    const bool is_bias = !is_a && !is_b && cut(&module, ".lora_B.bias");
    if (!is_a && !is_b && !is_bias) {
      replacements.add(name, tensor, where);
      continue;
    }
    const auto found = linears.find(module);
    if (found == linears.end()) throw DataError(where + ": the model has no such module");
    if (!adapter.config_.targets_module(module))
      throw DataError(where + ": is not named by target_modules of " + kAdapterConfig);
    const int64_t rank = adapter.config_.rank_of(module), out = found->second->weight.size(0);
    LowRank& part = adapter.modules_[module];
    part.scale = adapter.config_.scale_of(module);
    Tensor& place = is_a ? part.a : is_b ? part.b : part.bias;
    if (is_a) require_shape(tensor, {rank, found->second->weight.size(1)}, where);
    if (is_b) require_shape(tensor, {out, rank}, where);
    if (is_bias) require_shape(tensor, {out}, where);
    place = tensor.to(decoder.device(), at::kFloat).requires_grad_();
  }
  adapter.replaced_ = replacements.complete(adapter.config_, path);
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
  save_tensors(folder + "/" + kAdapterTensors, tensors);
  nlohmann::ordered_json config = to_json(config_);
  const auto has_bias = [](const auto& module) { return module.second.bias.defined(); };
  config["lora_bias"] = std::any_of(modules_.begin(), modules_.end(), has_bias);
  publish_file(folder + "/" + kAdapterConfig, config.dump(2) + "\n");
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
