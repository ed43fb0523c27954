// The worker's tasks on a run folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::worker {

struct TaskOptions {
  std::string lab, run;
  std::vector<std::string> plugin_dirs;
  int64_t parent = 0;  // process without which there is no point in going on; 0: none
};

// Trains, or goes on, and writes result.json, unless it is there. One worker a run: a second one
// waits for the first. Returns the exit code: 0 finished, 3, 4, 6 or 70
// failed (with the reason in result.json), 7 interrupted after a checkpoint.
int run_training(const TaskOptions& options);

struct ScoreOptions {
  std::string what = "scores";
  int64_t k = 20;
  std::string out;
};

// Scores of the finished run's reported network for every test event, in data order. Says on stdout
// how many events rank otherwise than in ranks.bin, which another plugin binary, LibTorch or
// machine can bring about. Throws DataError when data set or split are not those of ranks.bin.
int run_scoring(const TaskOptions& options, const ScoreOptions& score);

}  // namespace lea::worker
