// The one training loop: every framework, backbone, environment and augmenter goes through it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/spec/made_with.h"
#include "core/spec/run_spec.h"
#include "core/train/context.h"

namespace lea::train {

// What the loop tells the worker, which owns the run folder's journal and the pipe to lealab.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void on_step(int64_t step, int64_t max_steps,
                       const std::string& phase) = 0;        // each step; cheap
  virtual void on_record(const nlohmann::json& record) = 0;  // a line of events.jsonl
  virtual uint64_t journal_length() = 0;              // of events.jsonl, noted in checkpoints
  virtual void cut_journal(uint64_t length) = 0;      // after resuming
  virtual void say(const std::string& sentence) = 0;  // for log.txt
  virtual bool stop_requested() = 0;
};

// Where the loop writes.
struct Paths {
  std::string checkpoint;          // a folder; core/train/checkpoint.h
  std::string ranks, valid_ranks;  // files; core/eval/ranks.h
};

struct Outcome {
  bool interrupted = false;  // a checkpoint was written; everything below is then unset
  std::map<std::string, double> valid, test;  // metrics; valid is empty without validation events
  std::string ranks_sha256, valid_ranks_sha256;  // of the two files
  int64_t steps = 0;
  int64_t updates = 0;    // of the evaluated network
  int64_t best_step = 0;  // that was selected
  int64_t parameters = 0;
  double seconds = 0;      // of training, all attempts together
  double tie_share = 0;    // share of the test events whose target ties
  bool collapsed = false;  // all scores are equal in most test events
};

// Every plugin that the lookup has loaded so far, by "KIND ID".
using LoadedPlugins = std::function<std::map<std::string, spec::PluginBuild>()>;

// Trains, selects, tests, and writes checkpoints and ranks. Resumes from the newest checkpoint that
// verifies; the results are then byte-equal to those of an uninterrupted run. Starts from step 0,
// and says so, where the checkpoint was made with other data, another split or other plugins;
// without `loaded` plugins are not compared. Throws lea::Error when the run fails: PluginError as
// soon as a loss is not finite, and as soon as a weight is not, before any checkpoint and selection.
Outcome train(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
              const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
              const Paths& paths, Progress& progress, const LoadedPlugins& loaded = {});

}  // namespace lea::train
