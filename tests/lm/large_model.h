// A model of Mistral-7B's shapes. Its weights are the hole of a file: gigabytes that take no disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lm {

struct LargeModel {
  static constexpr int64_t kVocabulary = 32000, kWidth = 4096, kInner = 14336;
  static constexpr int64_t kHeads = 32, kKeyHeads = 8, kHeadWidth = 128;
  static constexpr int64_t kKeys = kKeyHeads * kHeadWidth;
  int64_t layers = 32;

  std::map<std::string, std::vector<int64_t>> tensors() const {
    std::map<std::string, std::vector<int64_t>> shapes = {
        {"model.embed_tokens.weight", {kVocabulary, kWidth}},
        {"lm_head.weight", {kVocabulary, kWidth}},
        {"model.norm.weight", {kWidth}}};
    for (int64_t layer = 0; layer < layers; ++layer) {
      const std::string at = "model.layers." + std::to_string(layer) + ".";
      shapes[at + "input_layernorm.weight"] = {kWidth};
      shapes[at + "self_attn.q_proj.weight"] = {kWidth, kWidth};
      shapes[at + "self_attn.k_proj.weight"] = {kKeys, kWidth};
      shapes[at + "self_attn.v_proj.weight"] = {kKeys, kWidth};
      shapes[at + "self_attn.o_proj.weight"] = {kWidth, kWidth};
      shapes[at + "post_attention_layernorm.weight"] = {kWidth};
      shapes[at + "mlp.gate_proj.weight"] = {kInner, kWidth};
      shapes[at + "mlp.up_proj.weight"] = {kInner, kWidth};
      shapes[at + "mlp.down_proj.weight"] = {kWidth, kInner};
    }
    return shapes;
  }

  // Writes config.json and model.safetensors, in bfloat16.
  void write(const std::string& folder) const {
    const nlohmann::json config = {{"model_type", "mistral"},
                                   {"vocab_size", kVocabulary},
                                   {"hidden_size", kWidth},
                                   {"intermediate_size", kInner},
                                   {"num_hidden_layers", layers},
                                   {"num_attention_heads", kHeads},
                                   {"num_key_value_heads", kKeyHeads},
                                   {"head_dim", kHeadWidth},
                                   {"max_position_embeddings", 32768},
                                   {"rms_norm_eps", 1e-5},
                                   {"sliding_window", 4096},
                                   {"rope_theta", 10000.0},
                                   {"tie_word_embeddings", false}};
    std::ofstream(folder + "/config.json") << config.dump();
    nlohmann::json header;
    uint64_t end = 0;
    for (const auto& [name, shape] : tensors()) {
      const uint64_t begin = end;
      uint64_t bytes = 2;
      for (const int64_t size : shape) bytes *= static_cast<uint64_t>(size);
      end += bytes;
      header[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {begin, end}}};
    }
    std::string text = header.dump();
    text.resize((text.size() + 63) / 64 * 64, ' ');
    const uint64_t size = text.size();
    const std::string path = folder + "/model.safetensors";
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&size), sizeof size)
        << text;
    std::filesystem::resize_file(path, sizeof size + size + end);
  }
};

}  // namespace lea::lm
