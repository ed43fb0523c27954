// What a training leaves beside the files of its learner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lea {

struct Tuned {
  int64_t steps = 0;      // that were taken
  bool diverged = false;  // what is kept is from before the loss rose
  // loss, reward_loss and state_loss: means over the last 20 steps. With validation sequences, of
  // what is kept: validation_accuracy, validation_state_accuracy and state_cosine, see
  // TuningValidation.
  std::map<std::string, double> figures;
};

// A file among those of the artefact: "steps", "diverged" and the figures, each F64 [1].
inline constexpr const char* kFiguresFile = "figures.safetensors";

// Writes kFiguresFile into the folder. It is written last, so it says that the learner's files are
// complete.
void write_tuned(const std::string& folder, const Tuned& tuned);

// Empty without such a file. Throws DataError for a damaged one.
std::optional<Tuned> read_tuned(const std::string& folder);

}  // namespace lea
