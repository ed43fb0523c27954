// The destructors are defined here alone, so that host and plugins share one vtable and one type
// information for each interface.
#include "core/api/plugin.h"
#include "core/base/error.h"
#include "core/lm/vector_math.h"

namespace lea {
namespace {

[[maybe_unused]] const bool settled = settle_vector_math();

}  // namespace

Augmenter::~Augmenter() = default;
Backbone::~Backbone() = default;
Chooser::~Chooser() = default;
Context::~Context() = default;
Environment::~Environment() = default;
Framework::~Framework() = default;
ListReader::~ListReader() = default;
PrepareContext::~PrepareContext() = default;
Preparer::~Preparer() = default;
Registrar::~Registrar() = default;

// Contexts without data, such as that of a trial call, have these.
std::vector<std::string> Context::texts(const std::string& column) const {
  throw ConfigError("there are no item texts, so none with the column `" + column + "`");
}

std::vector<std::string> Context::text_columns() const { return {}; }

const Tensor& Context::pool() const {
  static const Tensor none;
  return none;
}

std::string Context::artefact(const std::string& kind) const {
  throw PluginError("there is no artefact `" + kind + "`");
}

int64_t Context::candidates() const { return 0; }

Tensor Backbone::item_embedding() const { return {}; }

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

Counts Preparer::count(const Artefact&, PrepareContext&) { return {}; }
std::vector<std::string> Preparer::show(PrepareContext&, int64_t) { return {}; }

}  // namespace lea
