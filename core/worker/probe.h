// The worker's `probe` task: tries one plugin file in this process, which may crash.
#pragma once

#include <string>

namespace lea::worker {

// Checks and loads `file`, makes each plugin in it with its default parameters, and runs it on toy
// data. Prints one JSON object on stdout:
//
//   {"state": "enabled" | "failed", "reason", "warnings": [text, ...],
//    "plugins": [PluginInfo, ...], "built_with", "sha256"}
//
// Prints a line "phase: ..." on stderr before each step, so that the caller can say where the
// process crashed or hung. The plugin's own output goes to stderr, too. Returns the exit code. A
// plugin is good only when the JSON says so. Call this first in main, because it sets limits on the
// process.
int run_probe(const std::string& file);

}  // namespace lea::worker
