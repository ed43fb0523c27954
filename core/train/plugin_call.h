// Calls a method of a plugin by name. An exception of the method names the plugin, the method and the
// step. While the method runs, its name stands where another process finds it if this one crashes.
//
// One thread calls plugins.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace lea::train {

// Sets the step of the training loop, which names of calls have from now on. It is -1 outside the loop.
void set_step(int64_t step);

// Returns "backbone my.model at encode(), step 20".
std::string place_of(const std::string& plugin, const std::string& method);

// From now on, `memory` holds the name of the innermost method that runs, as text that ends with a zero
// byte. The text is empty while no method runs. A null pointer ends this.
void show_calls_in(char* memory, size_t bytes);

// Returns where the memory ran out the last time, when that was in a plugin's method, and otherwise "".
// The place is known although no exception could carry it.
const char* place_without_memory();

// Something else than a lea::Error came out of a plugin's method.
class PluginThrew : public PluginError {
 public:
  PluginThrew(const std::string& message, std::string full)
      : PluginError(message), full_(std::move(full)) {}
  // All that was thrown. LibTorch adds a backtrace to the message.
  const std::string& full() const { return full_; }

 private:
  std::string full_;
};

class OpenCall {
 public:
  OpenCall(const std::string& plugin, const char* method);
  ~OpenCall();
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  // Throws the exception that is being handled again, with the name of this call:
  //   a lea::Error       one of the same kind, "MESSAGE (in backbone my.model at encode(), step 20)"
  //   lack of memory     as it is; place_without_memory() has the name
  //   anything else      PluginThrew, "backbone my.model at encode(), step 20, threw: MESSAGE"
  // What an inner call has named stays as it is.
  [[noreturn]] void rethrow() const;
  // Throws PluginError "backbone my.model at encode(), step 20: WHAT".
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  static constexpr size_t kBytes = 256;

  char place_[kBytes];
  const OpenCall* outer_;
};

// Calls `run`, which calls `method` of a plugin, such as "backbone my.model".
template <class F>
decltype(auto) call_plugin(const std::string& plugin, const char* method, F&& run) {
  const OpenCall call(plugin, method);
  try {
    return std::forward<F>(run)();
  } catch (...) {
    call.rethrow();
  }
}

// Checks the tensor that a method has given. Throws PluginError when it has another shape or type.
at::Tensor tensor_of(const OpenCall& call, at::Tensor given, at::IntArrayRef shape,
                     at::ScalarType type);
template <class F>
at::Tensor call_plugin_for(const std::string& plugin, const char* method, at::IntArrayRef shape,
                           at::ScalarType type, F&& run) {
  const OpenCall call(plugin, method);
  at::Tensor given;
  try {
    given = std::forward<F>(run)();
  } catch (...) {
    call.rethrow();
  }
  return tensor_of(call, std::move(given), shape, type);
}

}  // namespace lea::train
