// The names that users give to devices.
#pragma once

#include <string>

namespace lea {

// cpu, cuda (the least busy GPU) or cuda:N.
bool is_device_name(const std::string& text);

}  // namespace lea
