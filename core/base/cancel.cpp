#include "core/base/cancel.h"

#include <utility>

namespace lea {
namespace {

thread_local const CancelScope* current = nullptr;

}  // namespace

CancelScope::CancelScope(std::function<bool()> cancelled)
    : cancelled_(std::move(cancelled)), outer_(std::exchange(current, this)) {}

CancelScope::~CancelScope() { current = outer_; }

void stop_if_cancelled() {
  if (current && current->cancelled_()) throw Cancelled();
}

}  // namespace lea
