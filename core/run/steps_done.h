// How far an unfinished run has come.
#pragma once

#include <cstdint>

#include "core/run/folder.h"
#include "core/run/state.h"

namespace lea::run {

// The steps that need not be done again: those of a running worker's beat, or those of the newest
// checkpoint of an interrupted run. 0 for every other state, and when the file is missing or
// damaged, because an estimate must not fail.
int64_t steps_done(const Folder& run, State state);

}  // namespace lea::run
