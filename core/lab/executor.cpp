#include "core/lab/executor.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <list>
#include <memory>
#include <optional>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/lab/process.h"
#include "core/run/attempt.h"
#include "core/run/header.h"
#include "core/run/result.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMilliseconds = 200;

volatile sig_atomic_t signals_seen = 0;

extern "C" void count_signal(int) { signals_seen = signals_seen + 1; }

// Counts the signals that ask to stop, during its lifetime.
class StopSignals {
 public:
  StopSignals() {
    signals_seen = 0;
    struct sigaction action {};
    action.sa_handler = count_signal;  // without SA_RESTART, so that a signal wakes poll
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &old_[i]);
  }
  ~StopSignals() {
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &old_[i], nullptr);
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction old_[3];
};

// The worker's own reason: what the last line of the log after offset `from` gives as one.
std::string log_tail(const run::Folder& run, uintmax_t from, size_t bytes = 20000) {
  std::ifstream file(run.file(run::kLogFile), std::ios::binary | std::ios::ate);
  if (!file) return "";
  const auto length = static_cast<size_t>(file.tellg());
  const size_t count = length > from ? std::min<size_t>(length - from, bytes) : 0;
  std::string text(count, '\0');
  file.seekg(static_cast<std::streamoff>(length - count));
  file.read(text.data(), static_cast<std::streamsize>(count));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string reason = log_reason(text.substr(text.rfind('\n') + 1));
  return printable(reason.size() > 1000 ? reason.substr(0, 1000) + "..." : reason);
}

bool is_crash(int signal) {
  return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGILL ||
         signal == SIGFPE || signal == SIGSYS || signal == SIGTRAP;
}

struct Running {
  size_t task = 0;
  std::string device;  // the GPU that the run was given; empty without one
  run::Folder folder;
  std::unique_ptr<Child> child;
  std::string phase = "start";
  int64_t step = 0;
  bool at_end = false;                     // its output has ended
  bool killed = false;                     // the user stopped the grid and we killed it
  bool hung = false;                       // it was silent too long and we killed it
  uintmax_t log_start = 0;                 // offset in log.txt where this attempt begins
  Clock::time_point heard = Clock::now();  // the last sign of life
};

class Executor {
 public:
  Executor(const spec::Experiment& experiment, const Plan& plan, const GridOptions& options,
           const std::function<void(const TaskEvent&)>& on_event)
      : experiment_(experiment), plan_(plan), options_(options), on_event_(on_event) {
    for (size_t i = 0; i < plan.tasks.size(); ++i) {
      if (needs_work(plan.tasks[i].status)) queue_.push_back(i);
    }
  }

  GridResult go(const std::function<void()>& tick) {
    const StopSignals signals;
    while (!running_.empty() || (!queue_.empty() && !stopping_)) {
      while (!stopping_ && !queue_.empty() && std::ssize(running_) < options_.jobs) start_next();
      wait();
      for (auto run = running_.begin(); run != running_.end();) {
        run = advance(*run) ? running_.erase(run) : std::next(run);
      }
      obey_signals();
      end_hung();
      tick();
    }
    result_.not_started = queue_.size();
    return result_;
  }

 private:
  void start_next() {
    const size_t index = queue_.front();
    queue_.pop_front();
    const PlannedTask& task = plan_.tasks[index];
    Running run;
    run.task = index;
    run.folder = task.folder;
    if (run.folder.path.empty()) {
      const spec::PlannedRun& planned = experiment_.runs[task.index];
      run.folder = run::make_run(options_.lab, run::new_header(experiment_, planned), planned.run);
    }
    // An orphan still works on a running task, and its attempt is open. The new worker waits for
    // the orphan to end.
    if (task.status != TaskStatus::kRunning)
      run::close_attempt(run.folder, /*exit=*/-1, "the worker was killed");
    std::error_code none;
    run.log_start = fs::file_size(run.folder.file(run::kLogFile), none);
    if (none) run.log_start = 0;
    std::vector<std::string> command = {
        options_.worker, "train",         "--lab",    options_.lab,
        "--run",         run.folder.path, "--parent", std::to_string(getpid())};
    for (const std::string& folder : options_.plugin_dirs) {
      command.insert(command.end(), {"--plugin-dir", folder});
    }
    std::map<std::string, std::string> environment;
    if (experiment_.runs[task.index].run.train.device == "cuda" && !options_.devices.empty()) {
      run.device = least_used();
      environment["CUDA_VISIBLE_DEVICES"] = run.device;
    }
    run.child = std::make_unique<Child>(command, run.folder.file(run::kLogFile), environment);
    tell(run, TaskEvent::Kind::kStarted);
    running_.push_back(std::move(run));
  }

