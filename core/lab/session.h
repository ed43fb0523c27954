// One spec in one lab: what `lealab plan`, `run`, `tasks` and `artefacts prompts`, and the window,
// begin with.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/lab/experiment_data.h"
#include "core/lab/plan.h"
#include "core/lab/plugins.h"
#include "core/lab/shown_artefacts.h"
#include "core/run/grid_folder.h"

namespace lea::lab {

struct SessionOptions {
  std::string lab;  // --lab as given; see lab_folder
  std::vector<std::string> plugin_dirs;
  std::string spec;              // a file
  std::vector<std::string> set;  // overrides: "train.batch_size=50"
  // Workers at once. 0: as many as the processors that no worker of this lab uses have room for;
  // when a run needs CUDA, at most as many as there are GPUs.
  int64_t jobs = 0;
  bool redo_stale = false;
  // Texts that stand for files, such as the spec in an editor.
  spec::Buffers buffers = {};
  // Starts no process for the estimates of artefacts: what no earlier plan has asked a worker stays
  // unknown, and so do settings that a plugin would refuse.
  bool only_known = false;
  // Called before something that takes seconds, with a sentence for people.
  std::function<void(const std::string&)> on_wait = [](const std::string&) {};
  // Asked several times a second while plugins are probed or show prompts; true ends that, and
  // Error(kInterrupted) is thrown.
  std::function<bool()> cancelled = {};
};

class Session {
 public:
  // Probes the plugins and reads the spec. Throws ConfigError with all errors of the spec.
  explicit Session(SessionOptions options);
  // The same with plugins that were probed before.
  Session(SessionOptions options, const std::vector<PluginRecord>& plugins);

  const SessionOptions& options() const { return options_; }
  const std::string& lab() const { return lab_; }  // the folder, which may not exist yet
  const spec::Experiment& experiment() const { return experiment_; }
  const run::InstalledPlugins& installed() const { return installed_; }

  // What a grid would do. Checks all that it would refuse: also the settings of artefacts, once the
  // data set is in the lab. Changes nothing on disk.
  Plan plan() const;

  // At most `limit` examples of what each plugin with artefacts would compute. Throws as
  // show_artefacts does.
  std::vector<ShownPlugin> show(int64_t limit) const;

  // The lab, ready for the grid of this session. No other grid of the experiment can start while
  // the object lives.
  struct Ready {
    run::ExperimentLock lock;
    Plan plan;
    std::vector<std::string> not_collected;  // one message for each damaged folder
  };
  // Where the tasks of a plan are to be done.
  enum class Place { kHere, kAnywhere };
  // Makes the lab where it is missing, imports missing data sets, plans, saves the plan, and brings
  // the index up to date. Calls `on_import` before each import (core/lab/experiment_data.h).
  // Throws StoreError when a grid of the experiment works, and for kHere Error(kEnvironment) when
  // this machine has too little memory for an artefact.
  Ready prepare(const OnImport& on_import, Place place = Place::kHere) const;

 private:
  Plan make_plan(const SplitSizes& sizes) const;

  spec::PluginCatalogue catalogue_;
  SessionOptions options_;
  std::string lab_;
  run::InstalledPlugins installed_;
  spec::Experiment experiment_;
};

}  // namespace lea::lab
