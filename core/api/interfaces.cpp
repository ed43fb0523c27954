// The destructors are defined here alone, so that host and plugins share one vtable and one type
// information for each interface.
#include "core/api/plugin.h"
#include "core/base/error.h"

namespace lea {

Augmenter::~Augmenter() = default;
Backbone::~Backbone() = default;
Context::~Context() = default;
Environment::~Environment() = default;
Framework::~Framework() = default;
Registrar::~Registrar() = default;

Tensor Environment::state(const History&) {
  throw PluginError(
      "this environment gives rewards but no states (its state_width() is 0), so it cannot stand "
      "in "
      "the state slot: name another environment there, or `state: none`");
}

Loss Framework::loss(const Transition&, const Step&) {
  throw PluginError(
      "this framework is not trained by gradient steps: a framework with parameter groups must "
      "override loss()");
}

void Framework::fit(const TrainingData&) {}

}  // namespace lea