  const std::string& least_used() const {
    const auto users = [&](const std::string& device) {
      return std::count_if(running_.begin(), running_.end(),
                           [&](const Running& run) { return run.device == device; });
    };
    return *std::min_element(
        options_.devices.begin(), options_.devices.end(),
        [&](const std::string& a, const std::string& b) { return users(a) < users(b); });
  }

  void wait() {
    std::vector<pollfd> descriptors;
    for (const Running& run : running_) {
      if (!run.at_end) descriptors.push_back({run.child->out(), POLLIN, 0});
    }
    poll(descriptors.data(), descriptors.size(), kTickMilliseconds);
  }

  // Reads the worker's output. True when the worker has ended and its result is counted.
  bool advance(Running& run) {
    const auto line = [&](const std::string& text) { heard(run, text); };
    if (!run.at_end && !run.child->read_lines(line)) run.at_end = true;
    ProcessResult ended;
    if (!run.child->finished(&ended)) return false;
    if (!run.at_end) run.child->read_lines(line);
    settle(run, ended);
    return true;
  }

  // Handles one line of the worker's stdout. Ignores lines that a plugin printed.
  void heard(Running& run, const std::string& text) {
    const auto message = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!message.is_object()) return;
    try {
      const JsonFields fields(message, "worker");
      const std::string type = fields.text("type", "");
      if (type != "progress" && type != "valid") return;
      run.heard = Clock::now();
      TaskEvent event;
      event.step = run.step = fields.integer("step", 0);
      if (type == "progress") {
        event.max_steps = fields.integer("max_steps", 0);
        event.steps_per_second = fields.number("steps_per_second", 0);
        event.phase = run.phase = fields.text("phase", "train");
        tell(run, TaskEvent::Kind::kProgress, std::move(event));
      } else if (fields.has("metrics")) {
        const JsonFields metrics = fields.object("metrics");
        for (const auto& [name, value] : fields.at("metrics").items()) {
          if (value.is_number()) event.metrics[name] = metrics.number(name.c_str());
        }
        tell(run, TaskEvent::Kind::kValidated, std::move(event));
      }
    } catch (const DataError&) {
    }
  }

  void tell(const Running& run, TaskEvent::Kind kind, TaskEvent event = {}) {
    event.kind = kind;
    event.task = run.task;
    event.folder = run.folder;
    on_event_(event);
  }

  void settle(const Running& run, const ProcessResult& ended) {
    std::optional<run::Result> result;
    try {
      result = run::read_result(run.folder);
    } catch (const Error& error) {
      return failed(run, error.what(), error.what());  // a damaged result costs its run alone
    }
    if (result && result->state == run::State::kFinished) {
      ++result_.finished;
      return tell(run, TaskEvent::Kind::kFinished);
    }
    if (result) return failed(run, result->reason, result->reason);
    const bool asked = run.killed || ended.signal == SIGTERM || ended.signal == SIGINT ||
                       ended.signal == SIGHUP ||
                       ended.exit_code == static_cast<int>(Exit::kInterrupted);
    if (asked) {
      run::close_attempt(run.folder, static_cast<int>(Exit::kInterrupted), "interrupted");
      ++result_.interrupted;
      tell(run, TaskEvent::Kind::kInterrupted);
      return;
    }
    const std::string reason = run.hung ? hang_of(run) : reason_of(run, ended);
    run::close_attempt(run.folder, ended.signal ? 128 + ended.signal : ended.exit_code, reason);
    // Without a result the next call resumes the run. This makes sense for a lack of memory or
    // disk; any other failure would only repeat.
    const bool unsupplied = ended.exit_code == static_cast<int>(Exit::kEnvironment);
    const bool may_pass = (ended.signal == SIGKILL && !run.hung) || unsupplied;
    if (!may_pass) {
      run::write_result(run.folder, run::failure(reason, run::last_attempt(run.folder).number));
    }
    if (unsupplied) ++result_.unsupplied;
    failed(run, reason, unsupplied ? without_details(run, reason) : reason);
  }

  // Removes the path and all numbers, so that a full disk is the same reason for every run.
  static std::string without_details(const Running& run, std::string reason) {
    const std::string& path = run.folder.path;
    for (size_t at; (at = reason.find(path)) != std::string::npos;) reason.erase(at, path.size());
    std::erase_if(reason, [](char c) { return c >= '0' && c <= '9'; });
    return reason;
  }

  std::string hang_of(const Running& run) const {
    return "the worker hung in phase " + run.phase + ", step " + std::to_string(run.step) +
           ": no sign of life for " + duration_text(options_.hang_seconds) +
           ", after which it was killed; --hang-seconds allows more";
  }

  static std::string reason_of(const Running& run, const ProcessResult& ended) {
    std::string where = " in phase " + run.phase;
    if (run.step > 0) where += ", step " + std::to_string(run.step);
    const std::string tail = log_tail(run.folder, run.log_start);
    const std::string said = tail.empty() ? "" : "; log.txt ends with: " + tail;
    if (is_crash(ended.signal)) {
      return std::string("the worker crashed (SIG") + sigabbrev_np(ended.signal) + ")" + where +
             said;
    }
    if (ended.signal == SIGKILL) {
      return "the worker was killed (SIGKILL)" + where +
             ", most often because memory ran out; the next call resumes it from its checkpoint";
    }
    if (ended.signal)
      return "the worker was ended by signal " + std::to_string(ended.signal) + where + said;
    if (ended.exit_code == 0) return "the worker ended without a result" + where + said;
    if (tail.empty() && ended.exit_code == static_cast<int>(Exit::kEnvironment))
      return "the worker found no room, memory or permission" + where + ", and none to say more";
    return tail.empty() ? "the worker ended with code " + std::to_string(ended.exit_code) + where
                        : tail;
  }

  // `kind`: the reason without details; runs with equal kinds count as identical failures.
  void failed(const Running& run, const std::string& reason, const std::string& kind) {
    ++result_.failed;
    TaskEvent event;
    event.reason = reason;
    event.step = run.step;
    tell(run, TaskEvent::Kind::kFailed, std::move(event));
    if (++failures_[kind] == options_.identical_failures && !queue_.empty()) {
      result_.repeated_reason = reason;
      stopping_ = true;  // running workers continue, no new one starts
    }
  }

  void obey_signals() {
    const int seen = signals_seen;
    if (seen > obeyed_) {
      result_.stopped_by_user = stopping_ = true;
      for (Running& run : running_) {
        if (seen >= 2) run.killed = true;
        run.child->send(seen >= 2 ? SIGKILL : SIGTERM);
      }
      if (obeyed_ == 0) asked_ = Clock::now();
      obeyed_ = seen;
    }
    if (obeyed_ > 0 &&
        Clock::now() - asked_ > std::chrono::duration<double>(options_.stop_seconds)) {
      for (Running& run : running_) {
        run.killed = true;
        run.child->send(SIGKILL);
      }
    }
  }

  void end_hung() {
    const auto limit = std::chrono::duration<double>(options_.hang_seconds);
    for (Running& run : running_) {
      if (run.hung || obeyed_ > 0 || Clock::now() - run.heard < limit) continue;
      run.hung = true;
      run.child->send(SIGKILL);
    }
  }

  const spec::Experiment& experiment_;
  const Plan& plan_;
  const GridOptions& options_;
  const std::function<void(const TaskEvent&)>& on_event_;
  std::deque<size_t> queue_;
  std::list<Running> running_;
  std::map<std::string, int64_t> failures_;
  GridResult result_;
  bool stopping_ = false;
  int obeyed_ = 0;
  Clock::time_point asked_;
};

}  // namespace

LabLock::LabLock(const std::string& lab) : lock_(lab + "/coordinator.lock", 0, "the lab") {
  // Only the holder of this lock makes runs, so an unfinished folder is left from a killed lealab.
  run::remove_half_made_runs(lab);
}

GridResult run_grid(const spec::Experiment& experiment, const Plan& plan,
                    const GridOptions& options,
                    const std::function<void(const TaskEvent&)>& on_event,
                    const std::function<void()>& tick) {
  return Executor(experiment, plan, options, on_event).go(tick);
}

std::string duration_text(double seconds) {
  const int64_t whole = std::llround(seconds);
  const auto text = [](int64_t value, const char* unit) { return std::to_string(value) + unit; };
  if (whole < 60) return text(whole, " s");
  if (whole < 3600) return text(whole / 60, " min ") + text(whole % 60, " s");
  return text(whole / 3600, " h ") + text(whole % 3600 / 60, " min");
}

}  // namespace lea::lab
