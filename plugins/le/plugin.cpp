// The plugins of this library: the language model as an environment.
#include "core/api/plugin.h"
#include "plugins/le/environment.h"
#include "plugins/le/environment_maker.h"

namespace {
using lea::le::LanguageEnvironment;
}

LEA_PLUGIN(environment, "lea.le", "1.0.0", LanguageEnvironment,
           "states and rewards of a language model with item tokens and an adapter")
