// The host's side of the making of an artefact: what a plugin is given.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/run/artefact_folder.h"
#include "core/worker/open_data.h"

namespace lea::worker {

class HostPrepareContext final : public PrepareContext {
 public:
  // Called with the progress; true: the plugin is to leave.
  using OnProgress = std::function<bool(int64_t done, int64_t total)>;

  // `folder` is where the plugin writes, `earlier` where the files are from which the artefact is
  // made; empty where there is none. Keeps references to `header` and `open`.
  HostPrepareContext(const run::ArtefactHeader& header, const OpenData& open, std::string folder,
                     std::string earlier, OnProgress on_progress);

  int64_t items() const override;
  int64_t history() const override;
  c10::Device device() const override;
  const TrainingData& training(double fraction, uint64_t seed) override;
  std::vector<std::string> texts(const std::string& column) override;
  std::vector<std::string> text_columns() override;
  Tensor pool() override;
  std::string folder() const override { return folder_; }
  std::string earlier() const override;
  void record(const std::string& name, double value) override;
  bool stop(int64_t done, int64_t total) override { return on_progress_(done, total); }
  void log(LogLevel level, const std::string& message) override;
  const TrainingData& rest(double fraction, uint64_t seed) override;

  const std::map<std::string, double>& quality() const { return quality_; }
  // What the plugin has warned of, each message once.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void allow(const std::string& what) const;

  const run::ArtefactHeader& header_;
  const OpenData& open_;
  const TrainingData whole_;
  const std::string folder_, earlier_;
  const OnProgress on_progress_;
  // The last part of the training sequences that was asked for, and the last rest.
  struct Part {
    TrainingData data;
    double fraction = 0;  // of the part, also where `data` is the rest; 0: none was asked for
    uint64_t seed = 0;
  };
  const TrainingData& cut(Part& part, double fraction, uint64_t seed, bool rest);
  Part part_, rest_;
  std::map<std::string, double> quality_;
  std::vector<std::string> warnings_;
};

}  // namespace lea::worker
