// A small study that is made anew in every process: 240 sequences of a walk over 120 items with
// behaviours, split in three, and a short run on it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/spec/run_spec.h"
#include "core/train/trainer.h"
#include "core/worker/registry.h"

namespace lea::short_run {

// Numbers of one run by name. Of the test part: hr@10, ndcg@10, mrr@10 and mean_rank, ties counted
// half. Of a framework that trains also first_loss, last_loss, the mean_loss of all steps, and
// `weights`, the root mean square of everything that it trained.
using Numbers = std::map<std::string, double>;

class Study {
 public:
  Study();  // in a new folder, which the destructor removes
  ~Study();
  Study(const Study&) = delete;
  Study& operator=(const Study&) = delete;

  // A run of 50 steps of this framework with the slots that it reads: gru4rec, predefined rewards,
  // no state, no augmenter.
  spec::RunSpec run_of(const std::string& framework, const nlohmann::json& params) const;

  // A plugin with these parameters. One of type environment gets lea.table with rewards and states;
  // one of type file gets the study's table of that name: rewards, states or proposals.
  spec::PluginUse use(const std::string& kind, const std::string& id,
                      nlohmann::json params = nlohmann::json::object()) const;

  Numbers numbers_of(const spec::RunSpec& run) const;

  // Carries out the run and returns what it leaves: the bytes of its files of ranks and of its best
  // network, by name.
  std::map<std::string, std::string> files_of(const spec::RunSpec& run) const;

  // The training events of the study, without a pool.
  const TrainingData& training() const { return training_; }
  // A new file in the study's folder.
  std::string write(const std::string& name, const std::string& bytes) const;

 private:
  void write_tables() const;
  // Carries out a run in a new folder. Its files stay until the next one.
  train::Outcome carry_out(const spec::RunSpec& run, train::Progress& progress) const;
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Split> split_;
  TrainingData training_;
};

// The plugins of this build.
worker::Registry& registry();

}  // namespace lea::short_run
