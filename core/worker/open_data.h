// The data that a task works on, as the resolved spec of a run names it.
#pragma once

#include <memory>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/run/artefact_folder.h"
#include "core/spec/needed_artefacts.h"
#include "core/spec/run_spec.h"
#include "core/train/context.h"
#include "core/worker/registry.h"

namespace lea::worker {

struct OpenData {
  std::shared_ptr<const data::Dataset> data;
  std::shared_ptr<const data::Split> split;
};

// Sets the threads of LibTorch and its deterministic mode, checks the device,
// which `device_key` of the spec names, and opens the data set and the split of
// the run. Throws DataError when the file of the split has changed since the
// run was planned.
OpenData open_data(const std::string& lab, const spec::RunSpec& run, int64_t threads,
                   const std::string& device, const std::string& device_key = "train.device");

// Whether the data is what the artefact is made from: its key follows from it.
bool is_of(const run::ArtefactHeader& header, const OpenData& open);

// Plugins by kind and id, as the loop asks for them.
train::PluginLookup lookup_in(Registry& registry);
spec::ArtefactsOf artefacts_in(Registry& registry);

}  // namespace lea::worker
