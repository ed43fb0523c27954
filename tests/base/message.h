// What an action reports when it is refused.
#pragma once

#include <string>

#include "core/base/error.h"

namespace lea {

// The message of the lea::Error that `action` throws; empty when it throws none.
template <class F>
std::string message_of(F&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace lea
