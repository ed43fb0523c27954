// What users ask of a grid at work: one file for each request in the grid's folder requests. The
// grid removes a file when it has read it, and writes what became of the request into its events.
//
//   {"version": 1, "action": "stop" | "skip" | "retry" | "first", "run": HASH or "",
//    "host", "boot_id", "pid", "pid_start"}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/run/folder.h"

namespace lea::run {

struct Request {
  enum class Action {
    kStop,   // interrupt a run, or the whole grid; this grid does not start it again
    kSkip,   // leave out a run that has not begun, or all of them
    kRetry,  // do a failed, stopped or skipped run again, or all that failed
    kFirst,  // start a run before all others
  };
  Action action = Action::kStop;
  std::string hash;  // of the run; empty: the whole grid
};

std::string to_string(Request::Action action);

// lab/grids/ID/requests.
std::string requests_folder(const Folder& grid);

// Writes a request and returns its name. Throws StoreError.
std::string send_request(const Folder& grid, const Request& request);

struct TakenRequest {
  std::string name;                // as send_request returned it
  std::optional<Request> request;  // empty when it was refused
  std::string refusal;             // why, with the name of the file
};

// Reads and removes all requests in the order in which they were sent. A file that cannot be used
// is renamed to NAME.refused. A file that is no whole JSON may still be being written, so it is left
// alone until it is kHalfWrittenSeconds old.
std::vector<TakenRequest> take_requests(const Folder& grid);

inline constexpr double kHalfWrittenSeconds = 5;

}  // namespace lea::run
