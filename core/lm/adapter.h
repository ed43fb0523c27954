// LoRA adapters (arXiv 2106.09685) as PEFT writes them: a folder with adapter_config.json and
// adapter_model.safetensors. What PEFT trained loads here, and what is saved here loads in PEFT.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// The fields of PEFT's LoraConfig that change what is computed.
struct AdapterConfig {
  int64_t rank = 8;
  double alpha = 8;
  bool rank_stabilized = false;  // scale alpha / sqrt(rank), not alpha / rank (arXiv 2312.03732)
  double dropout = 0;            // in training, of what enters A
  // Last parts of module names ("q_proj"), or one regular expression of whole names.
  std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj"};
  std::string target_expression = {};  // instead, unless empty
  // Expression of the end of a module's name -> its own rank or alpha; the first that fits counts.
  std::vector<std::pair<std::string, int64_t>> rank_pattern = {};
  std::vector<std::pair<std::string, double>> alpha_pattern = {};
  std::string base_model = {};  // base_model_name_or_path; only told
  // Which of the model's own weights the files replace: PEFT's `bias` and `modules_to_save`. Only
  // loaded and saved again; here such weights are not trained.
  std::string bias = "none";
  std::vector<std::string> saved_modules = {};

  bool targets_module(const std::string& module) const;
  int64_t rank_of(const std::string& module) const;
  double scale_of(const std::string& module) const;
};

class LEA_LM_API Adapter {
 public:
  // For every module of the decoder that the config targets: A as PEFT initialises it (uniform,
  // +-1 / sqrt(in)), B zero, float32 on the decoder's device, asking for gradients. Random numbers
  // come from LibTorch's default generator. Throws DataError when it targets none, and
  // std::invalid_argument for a rank below 1 or a dropout not within [0, 1).
  static Adapter make(const AdapterConfig& config, Decoder& decoder);

  // Throws DataError for a damaged file, for a feature that is not supported (DoRA and the like),
  // by name, and for a tensor that fits no module of the decoder: "...: must be [16, 8], but is
  // [32, 8]. The adapter is of another model."
  static Adapter load(const std::string& folder, Decoder& decoder);

  // Both files. Throws StoreError, and then leaves what was there.
  void save(const std::string& folder) const;

  // From now on the decoder computes with the adapter; the tensors are shared, so that training
  // them trains it. Replaces another one.
  void attach(Decoder& decoder) const;

  // Adds the adapter to the decoder's weights (in float32, then rounded to their type), which then
  // costs nothing more. The touched weights are copies; the files stay as they are. One that is
  // attached, this or another, is so no longer.
  void merge(Decoder& decoder) const;
  // What those copies take in a decoder of this type.
  uint64_t bytes_merged(at::ScalarType type) const;

  const AdapterConfig& config() const { return config_; }
  std::vector<at::Tensor> parameters() const;  // A, B of each module, modules in order of name

 private:
  AdapterConfig config_;
  std::map<std::string, LowRank> modules_;
  std::map<std::string, at::Tensor> replaced_;  // weight -> what stands in its place
};

}  // namespace lea::lm
