// LoRA adapters (arXiv 2106.09685) in PEFT's format: a folder with adapter_config.json and
// adapter_model.safetensors. Adapters that PEFT trained load here, and adapters that are saved here
// load in PEFT.
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
  double dropout = 0;            // of the input of A, in training; from 0 to below 1
  // Last parts of module names, such as "q_proj".
  std::vector<std::string> targets = {"q_proj", "k_proj", "v_proj"};
  // If not empty, a regular expression of whole module names that is used instead of `targets`, or
  // PEFT's word "all-linear": every linear module but the head. An adapter's own config has the
  // names that the word stands for.
  std::string target_expression = {};
  // Own ranks or alphas of some modules. The first regular expression that matches the end of a
  // module's name, from its start or from a dot, counts.
  std::vector<std::pair<std::string, int64_t>> rank_pattern = {};
  std::vector<std::pair<std::string, double>> alpha_pattern = {};
  std::string base_model = {};  // base_model_name_or_path; only stored
  // PEFT's `bias` and `modules_to_save`: which weights of the model the adapter's files replace.
  // These weights are loaded, used and saved again, but they are not trained here.
  std::string bias = "none";
  std::vector<std::string> saved_modules = {};

  LEA_LM_API bool targets_module(const std::string& module) const;
  LEA_LM_API int64_t rank_of(const std::string& module) const;
  LEA_LM_API double scale_of(const std::string& module) const;
};

class LEA_LM_API Adapter {
 public:
  // Makes an adapter for every module of the decoder that the config targets. A is initialised as
  // in PEFT (uniform, +-1 / sqrt(in)), B with zeros. Both are float32, lie on the decoder's device
  // and require gradients. Random numbers come from LibTorch's default generator. Throws DataError
  // if the config targets no module, and std::invalid_argument for a rank below 1 or a dropout that
  // is not within [0, 1).
  static Adapter make(const AdapterConfig& config, Decoder& decoder);

  // Throws DataError for a damaged file, for a feature that is not supported (the message names it,
  // DoRA for example), and for a tensor that fits no module of the decoder: "...: must be [16, 8],
  // but is [32, 8]. The adapter is of another model, or of another config." Also reads adapters of
  // models without a head, whose names lack "model.", and the copies of saved modules that PEFT
  // writes after the vocabulary was resized.
  static Adapter load(const std::string& folder, Decoder& decoder);

  // Writes both files. Throws StoreError if a file cannot be written; that file then keeps its old
  // contents.
  void save(const std::string& folder) const;

  // Makes the decoder compute with this adapter instead of any other. The decoder shares the
  // tensors of the adapter, so training them changes what the decoder computes.
  void attach(Decoder& decoder) const;

  // Adds the adapter to the decoder's weights, so that it costs no more time. The sum is computed
  // in float32 and rounded to the type of the weights. Changed weights are copies; the model's
  // files stay as they are. Afterwards no adapter is attached to the decoder.
  void merge(Decoder& decoder) const;
  // Bytes of the copies of weight matrices that merge() makes in a decoder of this type.
  uint64_t bytes_merged(at::ScalarType type) const;

  const AdapterConfig& config() const { return config_; }
  std::vector<at::Tensor> parameters() const;  // A, B and any bias of B; modules by name

 private:
  AdapterConfig config_;
  std::map<std::string, LowRank> modules_;
  std::map<std::string, at::Tensor> replaced_;  // name of a weight -> its replacement
};

}  // namespace lea::lm
