// The states of a run, derived only from the files in its folder.
#pragma once

#include <optional>
#include <string>

#include "core/run/folder.h"

namespace lea::run {

enum class State { kQueued, kRunning, kFinished, kFailed, kCancelled, kInterrupted };

std::string to_string(State state);
std::optional<State> state_from(const std::string& text);  // empty for an unknown name

bool is_final(State state);  // finished, failed or cancelled: the state never changes again

// The state in result.json. Without that file:
//   running      the worker of the last attempt is alive. On this host its process exists and
//                holds the folder's lock. On another host its beat is fresh (core/run/beat.h).
//   interrupted  no worker is alive, and there is a checkpoint
//   queued       otherwise
// Throws DataError for a damaged file.
State state_of(const Folder& run);

}  // namespace lea::run
