// The folders of a lab that hold runs, and the names of all that stands in the folder of a run.
// The run folder is the truth about a run; the results index is made from it.
//
//   lab/experiments/NAME.json   what the newest `lealab run` of that name planned
//                               (core/run/experiment_plan.h)
//   lab/runs/UUID/              one run:
//     run.yaml         the resolved spec (core/spec/run_spec.h)
//     cell.json        what the run was planned as (core/run/header.h)
//     attempts.jsonl   begin and end of each attempt (core/run/attempt.h)
//     events.jsonl     appended by the worker: {"type": "train" | "valid" | ..., "step": n, ...}
//     beat             sign of life of the worker (core/run/beat.h)
//     checkpoint/      what the next step depends on (core/train/checkpoint.h)
//     ranks.bin        ranks of the test events (core/eval/ranks.h)
//     ranks-valid.bin  ranks of the validation events
//     result.json      written once, last (core/run/result.h)
//     worker.lock      locked by the worker that trains the run
//     log.txt          what the worker wrote to stderr
//
// The two .jsonl files and log.txt are appended to. Every other file reaches its name whole
// (core/base/files.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/spec/run_spec.h"

namespace lea::run {

inline constexpr const char* kSpecFile = "run.yaml";
inline constexpr const char* kHeaderFile = "cell.json";
inline constexpr const char* kAttemptsFile = "attempts.jsonl";
inline constexpr const char* kEventsFile = "events.jsonl";
inline constexpr const char* kBeatFile = "beat";
inline constexpr const char* kCheckpointFolder = "checkpoint";
inline constexpr const char* kRanksFile = "ranks.bin";
inline constexpr const char* kValidRanksFile = "ranks-valid.bin";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kLockFile = "worker.lock";
inline constexpr const char* kLogFile = "log.txt";

// The folder of one run. It may not exist yet.
struct Folder {
  std::string path;

  std::string uuid() const;
  std::string file(const char* name) const { return path + "/" + name; }
};

// Makes the folders of runs, experiments and artefacts in the lab's folder where they are missing.
// Throws Error(kEnvironment) when that is impossible.
void make_folders(const std::string& lab);

// lab/runs/UUID.
Folder folder_of(const std::string& lab, const std::string& uuid);

// Every run of the lab, sorted by uuid.
std::vector<Folder> list_runs(const std::string& lab);

// The one run whose uuid begins with the prefix. Throws UsageError when there is none, or more than
// one.
Folder find_run(const std::string& lab, const std::string& uuid_prefix);

// A random UUID (version 4), and whether a folder's name is one.
std::string new_uuid();
bool is_uuid(const std::string& name);

struct Header;

// Makes lab/runs/UUID with its header, its spec and the given files (name -> content). The folder
// appears whole or not at all.
Folder make_run(const std::string& lab, const Header& header, const spec::RunSpec& spec,
                const std::map<std::string, std::string>& files = {});

// Removes what a killed process left half made in lab/runs. Nobody may be making a run meanwhile.
void remove_half_made_runs(const std::string& lab);

// A folder beside the runs, in which runs are unpacked and verified before they are moved to their
// places. Removed, with what is left in it, when the object is destroyed.
class Staging {
 public:
  explicit Staging(const std::string& lab);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lea::run
