// core/lm is a shared library that is compiled with hidden symbols; what others call is marked.
#pragma once

#define LEA_LM_API __attribute__((visibility("default")))
