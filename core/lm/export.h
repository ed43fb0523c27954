// LEA_LM_API marks what other libraries call: core/lm is a shared library with hidden symbols. The
// headers that use it are installed, and plugins outside this tree may include them; the plugin API's
// version (core/api/plugin.h) covers them.
#pragma once

#define LEA_LM_API __attribute__((visibility("default")))
