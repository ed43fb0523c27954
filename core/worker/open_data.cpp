#include "core/worker/open_data.h"

#include <ATen/Parallel.h>

#include "core/data/read_sums.h"
#include "core/train/determinism.h"
#include "core/worker/check_files.h"
#include "core/worker/device.h"

namespace lea::worker {
namespace {

// The split's file must still be the one that the run was planned with.
void check_split_file(const spec::RunSpec& run) {
  if (!run.split.path.empty()) check_file("split.path", run.split.path, run.split_sha256);
}

}  // namespace

OpenData open_data(const std::string& lab, const spec::RunSpec& run, int64_t threads,
                   const std::string& device, const std::string& device_key) {
  at::set_num_threads(static_cast<int>(threads));
  train::require_determinism();
  check_device(device, device_key);
  check_split_file(run);
  OpenData open;
  open.data = data::Dataset::open(data::dataset_folder(lab, run.data.name));
  open.split = std::make_shared<data::Split>(data::make_split(*open.data, run.split));
  return open;
}

bool is_of(const run::ArtefactHeader& header, const OpenData& open) {
  const spec::ReadSums sums = data::read_sums(*open.data, open.split->part, header.run);
  return spec::artefact_key(header.needed, sums, header.after) == header.key;
}

train::PluginLookup lookup_in(Registry& registry) {
  return [&registry](const std::string& kind, const std::string& id) -> const PluginEntry& {
    return registry.get(kind, id);
  };
}

spec::ArtefactsOf artefacts_in(Registry& registry) {
  return [&registry](const std::string& kind, const std::string& id) {
    return registry.get(kind, id).artefacts;
  };
}

}  // namespace lea::worker
