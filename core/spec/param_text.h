// A declared parameter in a few words, for lists of parameters. All of it is printable.
#pragma once

#include <string>

#include "core/spec/params.h"

namespace lea::spec {

const char* type_text(ParamType type);            // "integer", "true or false", "list of numbers"
std::string range_text(const ParamInfo& info);    // "1 to 16", "a | b", "at least 0"; "-" for none
std::string default_text(const ParamInfo& info);  // JSON, "(required)", or "0 (added)"

}  // namespace lea::spec
