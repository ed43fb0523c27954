// Exports the scores of a run's best network for its test events. The worker computes them.
#pragma once

#include <string>
#include <vector>

#include "core/lab/ranked_run.h"

namespace lea::lab {

struct ScoreExport {
  enum class What {
    kScores,    // the score of each item, float32
    kTopItems,  // the items of the k highest scores
  };
  What what = What::kScores;
  int64_t k = 20;
  std::string format = "csv";  // or "npz"
  std::string out;             // the file or stream to write (core/base/output_file.h)
  std::vector<std::string> plugin_dirs;
};

struct ExportedScores {
  int64_t events = 0, columns = 0;  // one row for each test event
  // Of `compared` events, those whose scores do not give the stored ranks, because a plugin,
  // LibTorch or the machine is another one.
  int64_t differing = 0, compared = 0;
};

// Writes one row for each test event: the original ids of sequence and target, the position, then
// the scores, or the original ids of the top items. The npz file has the arrays sequence, position,
// target and item (the ids of all items), and "scores" ([events, N]) or "topk" ([events, k], item
// numbers from 1). Throws the worker's own error, Error(kPlugin) when the worker crashed, DataError
// when it wrote something else, and StoreError when `out` cannot be written.
ExportedScores export_scores(const std::string& lab, const RankedRun& run,
                             const ScoreExport& request);

}  // namespace lea::lab
