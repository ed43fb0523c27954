// The worker's answers to questions about artefacts before they are made. `file` is a JSON list of
// headers as in artefact.json (core/run/artefact_folder.h). Each answer is one line of JSON with
// the "index" of its header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::worker {

// How much work the making is: prints {"type": "counts", "index", "key", "counts": {sort: amount}}
// for each artefact whose plugin can count, and {"type": "refused", "index", "code", "reason"} when
// the counting finds bad input (code 3), which the making would refuse, or has too little memory
// (code 4). Says nothing of the others. Returns the exit code.
int run_counting(const std::string& lab, const std::string& file,
                 const std::vector<std::string>& plugin_dirs);

// What the plugin of each header would compute, as at most `limit` examples (Preparer::show):
// prints {"type": "shown", "index", "lines": [...]}, or {"type": "refused", "index", "code",
// "reason"} when the plugin throws. Returns the exit code.
int run_showing(const std::string& lab, const std::string& file,
                const std::vector<std::string>& plugin_dirs, int64_t limit);

}  // namespace lea::worker
