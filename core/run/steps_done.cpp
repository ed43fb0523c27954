#include "core/run/steps_done.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/run/beat.h"

namespace lea::run {
namespace {

// The steps of the newest manifest (core/train/checkpoint.h) in the folder.
int64_t steps_saved(const Folder& run) {
  int64_t steps = 0;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(run.file(kCheckpointFolder), error)) {
    if (entry.path().extension() != ".json") continue;
    try {
      const std::string path = entry.path().string();
      if (const auto manifest = read_json(path))
        steps = std::max(steps, JsonFields(*manifest, path).integer("step", 0));
    } catch (const Error&) {
      // The worker does not use a damaged checkpoint either.
    }
  }
  return steps;
}

}  // namespace

int64_t steps_done(const Folder& run, State state) {
  if (state == State::kInterrupted) return steps_saved(run);
  if (state != State::kRunning) return 0;
  try {
    if (const auto beat = read_beat(run)) return beat->progress.step;
  } catch (const Error&) {
    // See the header.
  }
  return steps_saved(run);
}

}  // namespace lea::run
