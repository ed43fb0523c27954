// A lab in a folder of its own, and a planned run to put into it.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "core/base/error.h"
#include "core/run/folder.h"
#include "core/run/header.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea::run {

class RunTest : public ScratchTest {
 protected:
  RunTest() : lab_(path("lab")) {
    make_folders(lab_);
    experiment_.name = "study";
    experiment_.axes = {"framework"};
    spec::PlannedRun planned;
    planned.run.data.name = "toy";
    planned.run.framework.id = "fake.framework";
    planned.hash = spec::run_hash(planned.run);
    planned.labels = {{"framework", "fake"}};
    experiment_.runs = {planned};
  }

  Folder new_run() const {
    const spec::PlannedRun& planned = experiment_.runs[0];
    return make_run(lab_, new_header(experiment_, planned), planned.run);
  }

  std::string lab_;
  spec::Experiment experiment_;
};

}  // namespace lea::run
