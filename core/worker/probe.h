// The `probe` verb: tries one plugin file in this process, which may die of it.
#pragma once

#include <string>

namespace lea::worker {

// Checks and loads `file`, makes each plugin in it with its default parameters and runs it on toy
// data. Prints one JSON object on stdout: {state: "enabled"|"failed", reason, warnings: [text],
// plugins: [PluginInfo], built_with, sha256}. A line "phase: ..." goes to stderr before each step,
// so that the caller can name what a crash or a hang was in. Whatever the plugin prints goes to
// stderr. Returns the exit code; only the JSON tells that the plugin is good. Call it first thing
// in main: it sets limits on the process.
int run_probe(const std::string& file);

}  // namespace lea::worker
