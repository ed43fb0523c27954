// The artefacts that a run uses, for the worker that trains it.
#pragma once

#include <string>
#include <vector>

#include "core/run/result.h"
#include "core/train/context.h"
#include "core/worker/open_data.h"

namespace lea::worker {

class UsedArtefacts {
 public:
  // Finds the artefacts in the lab and checks the files against their checksums. Throws DataError
  // when one is missing, unfinished or damaged; the message says what to do.
  UsedArtefacts(const std::string& lab, const spec::RunSpec& run, const data::Dataset& data,
                const data::Split& split, Registry& registry);

  train::Artefacts for_training() const;
  const std::vector<run::UsedArtefact>& used() const { return used_; }

 private:
  std::vector<spec::NeededArtefact> needed_;
  std::vector<std::string> folders_;     // of the same order: where the files are
  std::vector<std::string> sums_;        // of the same order
  std::vector<run::UsedArtefact> used_;  // each once
};

}  // namespace lea::worker
