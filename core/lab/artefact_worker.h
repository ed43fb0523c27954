// Asks a worker about artefacts that are not made yet (core/worker/artefact_questions.h).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/lab/process.h"

namespace lea::lab {

struct ArtefactQuestion {
  std::string task;        // of the worker: "count" or "show"
  nlohmann::json headers;  // a list of artefact.json (run::to_json of ArtefactHeader)
  std::string lab;
  std::vector<std::string> plugin_dirs;
  std::vector<std::string> more = {};    // further arguments
  double seconds = 300;                  // the worker is killed after this time
  std::function<bool()> cancelled = {};  // asked several times a second; true kills it
};

// What the worker did. Throws StoreError when no temporary file can be written, and
// Error(kInterrupted) when it was cancelled.
ProcessResult ask_worker(const ArtefactQuestion& question);

// The JSON objects of this type among the lines that a worker printed.
std::vector<nlohmann::json> json_lines(const std::string& out, const std::string& type);

}  // namespace lea::lab
