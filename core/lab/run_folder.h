// The folder of a run: the truth about it. The database is an index that is rebuilt from these.
//
// lab/runs/UUID/
//   run.yaml       the resolved spec (core/spec/run_spec.h)
//   cell.json      {uuid, experiment, hash, seed, labels: {axis: label}, axes: [...], created,
//   source} attempts.jsonl one line an attempt: {number, host, pid, pid_start, boot_id, started}
//   and, when it ends,
//                  {number, ended, exit, reason}
//   events.jsonl   appended by the worker: {"type": "train"|"valid"|..., "step": n, ...} with a
//   crc32 result.json    written once, last, by the worker: metrics of valid and test, provenance
//   (below) ranks.bin      test events (core/eval/ranks.h);  ranks-valid.bin  validation events
//   log.txt        stderr of the worker
//   checkpoint/    see core/train/checkpoint.h
//   beat           {pid, step, max_steps, time, steps_per_second}: the lease, rewritten by the
//   worker
// All but the .jsonl files and log.txt are published whole (core/base/files.h).
//
// lab/experiments/NAME.json  {name, created, axes, spec, cells: [{hash, seed, labels}]}: what the
// newest
//   `lealab run` of that name planned, in grid order.
//
// result.json: {state: "finished"|"failed", reason, metrics: {valid: {name: value}, test: {...}},
//   best_step, steps, updates, wall_seconds, train_seconds, peak_memory_bytes, parameters,
//   data_fingerprint, split_fingerprint, ranks_sha256, ranks_valid_sha256,
//   tie_share: share of test events whose target ties, collapsed: bool,
//   plugins: [{id: "kind id", version, sha256}], host, cpu, threads, device, libtorch, lealab,
//   machine_kind, attempt, finished_at}
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_field.h"  // lea::read_json: cell.json, result.json
#include "core/base/records.h"  // lea::append_record, lea::read_records: events.jsonl, attempts.jsonl
#include "core/spec/experiment.h"

namespace lea::lab {

// Closed set; terminal states never change.
enum class RunState { kQueued, kRunning, kFinished, kFailed, kCancelled, kInterrupted };
std::string to_string(RunState state);

bool is_terminal(RunState state);  // finished, failed, cancelled

struct RunFolder {
  std::string path;
  std::string uuid() const;
};

// What cell.json says.
struct Cell {
  std::string uuid, experiment, hash, created;
  int64_t seed = 0;
  std::map<std::string, std::string> labels;
  std::vector<std::string> axes;
  std::string source = "lealab";
};

// --lab DIR, else $LEALAB, else ./lab. Creates the folder and its sub-folders on first use.
std::string open_lab(const std::string& option);

// A random UUID (version 4), and whether a folder's name is one.
std::string new_uuid();
bool is_uuid(const std::string& name);

// Now, as 2026-01-31T23:59:59Z.
std::string utc_now();

// Makes lab/runs/UUID with run.yaml and cell.json.
RunFolder create_run(const std::string& lab, const spec::Experiment& experiment,
                     const spec::PlannedRun& run);

std::vector<RunFolder> list_runs(const std::string& lab);  // sorted by uuid

// The one run whose uuid begins so. Throws UsageError when there is none, or more than one.
RunFolder find_run(const std::string& lab, const std::string& uuid_prefix);

// Throws DataError that names the file and the key.
Cell read_cell(const RunFolder& run);
nlohmann::json to_json(const Cell& cell);

// State from the files alone: result.json, else attempts and beat (a live pid with the same start
// time on this boot is running; on another host, a beat younger than a minute), else interrupted
// when a checkpoint exists, else queued.
RunState state_of(const RunFolder& run);

// The worker notes in attempts.jsonl that it begins and ends. When it was killed, this notes the
// end of the attempt that it left open, if any. Also mends a line that was cut by the kill.
void close_attempt(const RunFolder& run, int exit, const std::string& reason);

// The number of the last attempt, 0 before the first.
int64_t attempts_of(const RunFolder& run);

}  // namespace lea::lab
