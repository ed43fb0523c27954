// Ends long work whose answer is no longer wanted, such as the plan of a spec that was edited
// meanwhile.
#pragma once

#include <exception>
#include <functional>

namespace lea {

// Thrown by stop_if_cancelled(). It is no Error, because nothing is wrong and no user sees it.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

// While an object exists, stop_if_cancelled() in the thread that made it throws once `cancelled`
// returns true. `cancelled` must be cheap. The latest of several objects counts.
class CancelScope {
 public:
  explicit CancelScope(std::function<bool()> cancelled);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 private:
  friend void stop_if_cancelled();

  std::function<bool()> cancelled_;
  const CancelScope* outer_;
};

// To be called in the loops of long work. Does nothing without a CancelScope.
void stop_if_cancelled();

}  // namespace lea
