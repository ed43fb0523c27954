// A lab in a temporary folder and an experiment whose runs do what their label says
// (fake_worker.cpp).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/lab/run_folder.h"
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

inline spec::PluginCatalogue catalogue(const std::string& sha256 = "11") {
  spec::PluginInfo plugin;
  plugin.id = "fake.framework";
  plugin.kind = "framework";
  plugin.sha256 = sha256;
  return spec::PluginCatalogue({plugin});
}

inline RunFolder finished_run(const std::string& lab, const spec::Experiment& experiment,
                              size_t index = 0) {
  const RunFolder run = create_run(lab, experiment, experiment.runs[index]);
  write_events(run);
  write_result(run, 1);
  return run;
}

template <class F>
std::string message_of(F&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace lea::lab
