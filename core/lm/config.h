// Reads the config.json of a decoder-only transformer from a Hugging Face folder: the Llama 2 / 3,
// Mistral, Qwen 2 / 2.5 / 3 and SmolLM2 families, in the layouts before and since transformers 5.
//
// Every field that changes the maths is either honoured or refused by an error that names it.
// Fields that only training or other programs read (attention_dropout, initializer_range,
// use_cache, auto_map ...) are ignored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

enum class RopeType { kDefault, kLinear, kLlama3 };

// Rotary positions: pair (i, i + head_width / 2) of a head turns by position * frequency(i).
struct Rope {
  RopeType type = RopeType::kDefault;
  double theta = 10000;
  double factor = 1;                 // linear, llama3
  double low_frequency_factor = 1;   // llama3
  double high_frequency_factor = 4;  // llama3
  int64_t original_context = 0;      // llama3
};

// Settings of greedy generation from generation_config.json. If it has no eos_token_id, the end ids
// are those of config.json, otherwise the family's defaults.
struct Generation {
  std::vector<int64_t> end_ids;
  // For ids that the text has: divides positive scores, multiplies negative ones.
  double repetition_penalty = 1;
  std::string unsupported;  // "FILE: KEY" of a rule that generate() refuses, or empty
};

struct Config {
  std::string family;  // model_type: llama, mistral, qwen2, qwen3
  int64_t vocabulary = 0;
  int64_t width = 0;  // hidden_size
  int64_t inner = 0;  // intermediate_size
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t key_heads = 0;   // num_key_value_heads; divides heads
  int64_t head_width = 0;  // head_dim; even
  int64_t context = 0;     // max_position_embeddings
  double epsilon = 1e-6;   // of each RMSNorm
  Rope rope;
  bool tied = false;         // the head's weight is the embedding
  bool qkv_bias = false;     // of q_proj, k_proj and v_proj
  bool output_bias = false;  // of o_proj
  bool mlp_bias = false;     // of gate_proj, up_proj and down_proj
  bool qk_norm = false;      // an RMSNorm over each head of q and k, before the rotation
  // [layers]: the number of keys that a query sees, including its own; 0: all up to its own.
  std::vector<int64_t> window;
  Generation generation;
};

// Reads FOLDER/config.json and, if it exists, generation_config.json. Throws DataError:
// "config.json: rope_scaling: rope_type: `yarn` is not supported; supported: default, linear,
// llama3".
LEA_LM_API Config read_config(const std::string& folder);

}  // namespace lea::lm
