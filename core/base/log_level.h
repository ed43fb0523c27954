// How much a line of a log matters.
#pragma once

namespace lea {

// In increasing order. Their names in logs and options are debug, info, warn and error.
enum class LogLevel {
  kDebug,    // for whoever looks for a mistake in a program or a plugin
  kInfo,     // what a task does, and how long each part takes
  kWarning,  // the task continues, but someone should look at its result
  kError,    // why the task failed
};

}  // namespace lea
