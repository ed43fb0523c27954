// LEA_LM_API marks what other libraries call: core/lm is a shared library with hidden symbols.
#pragma once

#define LEA_LM_API __attribute__((visibility("default")))
