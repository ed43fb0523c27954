// The result of a run or of an artefact: the file result.json, written once and last. A run with a
// result never changes.
//
//   {"state": "finished" | "failed" | "cancelled", "reason", "attempt", "finished_at",
//    "metrics": {"valid": {"ndcg@20": x, ...}, "test": {...}},
//    "data_fingerprint", "split_fingerprint", "ranks_sha256", "ranks_valid_sha256",
//    "tie_share", "collapsed", "unseen_ranks",
//    "best_step", "steps", "updates", "parameters", "train_seconds", "wall_seconds",
//    "peak_memory_bytes",
//    "plugins": [{"id": "KIND ID", "version", "sha256"}, ...], "numerics", "libtorch", "lealab",
//    "host", "cpu", "threads", "device", "machine_kind",
//    "artefacts": [{"key", "name", "sha256"}, ...]}
//
// A failed run has only the keys of the first line. Imported ranks have no keys about training or
// the machine. A finished artefact has the first line, the last two but "artefacts", and
//
//    "files": {path: {"bytes", "sha256"}}, "sha256", "quality": {name: number}, "seconds"
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/run/folder.h"
#include "core/run/state.h"

namespace lea::run {

// A plugin that a run used.
struct UsedPlugin {
  std::string id;       // "KIND ID", such as "framework lea.snqn"
  std::string version;  // as the plugin declares it
  std::string sha256;   // of the plugin's library
};

// The machine and the programs that made a run.
struct Provenance {
  std::vector<UsedPlugin> plugins;
  int64_t numerics = 1;          // spec::kNumerics when the run was made; 1 when the file has none
  std::string libtorch, lealab;  // versions
  std::string host, cpu, device, machine_kind;
  int64_t threads = 1;
  int64_t peak_memory_bytes = 0;
};

struct Training {
  int64_t steps = 0;
  int64_t updates = 0;    // of the evaluated network
  int64_t best_step = 0;  // the step of the evaluated network
  int64_t parameters = 0;
  double train_seconds = 0;  // of all attempts
  double wall_seconds = 0;   // of the last attempt
};

// An artefact that a run used.
struct UsedArtefact {
  std::string key;
  std::string name;    // "rewards of lea.le"
  std::string sha256;  // Making::sha256
};

struct FileRecord {
  int64_t bytes = 0;
  std::string sha256;
};

// The making of an artefact.
struct Making {
  std::map<std::string, FileRecord> files;  // by their path in the folder files/
  std::string sha256;                       // of the records of all files
  std::map<std::string, double> quality;    // figures that the plugin recorded
  double seconds = 0;                       // of all attempts, as far as known

  int64_t bytes() const;
};

// The sha256 that stands for all files together.
std::string sum_of(const std::map<std::string, FileRecord>& files);

struct Result {
  State state = State::kFinished;  // finished, failed or cancelled
  std::string reason;              // why the run failed; empty for a finished run
  int64_t attempt = 0;             // the attempt that ended the run; 0: imported ranks
  std::string finished_at;         // UTC

  // Only for finished runs. Metric names are those of core/eval/ranks.h.
  std::map<std::string, double> valid, test;  // `valid` is empty without validation events
  std::string data_fingerprint, split_fingerprint;
  std::string ranks_sha256, ranks_valid_sha256;  // of ranks.bin and ranks-valid.bin
  double tie_share = 0;    // share of the test events with ties at the target's score
  bool collapsed = false;  // all scores are equal in most test events
  // Only for imported ranks: whether the ranks among unseen items are known.
  std::optional<bool> unseen_ranks;

  std::optional<Training> training;
  std::optional<Provenance> made_with;
  std::vector<UsedArtefact> artefacts;
  std::optional<Making> making;  // only of artefacts
};

nlohmann::json to_json(const Result& result);

// Uses the default for a missing key, except for `state`, which is required. Throws DataError that
// names `where` and the key when a value has another type.
Result result_from(const nlohmann::json& document, const std::string& where);

// Empty when the run has no result yet. Throws DataError that names the file and the key.
std::optional<Result> read_result(const Folder& run);

// Publishes result.json. Throws StoreError when it cannot be written.
void write_result(const Folder& run, const Result& result);

// The result of a run that failed in this attempt, at the current time.
Result failure(const std::string& reason, int64_t attempt);

}  // namespace lea::run
