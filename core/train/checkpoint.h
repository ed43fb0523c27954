// Checkpoints of a run: everything that the next step depends on. The caller chooses their folder.
// It contains:
//
//   step-N.safetensors  tensors by name: model/..., best/..., adam/GROUP/..., proposals/..., and
//                       refresh/... of proposals that are being made (core/train/proposer.h)
//   step-N.json         the manifest, published after the tensors: {sha256, size, step, progress}
//   best.safetensors    the network of the reported numbers, written when the run has ended
//
// The two newest checkpoints are kept. A checkpoint counts only when its tensors have the sha256 of
// its manifest.
//
// `progress` also records what made the steps:
//
//   data_fingerprint, split_fingerprint
//   plugins    "KIND ID" -> {version, sha256}
//   numerics   spec::kNumerics
//   artefacts  the files that were made once: "KIND of PLUGIN" -> sha256
//   software   LibTorch and LEA Lab -> version
//
// One of them may be replaced between two attempts: a plugin gets another version in the middle of
// a study, or the data set is imported again. If the run then continued, its numbers would come
// from two experiments. If it were refused, the user would still need a run from the start.
// Therefore the checkpoints are removed, the run starts again from step 0, and log.txt says what
// was replaced. Checkpoints of older programs record less: the oldest no plugins, later ones only
// the sha256 of each library. What a checkpoint does not record is assumed to be equal, and
// `numerics` to be 1.
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
  // stop (EarlyStop::save), updates, validated, seconds, journal (the length of events.jsonl),
  // proposals (Outcome::proposals), refresh_done (Refresh::done), and the keys of MadeWith::to_json.
  nlohmann::json progress;
  std::map<std::string, Tensor> tensors;
};

// The data, plugins, artefacts and software that make the steps of a run.
struct MadeWith {
  std::string data_fingerprint, split_fingerprint;
  std::map<std::string, spec::PluginBuild> plugins;  // by "KIND ID"
  std::map<std::string, std::string> artefacts;      // "KIND of PLUGIN" -> sha256
  std::map<std::string, std::string> software;       // LibTorch and LEA Lab -> version

  nlohmann::json to_json() const;
};

// Describes each part that `progress` records and that differs from `now`: "the data set was
// replaced (was 0123456789ab, is ba9876543210)". Empty when nothing differs.
std::vector<std::string> replaced_since(const nlohmann::json& progress, const MadeWith& now);

// Makes the folder where it is missing, and returns the bytes of the tensors' file. Throws
// StoreError when the disk refuses a file; the older checkpoints then stay as they are.
size_t save_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

// Returns the newest checkpoint that is whole. Calls `say` with one sentence for each newer one
// that is damaged. Throws StoreError or std::bad_alloc when a checkpoint cannot be read now,
// although it may be whole: the next attempt can still use it.
std::optional<Checkpoint> load_checkpoint(const std::string& folder,
                                          const std::function<void(const std::string&)>& say);

// The path of best.safetensors.
std::string best_file(const std::string& folder);

// Write and read best.safetensors. They throw StoreError; load_best also throws DataError for a
// damaged file.
void save_best(const std::string& folder, const std::map<std::string, Tensor>& model);
std::map<std::string, Tensor> load_best(const std::string& folder);

// Removes everything except best.safetensors. A finished run no longer needs its checkpoints. A run
// that starts again must not keep them either: only the two of the highest steps are kept, so its
// own first checkpoints would be removed.
void drop_checkpoints(const std::string& folder);

}  // namespace lea::train
