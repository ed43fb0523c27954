// How a user names where something computes.
#pragma once

#include <string>

namespace lea {

// cpu, cuda (the least busy GPU) or cuda:N.
bool is_device_name(const std::string& text);

}  // namespace lea
