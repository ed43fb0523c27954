// A lab in a temporary folder and an experiment whose runs do what their label says
// (fake_worker.cpp).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/lab/lab_folder.h"
#include "core/run/attempt.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/stale.h"
#include "core/run/state.h"
#include "tests/base/message.h"
#include "tests/lab/fake_run.h"

namespace lea::lab {

class TemporaryLab {
 public:
  TemporaryLab() {
    std::string name = (std::filesystem::temp_directory_path() / "lea-lab-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    root_ = name;
    path_ = open_lab(root_ + "/lab");
  }
  ~TemporaryLab() { std::filesystem::remove_all(root_); }
  const std::string& path() const { return path_; }
  std::string beside(const std::string& name) const { return root_ + "/" + name; }

 private:
  std::string root_, path_;
};

inline spec::Experiment experiment_of(const std::vector<std::string>& behaviours,
                                      const std::string& name = "study") {
  spec::Experiment experiment;
  experiment.name = name;
  experiment.path = "study.yaml";
  experiment.axes = {"behaviour"};
  experiment.resolved = {{"name", name}};
  for (const std::string& behaviour : behaviours) {
    spec::PlannedRun run;
    run.run.data.name = "toy";
    run.run.framework.id = "fake.framework";
    run.run.seed = static_cast<int64_t>(experiment.runs.size()) + 1;
    run.hash = spec::run_hash(run.run);
    run.labels = {{"behaviour", behaviour}};
    experiment.runs.push_back(run);
  }
  return experiment;
}

inline run::InstalledPlugins installed(const std::string& version = "1",
                                       const std::string& sha256 = "11") {
  return {{"framework fake.framework", {version, sha256}}};
}

inline run::Folder new_run(const std::string& lab, const spec::Experiment& experiment,
                           const spec::PlannedRun& planned) {
  return run::make_run(lab, run::new_header(experiment, planned), planned.run);
}

// A worker at a run: its attempt, and the lock that it holds. This process stands for it.
class WorkerAt {
 public:
  explicit WorkerAt(const run::Folder& run)
      : lock_(run.file(run::kLockFile), /*seconds=*/0, "the run"),
        attempt_(run::begin_attempt(run)) {}
  int64_t attempt() const { return attempt_; }

 private:
  const FileLock lock_;
  const int64_t attempt_;
};

inline run::Folder finished_run(const std::string& lab, const spec::Experiment& experiment,
                                size_t index = 0, bool test = true) {
  const run::Folder run = new_run(lab, experiment, experiment.runs[index]);
  write_events(run);
  write_result(run, 1, test);
  return run;
}

// The same experiment with its test part closed.
inline spec::Experiment closed(spec::Experiment experiment) {
  for (spec::PlannedRun& run : experiment.runs) run.run.evaluate.test = false;
  experiment.resolved["evaluate"] = {{"test", false}};
  return experiment;
}

}  // namespace lea::lab
