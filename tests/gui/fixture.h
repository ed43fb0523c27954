// A lab of real runs that go with the test, grids whose events the test writes, and waiting for what
// the lanes answer.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/temporary_folder.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/pack.h"
#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"

namespace lea::gui {

// Lets the program work until something is so, at most ten seconds.
inline bool wait_until(const std::function<bool()>& is_so) {
  QElapsedTimer timer;
  timer.start();
  bool so = is_so();  // asked once a round, because asking may take what it finds
  while (!so && timer.elapsed() < 10000) {
    QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
    so = is_so();
  }
  return so;
}

class LabFolder {
 public:
  LabFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lea-gui-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path_ = name;
    lab::open_lab(path());
  }
  ~LabFolder() { std::filesystem::remove_all(path_); }
  LabFolder(const LabFolder&) = delete;
  LabFolder& operator=(const LabFolder&) = delete;

  std::string path() const { return path_ + "/lab"; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // Six real runs of experiments/industry_baselines: supervised, SNQN and SA2C, and one without training.
  void import_runs() const {
    std::vector<std::string> packs;
    const std::filesystem::path folder =
        std::filesystem::path(LEA_SOURCE_DIR) / "experiments/industry_baselines";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".xz") packs.push_back(entry.path().string());
    }
    std::sort(packs.begin(), packs.end());
    packs.resize(6);
    lab::import_packs(path(), packs);
    lab::collect(path());
  }

 private:
  std::string path_;
};

// Two cells of two seeds, one of which was done before, after one artefact.
inline run::GridHeader small_grid(const std::string& experiment = "study") {
  run::GridHeader header;
  header.experiment = experiment;
  header.spec = "study.yaml";
  header.axes = {"framework"};
  const auto task = [](const std::string& hash, int64_t seed, const std::string& framework) {
    run::GridTask task;
    task.hash = hash;
    task.seed = seed;
    task.labels = {{"framework", framework}};
    task.stop_on = "ndcg@20";
    task.seconds = 100;
    return task;
  };
  run::GridTask artefact;
  artefact.hash = std::string(64, 'a');
  artefact.artefact = "rewards of lea.le";
  header.tasks = {artefact, task("h1", 1, "snqn"), task("h2", 2, "snqn"), task("h3", 1, "sa2c"),
                  task("h4", 2, "sa2c")};
  header.tasks[1].to_do = false;
  return header;
}

}  // namespace lea::gui
