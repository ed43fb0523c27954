// A host for tests of environments with artefacts: makes them from data in memory, and then the
// environment that reads them.
#pragma once

#include <memory>
#include <string>

#include "core/api/plugin.h"
#include "core/worker/trial_artefacts.h"
#include "tests/api/host.h"

namespace lea::testing {

class PreparedContext final : public TestContext {
 public:
  PreparedContext(const PluginEntry& entry, const ParamValues& values,
                  const worker::TrialData& from)
      : made(entry, values, from) {
    item_count = from.training.items;
    positions = from.training.history;
    data = from.training;
  }

  std::string artefact(const std::string& kind) const override { return made.folder(kind); }

  const worker::TrialArtefacts made;
};

// A bundled environment, by the name of its library, and what it was made with.
class Prepared {
 public:
  Prepared(const std::string& file, const ParamValues& values, const worker::TrialData& data)
      : context(load_plugin(file), values, data),
        environment(load_plugin(file).environment(values, context)) {}

  // The rewards of `actions` int64 [B, K] after each history, without roles that mean anything.
  Tensor reward(const History& history, const Tensor& actions) const {
    return environment->reward(history, actions,
                               std::vector<Role>(size_t(actions.size(1)), Role::kSampled));
  }

  const PreparedContext context;
  const std::shared_ptr<Environment> environment;
};

}  // namespace lea::testing
