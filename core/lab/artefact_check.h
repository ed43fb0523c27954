// Checks the artefacts that a run used: makes each again from other validation and test events.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/data/dataset.h"
#include "core/lab/back_end.h"
#include "core/lab/checked.h"
#include "core/lab/shadow_lab.h"
#include "core/lab/verify.h"
#include "core/run/artefact_folder.h"
#include "core/run/result.h"
#include "core/run/stale.h"
#include "core/spec/run_spec.h"

namespace lea::lab {

// Throws Error(kInterrupted) when somebody asks to stop.
void refuse_when_stopped(const VerifyOptions& options);

class ArtefactCheck {
 public:
  // `run` used the artefacts; `data` is its data set, and `part` the part of every event. All
  // arguments must outlive this.
  ArtefactCheck(const VerifyOptions& options, const spec::RunSpec& run, const data::Dataset& data,
                std::span<const uint8_t> part, const run::InstalledPlugins& installed);

  // The artefacts must come in the order in which they are made. An artefact that is missing,
  // damaged or replaced is unknown. Each is judged by its own making. One that is clean by itself is
  // what the artefact is from which it was made.
  Checked check(const run::UsedArtefact& used);

 private:
  // How a making ended.
  struct Made {
    std::optional<run::Result> result;  // of a finished one
    std::string reason;                 // why it failed
    bool machines_fault = false;        // it may succeed another time
  };

  void check_shadow() const;
  void judge(const run::UsedArtefact& used, Checked* checked);
  bool provide_earlier(const std::string& key, Checked* checked);
  void compare(const run::ArtefactHeader& header, const run::Result& stored, Checked* checked);
  void inherit(const std::string& earlier, Checked* checked) const;
  std::string explanation(const run::Result& stored, const run::Result& now) const;
  Made make(const run::ArtefactHeader& header, ShadowLab::Events events);
  Made outcome(const run::Folder& folder, const Ended& ended) const;

  const VerifyOptions& options_;
  const spec::RunSpec& run_;
  const data::Dataset& data_;
  std::span<const uint8_t> part_;
  const run::InstalledPlugins& installed_;
  ShadowLab shadow_;
  std::map<std::string, Checked> known_;  // by key
};

}  // namespace lea::lab
