#include "core/lm/config.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"

namespace lea::lm {
namespace {

constexpr int64_t kMaxSize = int64_t{1} << 24;  // of one dimension; products then fit int64
constexpr int64_t kMaxLayers = 1024;

// Defaults of the families' classes in transformers, for fields that are absent.
struct Family {
  const char* name;
  int64_t key_heads;   // 0: as many as heads
  int64_t head_width;  // 0: width / heads
  int64_t context;
  int64_t window;  // 0: none
  std::vector<int64_t> end_ids;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all = {{"llama", 0, 0, 2048, 0, {2}},
                                          {"mistral", 8, 0, 131072, 4096, {2}},
                                          {"qwen2", 0, 0, 32768, 4096, {}},
                                          {"qwen3", 0, 128, 32768, 4096, {}}};
  return all;
}

std::string names_of_families() {
  std::string names;
  for (const Family& family : families())
    names += (names.empty() ? "" : ", ") + std::string(family.name);
  return names;
}

const Family& family_of(const JsonFields& fields) {
  const std::string type = fields.text("model_type");
  const auto found = std::find_if(families().begin(), families().end(),
                                  [&](const Family& family) { return family.name == type; });
  if (found == families().end()) {
    fields.fail("model_type",
                in_backticks(type) + " is not supported; supported: " + names_of_families());
  }
  return *found;
}

// Refuses fields that change what a model computes and that these families do not have. A field
// that is absent, null or false is accepted.
void refuse_foreign(const JsonFields& fields) {
  static constexpr const char* kForeign[] = {"quantization_config",
                                             "attn_logit_softcapping",
                                             "final_logit_softcapping",
                                             "logits_scaling",
                                             "logit_scale",
                                             "embedding_multiplier",
                                             "residual_multiplier",
                                             "attention_multiplier",
                                             "query_pre_attn_scalar",
                                             "no_rope_layers",
                                             "num_experts",
                                             "num_local_experts",
                                             "alibi",
                                             "rope_interleaved",
                                             "is_encoder_decoder",
                                             "add_cross_attention",
                                             "use_qk_norm",
                                             "qk_layernorm",
                                             "attention_chunk_size"};
  for (const char* key : kForeign) {
    if (!fields.has(key) || fields.at(key) == false) continue;
    fields.fail(key, "is not supported: it changes what the model computes");
  }
  if (!fields.boolean("is_causal", true))
    fields.fail("is_causal", "false is not supported: every row would see those behind it");
  const std::string activation = fields.text("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") {
    fields.fail("hidden_act", in_backticks(activation) + " is not supported; supported: silu");
  }
}

int64_t size(const JsonFields& fields, const char* key, int64_t fallback = 0) {
  const int64_t value = fallback > 0 ? fields.integer(key, fallback) : fields.integer(key);
  if (value < 1 || value > kMaxSize) {
    fields.fail(
        key, "must be from 1 to " + std::to_string(kMaxSize) + ", but is " + std::to_string(value));
  }
  return value;
}

double positive(const JsonFields& fields, const char* key) {
  const double value = fields.number(key);
  if (!(value > 0)) fields.fail(key, "must be above 0, but is " + fields.at(key).dump());
  return value;
}

// As in transformers, rope_scaling (before version 5) is used rather than rope_parameters, and the
// rope_theta inside the used object rather than the one beside it.
Rope rope_of(const JsonFields& fields, int64_t context) {
  Rope rope;
  if (fields.has("rope_theta")) rope.theta = positive(fields, "rope_theta");
  if (fields.number("partial_rotary_factor", 1) != 1)
    fields.fail("partial_rotary_factor", "is not supported unless it is 1");
  const bool has_scaling = fields.has("rope_scaling") && !fields.at("rope_scaling").empty();
  const char* key = has_scaling ? "rope_scaling" : "rope_parameters";
  if (!fields.has(key)) return rope;
  const JsonFields stated = fields.object(key);
  for (const auto& [name, value] : fields.at(key).items()) {
    if (value.is_object())
      stated.fail(name.c_str(), "positions for each type of layer are not supported");
  }
  if (stated.has("rope_theta")) rope.theta = positive(stated, "rope_theta");
  if (stated.number("partial_rotary_factor", 1) != 1)
    stated.fail("partial_rotary_factor", "is not supported unless it is 1");
  const char* type_key = stated.has("rope_type") ? "rope_type" : "type";
  const std::string type = stated.text(type_key, "default");
  if (type == "default") return rope;
  if (type != "linear" && type != "llama3") {
    stated.fail(type_key,
                in_backticks(type) + " is not supported; supported: default, linear, llama3");
  }
  rope.factor = positive(stated, "factor");
  if (type == "linear") {
    rope.type = RopeType::kLinear;
    return rope;
  }
  rope.type = RopeType::kLlama3;
  rope.low_frequency_factor = positive(stated, "low_freq_factor");
  rope.high_frequency_factor = positive(stated, "high_freq_factor");
  // As in transformers, the field beside the object is used rather than the one inside it.
  const JsonFields& holder = fields.has("original_max_position_embeddings") ? fields : stated;
  rope.original_context = size(holder, "original_max_position_embeddings", context);
  if (rope.low_frequency_factor >= rope.high_frequency_factor)
    stated.fail("low_freq_factor", "must be below high_freq_factor");
  return rope;
}

std::vector<int64_t> windows_of(const JsonFields& fields, const Family& family, int64_t layers) {
  const std::vector<int64_t> none(static_cast<size_t>(layers), 0);
  if (family.window == 0) {
    if (fields.has("sliding_window"))
      fields.fail("sliding_window", std::string("is not supported for ") + family.name);
    return none;
  }
  const bool qwen = family.name != std::string("mistral");
  const bool has_window = fields.has("sliding_window") || !fields.contains("sliding_window");
  const bool slides = has_window && (!qwen || fields.boolean("use_sliding_window", false));
  std::vector<std::string> types;
  if (fields.has("layer_types")) {
    types = fields.texts("layer_types");
    if (std::ssize(types) != layers) {
      fields.fail("layer_types", "must name " + counted(layers, "layer") + ", but names " +
                                     std::to_string(types.size()));
    }
  }
  std::vector<int64_t> windows = none;
  const int64_t window = slides ? size(fields, "sliding_window", family.window) : 0;
  const int64_t first = qwen ? fields.integer("max_window_layers", 28) : 0;
  for (int64_t i = 0; i < layers; ++i) {
    bool sliding = slides && i >= first;
    if (!types.empty()) {
      const std::string& type = types[static_cast<size_t>(i)];
      if (type != "full_attention" && type != "sliding_attention") {
        fields.fail("layer_types", in_backticks(type) + " is not supported; supported: " +
                                       "full_attention, sliding_attention");
      }
      const bool stated = type == "sliding_attention";
      if ((stated && !slides) || (!qwen && stated != sliding))
        fields.fail("layer_types", "does not fit sliding_window");
      sliding = stated;
    }
    windows[static_cast<size_t>(i)] = sliding ? window : 0;
  }
  return windows;
}

// Reads an id, a list of ids, or null for no ids. Returns false if the key is absent.
bool read_end_ids(const JsonFields& fields, int64_t vocabulary, std::vector<int64_t>* ids) {
  if (!fields.contains("eos_token_id")) return false;
  ids->clear();
  if (!fields.has("eos_token_id")) return true;
  nlohmann::json list = fields.at("eos_token_id");
  if (!list.is_array()) list = nlohmann::json::array({list});
  for (const nlohmann::json& id : list) {
    if (!id.is_number_integer() || id < 0 || id >= vocabulary)
      fields.fail("eos_token_id", "must be ids below vocab_size, but is " + list.dump());
    ids->push_back(id.get<int64_t>());
  }
  return true;
}

// Fields of sampling (temperature, top_p ...) are ignored, because greedy generation does not use
// them.
void read_generation(const JsonFields& fields, int64_t vocabulary, Generation* generation) {
  // Each with the number that switches it off; -1 where no number does.
  static constexpr std::pair<const char*, int> kForeign[] = {
      {"min_length", 0},
      {"min_new_tokens", 0},
      {"no_repeat_ngram_size", 0},
      {"suppress_tokens", 0},
      {"bad_words_ids", 0},
      {"begin_suppress_tokens", 0},
      {"sequence_bias", 0},
      {"forced_bos_token_id", -1},
      {"stop_strings", 0},
      {"forced_eos_token_id", -1},
      {"dola_layers", 0},
      {"watermarking_config", 0},
      {"penalty_alpha", 0},
      {"exponential_decay_length_penalty", 0},
      {"num_beams", 1},
      {"guidance_scale", 1}};
  read_end_ids(fields, vocabulary, &generation->end_ids);
  if (fields.has("repetition_penalty"))
    generation->repetition_penalty = positive(fields, "repetition_penalty");
  for (const auto& [key, neutral] : kForeign) {
    if (!fields.has(key)) continue;
    const nlohmann::json& value = fields.at(key);
    if (value == neutral || value == false || (value.is_structured() && value.empty())) continue;
    generation->unsupported = fields.where() + ": " + key;
  }
}

}  // namespace

Config read_config(const std::string& folder) {
  const std::string path = folder + "/config.json";
  require_folder(folder);
  const auto document = read_json(path);
  if (!document) {
    throw DataError(printable(path) +
                    ": is missing. A Hugging Face folder has config.json, *.safetensors and "
                    "tokenizer.json or tokenizer.model.");
  }
  const JsonFields fields(*document, printable(path));
  const Family& family = family_of(fields);
  refuse_foreign(fields);
  Config config;
  config.family = family.name;
  config.vocabulary = size(fields, "vocab_size");
  config.width = size(fields, "hidden_size");
  config.inner = size(fields, "intermediate_size");
  config.layers = size(fields, "num_hidden_layers");
  config.heads = size(fields, "num_attention_heads");
  config.key_heads =
      size(fields, "num_key_value_heads", family.key_heads > 0 ? family.key_heads : config.heads);
  if (config.layers > kMaxLayers)
    fields.fail("num_hidden_layers", "must be at most " + std::to_string(kMaxLayers));
  if (config.heads % config.key_heads != 0)
    fields.fail("num_key_value_heads", "must divide num_attention_heads");
  if (!fields.has("head_dim") && family.head_width == 0 && config.width % config.heads != 0)
    fields.fail("hidden_size", "must be a multiple of num_attention_heads");
  config.head_width = size(fields, "head_dim",
                           family.head_width > 0 ? family.head_width : config.width / config.heads);
  if (config.head_width % 2 != 0) fields.fail("head_dim", "must be even");
  config.context = size(fields, "max_position_embeddings", family.context);
  config.epsilon = fields.number("rms_norm_eps", 1e-6);
  if (config.epsilon < 0) fields.fail("rms_norm_eps", "must not be negative");
  config.rope = rope_of(fields, config.context);
  config.tied = fields.boolean("tie_word_embeddings", false);
  const bool llama = config.family == "llama", qwen2 = config.family == "qwen2",
             qwen3 = config.family == "qwen3";
  const bool attention_bias = fields.boolean("attention_bias", false);
  config.qkv_bias = qwen2 || ((llama || qwen3) && attention_bias);
  config.output_bias = (llama || qwen3) && attention_bias;
  config.mlp_bias = llama && fields.boolean("mlp_bias", false);
  config.qk_norm = qwen3;
  config.window = windows_of(fields, family, config.layers);

  Generation& generation = config.generation;
  if (!read_end_ids(fields, config.vocabulary, &generation.end_ids))
    generation.end_ids = family.end_ids;
  const std::string generation_path = folder + "/generation_config.json";
  if (const auto stated = read_json(generation_path))
    read_generation(JsonFields(*stated, printable(generation_path)), config.vocabulary,
                    &generation);
  return config;
}

}  // namespace lea::lm
