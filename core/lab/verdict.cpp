#include "core/lab/verdict.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/lab/process.h"
#include "core/run/attempt.h"
#include "core/run/open_call.h"

namespace lea::lab {
namespace {

using How = Ended::How;

constexpr uintmax_t kLogEnd = 20000;  // bytes of the log that are read: at least one whole line
constexpr size_t kReason = 1000;      // bytes of a reason that are shown

bool is_crash(int signal) {
  return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGILL ||
         signal == SIGFPE || signal == SIGSYS || signal == SIGTRAP;
}

bool is_request(const Ended& ended) {
  if (ended.how == How::kExit) return ended.value == static_cast<int>(Exit::kInterrupted);
  if (ended.how == How::kSignal)
    return ended.value == SIGTERM || ended.value == SIGINT || ended.value == SIGHUP;
  return ended.how == How::kStopped;
}

std::string last_line(std::string_view log) {
  while (!log.empty() && log.back() == '\n') log.remove_suffix(1);
  const std::string reason = log_reason(std::string(log.substr(log.rfind('\n') + 1)));
  return printable(reason.size() > kReason ? reason.substr(0, kReason) + "..." : reason);
}

// `call` is the method of a plugin in which the worker was; "" when it was in none.
std::string place(const run::Progress& last, const std::string& call) {
  if (!call.empty()) return " in " + call;
  std::string text = " in phase " + last.phase;
  if (last.step > 0) text += ", step " + std::to_string(last.step);
  return text;
}

std::string reason_of_signal(int signal, const std::string& where, const std::string& ending) {
  if (is_crash(signal)) return "the worker crashed (" + signal_name(signal) + ")" + where + ending;
  if (signal == SIGKILL) {
    return "the worker was killed (SIGKILL)" + where +
           ", most often because memory ran out; the next call resumes it from its checkpoint";
  }
  return "the worker was ended by signal " + std::to_string(signal) + where + ending;
}

std::string reason_of(const Ended& ended, std::string_view log, const std::string& call) {
  const std::string where = place(ended.last, call), line = last_line(log);
  const std::string ending = line.empty() ? "" : "; log.txt ends with: " + line;
  switch (ended.how) {
    case How::kHung:
      return "the worker hung" + where + ": no sign of life for " + duration_text(ended.value) +
             ", after which it was killed; --hang-seconds allows more";
    case How::kLost:
      return "nobody knows how the worker ended" + where + ending;
    case How::kSignal:
    case How::kStopped:
      return reason_of_signal(ended.value, where, ending);
    case How::kExit:
      break;
  }
  if (ended.value == 0) return "the worker ended without a result" + where + ending;
  if (!line.empty()) return line;
  if (ended.value == static_cast<int>(Exit::kEnvironment))
    return "the worker found no room, memory or permission" + where + ", and none to say more";
  return "the worker ended with code " + std::to_string(ended.value) + where;
}

int exit_of(const Ended& ended) {
  if (ended.how == How::kExit) return ended.value;
  if (ended.how == How::kSignal) return 128 + ended.value;
  return ended.how == How::kHung ? 128 + SIGKILL : -1;
}

std::string read_log(const run::Folder& folder, uintmax_t from) {
  const uintmax_t size = log_size(folder);
  if (size < from) from = 0;  // the file was rotated
  std::ifstream file(folder.file(run::kLogFile), std::ios::binary);
  const uintmax_t count = std::min(size - from, kLogEnd);
  std::string text(count, '\0');
  file.seekg(static_cast<std::streamoff>(size - count));
  file.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

Verdict verdict(const Ended& ended, const std::optional<run::Result>& result, std::string_view log,
                const std::string& call) {
  if (result && result->state == run::State::kFinished) return {};
  Verdict verdict;
  verdict.is = Verdict::Is::kFailed;
  verdict.exit = exit_of(ended);
  if (result) {
    verdict.reason = result->reason;
  } else if (is_request(ended)) {
    verdict.is = Verdict::Is::kInterrupted;
    verdict.exit = static_cast<int>(Exit::kInterrupted);
  } else {
    verdict.reason = reason_of(ended, log, call);
    verdict.unsupplied =
        ended.how == How::kExit && ended.value == static_cast<int>(Exit::kEnvironment);
    const bool killed = ended.how == How::kSignal && ended.value == SIGKILL;
    verdict.for_good = !verdict.unsupplied && !killed && ended.how != How::kLost;
  }
  return verdict;
}

std::string without_steps(std::string reason) {
  for (const std::string_view before : {", step ", " at step "}) {
    for (size_t at = reason.find(before); at != std::string::npos; at = reason.find(before, at)) {
      size_t end = at + before.size();
      while (end < reason.size() && reason[end] >= '0' && reason[end] <= '9') ++end;
      if (end > at + before.size()) {
        reason.erase(at, end - at);
      } else {
        at = end;
      }
    }
  }
  return reason;
}

Verdict settle(const run::Folder& folder, const Ended& ended, uintmax_t log_start, bool test) {
  std::optional<run::Result> result;
  try {
    result = run::read_result(folder);
  } catch (const Error& error) {
    // A damaged result costs its run alone.
    Verdict damaged;
    damaged.is = Verdict::Is::kFailed;
    damaged.reason = error.what();
    return damaged;
  }
  const bool has_result = result.has_value();
  if (result && !run::is_complete(*result, test)) result.reset();
  const std::string call = folder.file(run::kCallFile);
  const Verdict verdict =
      lab::verdict(ended, result, read_log(folder, log_start), run::read_call(call));
  std::error_code ignored;
  std::filesystem::remove(call, ignored);
  if (result) return verdict;
  run::close_attempt(folder, verdict.exit, verdict.reason.empty() ? "interrupted" : verdict.reason);
  if (verdict.for_good && !has_result)
    run::write_result(folder, run::failure(verdict.reason, run::last_attempt(folder).number));
  return verdict;
}

uintmax_t log_size(const run::Folder& folder) {
  std::error_code none;
  const uintmax_t size = std::filesystem::file_size(folder.file(run::kLogFile), none);
  return none ? 0 : size;
}

}  // namespace lea::lab
