// The training loop. It is the only one: it trains all frameworks with all other plugins.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/ranks.h"
#include "core/spec/made_with.h"
#include "core/spec/run_spec.h"
#include "core/train/context.h"

namespace lea::train {

// Receives the loop's reports. The worker implements it: it writes events.jsonl, and reports to
// lealab. The loop logs its phases, validations and checkpoints itself (core/base/log.h).
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void on_step(int64_t step, int64_t max_steps,
                       const std::string& phase) = 0;  // called each step: must be cheap
  // How far the phase is, after on_step() has named it: events with new proposals, for "propose".
  virtual void on_part(int64_t done, int64_t total) {}
  virtual void on_record(const nlohmann::json& record) = 0;  // appends a line to events.jsonl
  virtual uint64_t journal_length() = 0;          // bytes of events.jsonl; checkpoints record it
  virtual void cut_journal(uint64_t length) = 0;  // when a run resumes: drops later lines
  virtual void say(const std::string& sentence) = 0;  // a warning for log.txt
  virtual bool stop_requested() = 0;
  // Seconds between two checkpoints of a phase that takes long, which is that of the proposals.
  virtual double checkpoint_seconds() const { return 30; }
  virtual void on_test() {}  // the test part is about to be ranked; what it throws prevents that
};

// The files and folders that the loop writes.
struct Paths {
  std::string checkpoint;          // a folder; core/train/checkpoint.h
  std::string ranks, valid_ranks;  // files; core/eval/ranks.h
  std::string top = {};            // a file; core/eval/top.h. Empty: it is not written
};

struct Outcome {
  bool interrupted = false;  // a checkpoint was written; then nothing below is set but the steps
  // Metrics. `valid` is empty without validation events, `test` while the test part is closed.
  std::map<std::string, double> valid, test;
  std::string ranks_sha256, valid_ranks_sha256, top_sha256;  // of the files; empty for none
  int64_t steps = 0;
  int64_t updates = 0;    // of the evaluated network
  int64_t best_step = 0;  // the selected step
  int64_t parameters = 0;
  double seconds = 0;  // spent on training, in all attempts
  // Of the state that an environment gives, before it is projected, and of the backbone that it joins.
  // 0 without a state, and without a backbone.
  int64_t state_width = 0, backbone_width = 0;
  // Of the last proposals, as Proposer::figures() has them, and "refreshes", how often proposals were
  // made; the figures of lists that were asked twice are those of the first time. Empty without an
  // augmenter.
  std::map<std::string, double> proposals;
  // Of the test events, and of those of validation while the test part is closed:
  double tie_share = 0;    // share of the events whose target ties
  bool collapsed = false;  // all scores are equal in most events
};

// Returns the plugins that the lookup has loaded so far, by "KIND ID".
using LoadedPlugins = std::function<std::map<std::string, spec::PluginBuild>()>;

// Trains, selects the best step, ranks the validation and test events, and writes checkpoints and
// ranks. The test part stays closed, and is not ranked, when run.evaluate.test is false.
//
// Resumes from the newest checkpoint that is whole; the results then equal those of an uninterrupted
// run byte by byte. Starts from step 0, and logs why, when something that made the checkpoint was
// replaced (core/train/checkpoint.h); without `loaded` plugins are not compared.
//
// Throws lea::Error when the run fails. A loss that is not finite is a PluginError at once; a
// weight that is not finite is one before the next checkpoint or validation.
Outcome train(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
              const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
              const Paths& paths, Progress& progress, const LoadedPlugins& loaded = {},
              const Artefacts& artefacts = {});

// Ranks the test part of a run that train() ended with a closed one, with the network that it kept,
// and writes ranks and top items. They equal byte by byte those of a run whose test part was open,
// on the same kind of machine. First ranks validation again and calls `check` with that: what it
// throws leaves the test part closed. Of the outcome, all that concerns the test part is set.
// Throws StoreError or DataError when the kept network is missing or damaged.
Outcome open_test(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
                  const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
                  const Paths& paths, Progress& progress,
                  const std::function<void(const eval::RankFile& valid)>& check,
                  const Artefacts& artefacts = {});

}  // namespace lea::train
