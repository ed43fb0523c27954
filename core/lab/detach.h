// Leaves work behind in a process of its own.
#pragma once

#include <functional>
#include <string>

namespace lea::lab {

// Forks. The child runs `work` in a session of its own, so that it outlives the terminal, and ends
// without returning from this function. `work` calls `ready` with a text once nothing can be refused
// any more; from then on its standard output is closed, and its standard error is the file `log`.
// The parent waits for that and returns the text. When `work` throws before, the parent throws the
// same Error; when the child ends in another way, it throws Error(kInternal).
//
// Must be called while the process has one thread. Locks that the process holds then belong to both.
using Ready = std::function<void(const std::string& text, const std::string& log)>;
std::string leave_behind(const std::function<void(const Ready& ready)>& work);

}  // namespace lea::lab
