// The name of the machine.
#pragma once

#include <string>

namespace lea {

std::string host_name();

}  // namespace lea
