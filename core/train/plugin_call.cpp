#include "core/train/plugin_call.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/train/plugin_output.h"

namespace lea::train {
namespace {

int64_t the_step = -1;
char* shown = nullptr;
size_t shown_bytes = 0;
const OpenCall* innermost = nullptr;
char without_memory[256] = "";
// The message of the exception that was named last, by which outer calls know it.
std::string named;

void show(const char* place) {
  if (shown == nullptr || shown_bytes == 0) return;
  const size_t size = std::min(std::strlen(place), shown_bytes - 1);
  // An empty text first: a reader never finds a mixture of two names.
  shown[0] = '\0';
  std::memcpy(shown + 1, place + std::min<size_t>(1, size), size > 0 ? size - 1 : 0);
  shown[size] = '\0';
  if (size > 0) shown[0] = place[0];
}

std::string first_line(const std::string& text) {
  return printable(text.substr(0, text.find('\n')));
}

template <class E>
void throw_if(const Error& error, const std::string& message) {
  if (dynamic_cast<const E*>(&error) != nullptr) throw E(message);
}

}  // namespace

void set_step(int64_t step) { the_step = step; }

std::string place_of(const std::string& plugin, const std::string& method) {
  std::string place = plugin + " at " + method;
  if (the_step >= 0) place += ", step " + std::to_string(the_step);
  return place;
}

void show_calls_in(char* memory, size_t bytes) {
  shown = memory;
  shown_bytes = bytes;
  show("");
}

const char* place_without_memory() { return without_memory; }

OpenCall::OpenCall(const std::string& plugin, const char* method) : outer_(innermost) {
  if (the_step >= 0) {
    std::snprintf(place_, kBytes, "%s at %s, step %lld", plugin.c_str(), method,
                  static_cast<long long>(the_step));
  } else {
    std::snprintf(place_, kBytes, "%s at %s", plugin.c_str(), method);
  }
  if (outer_ == nullptr) without_memory[0] = '\0';
  innermost = this;
  show(place_);
}

OpenCall::~OpenCall() {
  innermost = outer_;
  show(outer_ == nullptr ? "" : outer_->place_);
}

void OpenCall::rethrow() const {
  try {
    throw;
  } catch (const Error& error) {
    if (named == error.what()) throw;
    named = error.what();
    named.append(" (in ").append(place_).append(")");
    throw_if<ConfigError>(error, named);
    throw_if<DataError>(error, named);
    throw_if<PluginError>(error, named);
    throw_if<StoreError>(error, named);
    throw_if<UsageError>(error, named);
    throw Error(error.code(), named);
  } catch (const std::exception& error) {
    if (is_out_of_memory(error)) {
      if (without_memory[0] == '\0')
        std::snprintf(without_memory, sizeof without_memory, "%s", place_);
      throw;
    }
    const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string text =
        of_torch == nullptr ? error.what() : of_torch->what_without_backtrace();
    named = place_;
    named.append(the_step >= 0 ? ", threw: " : " threw: ").append(first_line(text));
    throw PluginThrew(named, error.what());
  } catch (...) {
    named = place_;
    named.append(the_step >= 0 ? ", threw" : " threw")
        .append(" something that is no std::exception");
    throw PluginThrew(named, "");
  }
}

void OpenCall::refuse(const std::string& what) const {
  named = place_;
  named.append(": ").append(what);
  throw PluginError(named);
}

at::Tensor tensor_of(const OpenCall& call, at::Tensor given, at::IntArrayRef shape,
                     at::ScalarType type) {
  const std::string problem = shape_problem(given, shape, type);
  if (!problem.empty()) call.refuse(problem);
  return given;
}

}  // namespace lea::train
