// Checkpoints of a run: all that the next step depends on. The caller names their folder, which is
// made where it is missing. In it:
//
//   step-N.safetensors  tensors by name: model/..., best/..., adam/GROUP/..., proposals/...
//   step-N.json         {sha256, size, step, progress: {...}}, published after the tensors
//   best.safetensors    model/... of the reported numbers, written when the run has ended
//
// The two newest are kept. A checkpoint counts only when its tensors have the manifest's sha256.
//
// `progress` also names what the steps were made with: data_fingerprint, split_fingerprint, plugins
// ("KIND ID" -> {version, sha256}), numerics (spec::kNumerics) and software (name -> version). When
// one of them was replaced in the meantime (a plugin got another version in the middle of a study,
// the data set was imported anew), to continue would report one number for two experiments. A
// refusal would not help either, because only a fresh start gives the number that was asked for. So
// the checkpoints are dropped, the run starts again from step 0, and log.txt says what was replaced.
// Checkpoints of older programs name less, and what they do not name is trusted: the oldest name
// nothing of a plugin, later ones the library's sha256 alone.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "core/spec/made_with.h"

namespace lea::train {

struct Checkpoint {
  int64_t step = 0;
  // Best value and step, validations since, updates, events.jsonl length, what it was made with ...
  nlohmann::json progress;
  std::map<std::string, Tensor> tensors;
};

// What the steps of a run are made with.
struct MadeWith {
  std::string data_fingerprint, split_fingerprint;
  std::map<std::string, spec::PluginBuild> plugins;  // by "KIND ID"
  std::map<std::string, std::string> software;       // LibTorch and LEA Lab -> version

  nlohmann::json to_json() const;
};

// One phrase for each part that `progress` names and that is another now: "the data set was
// replaced (was 0123456789ab, is ba9876543210)".
std::vector<std::string> replaced_since(const nlohmann::json& progress, const MadeWith& now);

// Throws StoreError when the disk refuses; older checkpoints stay as they are.
void save_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

// The newest that verifies. `say` gets one sentence for each that did not. Throws StoreError, or
// std::bad_alloc, for one that could not be read now and may be whole.
std::optional<Checkpoint> load_checkpoint(const std::string& folder,
                                          const std::function<void(const std::string&)>& say);

void save_best(const std::string& folder, const std::map<std::string, Tensor>& model);
std::map<std::string, Tensor> load_best(const std::string& folder);

// Removes everything but best.safetensors. A finished run no longer needs them; one that starts
// again must not find them, because only the two of the highest step are kept.
void drop_checkpoints(const std::string& folder);

}  // namespace lea::train
