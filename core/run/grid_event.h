// What a grid does: the file events.jsonl in its folder, one record an event (core/base/records.h).
//
//   {"event", "time", "task", "run", "text", "warnings", "exit"}
//
// `task` is an index into the tasks of grid.json. Keys that an event does not need are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/run/folder.h"
#include "core/run/progress.h"

namespace lea::run {

struct GridEvent {
  enum class Kind {
    // Of one task:
    kStarted,      // a worker began
    kElsewhere,    // another process works on it; `text` names it. The grid waits for its result
    kProgress,     // never in the file: read from the beat
    kFinished,     // here or elsewhere; `warnings` are those of the making of an artefact
    kFailed,       // `text` is the reason
    kInterrupted,  // a checkpoint was written on request
    kSkipped,      // on request, before it began
    kQueued,       // on request: it is to be done again
    // Of the grid:
    kRefused,  // a run that ended was not collected; `text` is the reason
    // `text` is what a user asked and what became of it; `run` names the request; `exit` is not 0
    // when it was refused.
    kRequest,
    kStopping,  // no task starts any more; `text` says why
    kEnded,     // `exit` and `text` are the exit code and the last message of the grid
  };
  Kind kind = Kind::kStarted;
  size_t task = 0;
  std::string run = {};  // uuid; empty before the run has a folder
  std::string text = {};
  std::vector<std::string> warnings = {};
  int exit = 0;
  Progress progress = {};  // kProgress
  std::string time = {};   // UTC
};

// "started", "elsewhere" ...
std::string to_string(GridEvent::Kind kind);
bool is_of_task(GridEvent::Kind kind);

// Appends the event with the current time. Throws StoreError.
void append_event(const Folder& grid, const GridEvent& event);

// The events after the byte `*offset` of the file; moves `*offset` behind them. Skips kinds that
// this program does not know. Throws DataError for a damaged record.
std::vector<GridEvent> read_events(const Folder& grid, uint64_t* offset);

}  // namespace lea::run
