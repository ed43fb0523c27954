// The worker's tasks behind the estimates of how long artefacts take: the pace of this machine, and
// the amount of work.
#pragma once

#include <string>
#include <vector>

namespace lea::worker {

// Measures for about eight seconds how much of each sort of work (core/api/preparer.h) this machine
// does in a second. Prints {"type": "pace", "machine_kind", "pace": {sort: amount per second}}.
// `folder` is where the bytes are written. Returns the exit code.
int run_measuring(int threads, const std::string& device, const std::string& folder);

// Prints {"type": "counts", "key", "counts": {sort: amount}} for each artefact in the file, a JSON
// list of headers as in artefact.json (core/run/artefact_folder.h). Says nothing of an artefact whose
// plugin cannot count. Returns the exit code.
int run_counting(const std::string& lab, const std::string& file,
                 const std::vector<std::string>& plugin_dirs);

}  // namespace lea::worker
