// A task: what a back end starts. It makes one run or one artefact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/run/folder.h"

namespace lea::lab {

struct Task {
  enum class Kind { kRun, kArtefact };
  Kind kind = Kind::kRun;
  run::Folder folder;
  std::vector<size_t> needs;  // the tasks of the queue that must be done before
  int64_t slots = 1;          // threads
  bool cuda = false;          // `device: cuda`: the back end chooses the GPU
  int claim = -1;    // descriptor of the claim (core/run/claim.h), which the worker inherits
  bool test = true;  // whether the test part is ranked (evaluate.test)
};

}  // namespace lea::lab
