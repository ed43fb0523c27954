// The result of a run or of an artefact: the file result.json, written once and last, which never
// changes. A finished run whose test part was kept closed has no test metrics in it. When its test
// part is opened, the file test.json is written beside it, once and last too. Every reader sees the
// two as one result.
//
//   {"state": "finished" | "failed" | "cancelled", "reason", "attempt", "finished_at",
//    "metrics": {"valid": {"ndcg@20": x, ...}, "test": {...}},
//    "data_fingerprint", "split_fingerprint", "ranks_sha256", "ranks_valid_sha256", "top_sha256",
//    "tie_share", "collapsed", "unseen_ranks", "proposals": {name: number},
//    "best_step", "steps", "updates", "parameters", "train_seconds", "wall_seconds",
//    "state_width", "backbone_width",
//    "peak_memory_bytes",
//    "plugins": [{"id": "KIND ID", "version", "sha256"}, ...], "numerics", "libtorch", "lealab",
//    "revision", "tree_clean",
//    "host", "cpu", "threads", "device", "machine_kind",
//    "artefacts": [{"key", "name", "sha256", "quality": {name: number}, "used_in": [slot, ...]},
//                  ...]}
//
// A failed run has only the keys of the first line. Imported ranks have no keys about training or
// the machine. Only runs with a state have the two widths. While the test part is closed,
// metrics.test, ranks_sha256 and top_sha256 are missing, and tie_share and collapsed are those of the validation events. A finished artefact has the first
// line, the last two but "artefacts", and
//
//    "files": {path: {"bytes", "sha256"}}, "sha256", "quality": {name: number}, "seconds"
//
// test.json holds what was missing, and what ranked the test part:
//
//   {"metrics": {"test": {...}}, "ranks_sha256", "top_sha256", "tie_share", "collapsed",
//    "opened": {"at", "attempt", "valid_differing", "plugins", "numerics", "libtorch", ...}}
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
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
  // The git revision from which the worker was built, and whether the tracked files were those of the
  // revision. It is empty when the worker was not built from a checkout, and in results that are older
  // than the keys.
  std::string revision = {};
  bool tree_clean = true;
};

struct Training {
  int64_t steps = 0;
  int64_t updates = 0;    // of the evaluated network
  int64_t best_step = 0;  // the step of the evaluated network
  int64_t parameters = 0;
  double train_seconds = 0;  // of all attempts
  double wall_seconds = 0;   // of the last attempt
  // The widths of the state that an environment gives, before it is projected, and of the backbone that
  // it joins. They are 0 without a state, and in results that are older than the keys.
  int64_t state_width = 0, backbone_width = 0;
};

// An artefact that a run used.
struct UsedArtefact {
  std::string key;
  std::string name;    // "rewards of lea.le"
  std::string sha256;  // Making::sha256
  // Making::quality, so that a table shows it without the artefact. Empty in results that are older
  // than the key.
  std::map<std::string, double> quality = {};
  // The slots of the run that needed it, of reward, state and augment, so that two environments of
  // one plugin can be told apart. Empty in results that are older than the key.
  std::set<std::string> used_in = {};
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
  // What the plugin warned of in the attempt that finished the making, so that whoever uses the
  // artefact sees it. Empty in results that are older than the key.
  std::vector<std::string> warnings = {};
  double seconds = 0;  // of all attempts, as far as known

  int64_t bytes() const;
};

// The sha256 that stands for all files together.
std::string sum_of(const std::map<std::string, FileRecord>& files);

// How the test part of a finished run was opened.
struct Opening {
  std::string at;       // UTC
  int64_t attempt = 0;  // the attempt that ranked it
  // Validation events that the kept network then ranked otherwise than when the run was made, as
  // another machine or LibTorch can cause.
  int64_t valid_differing = 0;
  Provenance made_with;
};

struct Result {
  State state = State::kFinished;  // finished, failed or cancelled
  std::string reason;              // why the run failed; empty for a finished run
  int64_t attempt = 0;             // the attempt that ended the run; 0: imported ranks
  std::string finished_at;         // UTC

  // Only for finished runs. Metric names are those of core/eval/ranks.h. `valid` is empty without
  // validation events, and `test` while the test part is closed.
  std::map<std::string, double> valid, test;
  std::string data_fingerprint, split_fingerprint;
  std::string ranks_sha256, ranks_valid_sha256;  // of ranks.bin and ranks-valid.bin
  std::string top_sha256;  // of top.bin; empty in results that are older than the file
  // Of the test events, and of the validation events while the test part is closed:
  double tie_share = 0;    // share of the events with ties at the target's score
  bool collapsed = false;  // all scores are equal in most events
  // Only for imported ranks: whether the ranks among unseen items are known.
  std::optional<bool> unseen_ranks;

  // Figures of the augmenter's proposals (core/train/proposer.h): those of the last refresh, and how
  // often proposals were made. Empty without an augmenter, and in results that are older than the key.
  std::map<std::string, double> proposals;

  std::optional<Training> training;
  std::optional<Provenance> made_with;
  std::optional<Opening> opened;  // only when the test part was opened after the run had finished
  std::vector<UsedArtefact> artefacts;
  std::optional<Making> making;  // only of artefacts

  // Whether the run has finished with its test part closed.
  bool closed() const { return state == State::kFinished && test.empty() && !making; }
};

// Whether somebody who wants the run, and its test part when `test` is true, has all of it.
bool is_complete(const Result& result, bool test);

nlohmann::json to_json(const Result& result);

// Uses the default for a missing key, except for `state`, which is required. Throws DataError that
// names `where` and the key when a value has another type.
Result result_from(const nlohmann::json& document, const std::string& where);

// Empty when the run has no result yet. Throws DataError that names the file and the key.
std::optional<Result> read_result(const Folder& run);

// The JSON of read_result: result.json with the keys of test.json.
std::optional<nlohmann::json> read_result_document(const Folder& run);

// Publishes result.json. Throws StoreError when it cannot be written.
void write_result(const Folder& run, const Result& result);

// Publishes test.json with what `result` has of the test part. Precondition: result.opened, and the
// run's result is closed. Throws StoreError when it cannot be written.
void write_test(const Folder& run, const Result& result);

// The result of a run that failed in this attempt, at the current time.
Result failure(const std::string& reason, int64_t attempt);

}  // namespace lea::run
