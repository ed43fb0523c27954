// The states of a run, told from the files in its folder alone.
#pragma once

#include <optional>
#include <string>

#include "core/run/folder.h"

namespace lea::run {

enum class State { kQueued, kRunning, kFinished, kFailed, kCancelled, kInterrupted };

std::string to_string(State state);
std::optional<State> state_from(const std::string& text);  // empty when it names none

bool is_final(State state);  // finished, failed, cancelled: these never change

// The state that result.json gives. Without that file: running while the worker of the last attempt
// is alive (on this host the process itself, on another one a fresh beat), else interrupted when
// there is a checkpoint, else queued. Throws DataError for a damaged file.
State state_of(const Folder& run);

}  // namespace lea::run
