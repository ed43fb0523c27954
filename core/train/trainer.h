// The one training loop: every framework, backbone, environment and augmenter goes through it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
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

struct Outcome {
  bool interrupted = false;  // a checkpoint was written; everything below is then unset
  nlohmann::json result;     // metrics, steps, times, parameters ...; see core/lab/run_folder.h
};

// "kind id" -> sha256 of its library, for every plugin that the lookup has loaded so far.
using LoadedPlugins = std::function<std::map<std::string, std::string>()>;

// Trains, selects, tests, and writes checkpoint/, ranks.bin and ranks-valid.bin under `run_folder`.
// Goes on from the newest checkpoint that verifies; the results are then byte-equal to an
// uninterrupted run's. Starts from step 0, and says so, where the checkpoint was made with other
// data, another split or other plugin binaries; without `loaded` binaries are not compared. Throws
// lea::Error when the run fails, PluginError as soon as a loss, and before any checkpoint and
// selection as soon as a weight, is not finite.
Outcome train(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
              const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
              const std::string& run_folder, Progress& progress, const LoadedPlugins& loaded = {});

}  // namespace lea::train
