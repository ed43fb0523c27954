// The folders of a lab that hold runs, and the names of the files in a run's folder. The run folder
// is authoritative; the results index is derived from it.
//
//   lab/experiments/NAME.json   the newest plan of an experiment (core/run/experiment_plan.h)
//   lab/test-reads.jsonl        who has read which test part (core/run/test_reads.h)
//   lab/runs/UUID/              one run:
//     run.yaml         the resolved spec (core/spec/run_spec.h)
//     cell.json        uuid, experiment, hash, seed and labels (core/run/header.h)
//     attempts.jsonl   start and end of each attempt (core/run/attempt.h)
//     events.jsonl     appended by the worker: {"type": "train" | "valid" | ..., "step": n, ...}
//     beat             the worker's last sign of life (core/run/beat.h)
//     checkpoint/      the state from which training resumes (core/train/checkpoint.h)
//     ranks.bin        ranks of the test events (core/eval/ranks.h)
//     top.bin          the best items of each test event (core/eval/top.h)
//     ranks-valid.bin  ranks of the validation events
//     result.json      outcome and metrics, written once and last (core/run/result.h)
//     test.json        the test metrics of a run whose test part was opened later, written once and
//                      last (core/run/result.h)
//     worker.lock      locked by the worker that trains the run
//     call             while a worker is alive, or after it crashed: which method of which plugin runs
//                      (core/run/open_call.h)
//     log.txt          the worker's log (core/base/log.h) and its stderr; log.1.txt ... are older
//
// The two .jsonl files and log.txt grow by appending, and call is written in place. Every other file is
// published as a whole (core/base/files.h).
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
inline constexpr const char* kBestFile = "checkpoint/best.safetensors";  // the evaluated network
inline constexpr const char* kRanksFile = "ranks.bin";
inline constexpr const char* kTopFile = "top.bin";
inline constexpr const char* kValidRanksFile = "ranks-valid.bin";
inline constexpr const char* kResultFile = "result.json";
inline constexpr const char* kTestFile = "test.json";
inline constexpr const char* kLockFile = "worker.lock";
inline constexpr const char* kCallFile = "call";
inline constexpr const char* kLogFile = "log.txt";

// The folder of one run. It may not exist yet.
struct Folder {
  std::string path;

  std::string uuid() const;
  std::string file(const char* name) const { return path + "/" + name; }
};

// lab/experiments, the folder of the plans.
std::string experiments_folder(const std::string& lab);

// lab/runs, the folder of the runs.
std::string runs_folder(const std::string& lab);

// lab/artefacts (core/run/artefact_folder.h).
std::string artefacts_folder(const std::string& lab);

// lab/claims/HASH (core/run/claim.h).
std::string claim_file(const std::string& lab, const std::string& hash);

// lab/test-reads.jsonl (core/run/test_reads.h).
std::string test_reads_file(const std::string& lab);

// lab/grids (core/run/grid_folder.h).
std::string grids_folder(const std::string& lab);

// Makes the lab's folder and its folders runs, experiments, artefacts, grids and claims where they
// are missing.
// Throws Error(kEnvironment) when that is impossible.
void make_folders(const std::string& lab);

// lab/runs/UUID.
Folder folder_of(const std::string& lab, const std::string& uuid);

// Everything with the name of a run in lab/runs, sorted by uuid. Nothing is read: it may be
// damaged.
std::vector<Folder> list_runs(const std::string& lab);

// The only run with a uuid that begins with the prefix. Throws UsageError when no run or several
// runs match.
Folder find_run(const std::string& lab, const std::string& uuid_prefix);

// A random UUID (version 4).
std::string new_uuid();
// Whether a folder's name has the form of a UUID, in lower case.
bool is_uuid(const std::string& name);

struct Header;

// Makes lab/runs/UUID with its header, its spec and the given files (name -> content). After a
// crash the folder is either complete or absent.
Folder make_run(const std::string& lab, const Header& header, const spec::RunSpec& spec,
                const std::map<std::string, std::string>& files = {});

// Removes the unfinished folders that make_run left in lab/runs when its process was killed.
void remove_half_made_runs(const std::string& lab);

// A temporary folder in `folder`, which is lab/runs or lab/artefacts. There runs or artefacts are
// unpacked and verified before they are published. The destructor removes it with its content. The
// constructor removes those of processes that were killed.
class Staging {
 public:
  explicit Staging(const std::string& folder);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lea::run
