#include "core/run/state.h"

#include <array>
#include <ctime>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/run/attempt.h"
#include "core/run/beat.h"
#include "core/run/result.h"

namespace lea::run {
namespace {

constexpr std::array<const char*, 6> kNames = {"queued", "running",   "finished",
                                               "failed", "cancelled", "interrupted"};

// The manifest (.json) is written last, so a checkpoint without one is incomplete.
bool has_checkpoint(const Folder& run) {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(run.file(kCheckpointFolder), error)) {
    if (entry.path().extension() == ".json") return true;
  }
  return false;
}

bool is_running(const Folder& run) {
  const Attempt last = last_attempt(run);
  if (last.number == 0 || last.ended) return false;
  // The worker holds the lock of its own folder. The folder of a copied lab is not locked.
  if (is_on_this_host(last.process))
    return is_alive(last.process) && is_locked(run.file(kLockFile));
  try {
    const auto beat = read_beat(run);
    return beat && is_fresh(*beat, std::time(nullptr));
  } catch (const Error&) {
    return false;  // a damaged beat is no sign of life, and must not hide the checkpoint
  }
}

}  // namespace

std::string to_string(State state) { return kNames.at(static_cast<size_t>(state)); }

std::optional<State> state_from(const std::string& text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<State>(i);
  }
  return std::nullopt;
}

bool is_final(State state) {
  return state == State::kFinished || state == State::kFailed || state == State::kCancelled;
}

State state_of(const Folder& run) {
  if (const auto result = read_result(run)) return result->state;
  if (is_running(run)) return State::kRunning;
  return has_checkpoint(run) ? State::kInterrupted : State::kQueued;
}

}  // namespace lea::run
