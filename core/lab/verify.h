// Answers for a finished run whether information of validation or test events reached what it was
// trained with: the files that its spec names, and the artefacts that it used.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/lab/checked.h"
#include "core/run/folder.h"

namespace lea::lab {

struct VerifyOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  std::string worker;  // path of lealab-worker; see worker_path()
  // GPUs for artefacts that are made with `device: cuda`.
  std::vector<std::string> devices;
  // A worker that reports nothing for so long is killed.
  double hang_seconds = 7200;
  // Receives a sentence before something that may take long.
  std::function<void(const std::string&)> on_wait = [](const std::string&) {};
  // Whether somebody asks to stop.
  std::function<bool()> stopped = [] { return false; };
};

struct Verification {
  std::string run;               // its uuid
  std::string name;              // "gru4rec snqn seed 1"
  std::vector<Checked> checked;  // files, then artefacts; each after what it is made from

  size_t count(Checked::Is is) const;
};

// Every answer ends with what no verification looks at.
inline constexpr const char* kNotVerified =
    "the training itself, whose ranks and checkpoints are not made again";

// Checks each file and artefact:
//   file      counts the rows of validation and test events, when the plugin declares what its rows
//             belong to (FileRows)
//   artefact  makes it again in a temporary lab (core/lab/shadow_lab.h) from the same training events
//             and other validation and test events, and compares the files. When they differ, makes
//             it once more from the real events: then it either equals the stored one, and the events
//             made the difference, or it cannot be repeated here, and nothing is known
// Changes nothing in the lab. Throws DataError when the run has not finished or was imported, or when
// its data set or split is not that of the run any more; Error(kInterrupted) once `stopped` is true.
Verification verify(const VerifyOptions& options, const run::Folder& folder);

// {"run", "name", "clean", "checked": [{"is", "kind", "name", "id", "text"}, ...], "not_checked"}
nlohmann::json to_json(const Verification& verification);

}  // namespace lea::lab
