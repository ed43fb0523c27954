// Checkpoints of a run: all that the next step depends on.
//
// checkpoint/step-N.safetensors  tensors by name: model/..., best/..., adam/GROUP/...,
// proposals/... checkpoint/step-N.json         {sha256, size, step, progress: {...}} published
// after the tensors checkpoint/best.safetensors    model/... of the reported numbers; written when
// the run has ended The two newest are kept. A checkpoint counts only when its tensors have the
// manifest's sha256.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/api/types.h"

namespace lea::train {

struct Checkpoint {
  int64_t step = 0;
  nlohmann::json
      progress;  // best value and step, validations since, updates, events.jsonl length ...
  std::map<std::string, Tensor> tensors;
};

// Throws StoreError when the disk refuses; older checkpoints stay as they are.
void save_checkpoint(const std::string& run, const Checkpoint& checkpoint);

// The newest that verifies. `say` gets one sentence for each that did not.
std::optional<Checkpoint> load_checkpoint(const std::string& run,
                                          const std::function<void(const std::string&)>& say);

void save_best(const std::string& run, const std::map<std::string, Tensor>& model);
std::map<std::string, Tensor> load_best(const std::string& run);

// Removes step-N files, which a finished run no longer needs.
void drop_checkpoints(const std::string& run);

}  // namespace lea::train
