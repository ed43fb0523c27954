// The plugins of this library: the language model as an environment, and the augmenter that lets an
// environment choose.
#include "core/api/plugin.h"
#include "plugins/le/augmenter.h"
#include "plugins/le/environment.h"
#include "plugins/le/environment_maker.h"

LEA_MANIFEST(
    R"({"version": "1.0.0", "provides": [{"kind": "environment", "id": "lea.le"},
        {"kind": "augmenter", "id": "lea.le"}]})")

extern "C" LEA_EXPORT void lea_register(lea::Registrar& registrar) {
  registrar.environment<lea::le::LanguageEnvironment>(
      "lea.le", "1.0.0", "states and rewards of a language model with item tokens and an adapter");
  registrar.augmenter<lea::le::LanguageAugmenter>(
      "lea.le", "1.0.0", "the candidate that the language-model environment chooses");
}
