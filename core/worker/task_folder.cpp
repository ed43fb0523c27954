#include "core/worker/task_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>

#include "core/base/clock.h"
#include "core/run/attempt.h"
#include "core/train/plugin_call.h"

namespace lea::worker {
namespace {

constexpr double kOrphanSeconds = 60;

std::atomic<bool> asked_to_stop{false};
extern "C" void request_stop(int) { asked_to_stop = true; }

void listen(int64_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // when lealab is killed, its workers must not keep computing
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, request_stop);
  signal(SIGINT, request_stop);
  if (parent > 0 && getppid() != parent) asked_to_stop = true;  // it died before
}

}  // namespace

TaskFolder::TaskFolder(run::Folder folder, const std::string& what, int claim, int64_t parent)
    : folder_((listen(parent), std::move(folder))),
      lock_(folder_.file(run::kLockFile), kOrphanSeconds, what),
      call_(folder_.file(run::kCallFile)) {
  train::show_calls_in(call_.memory(), run::kCallBytes);
  // Programs that a plugin starts must not hold the claim.
  if (claim >= 0) fcntl(claim, F_SETFD, FD_CLOEXEC);
}

// A worker that crashes does not come here, so its file stays.
TaskFolder::~TaskFolder() {
  train::show_calls_in(nullptr, 0);
  call_.remove();
}

bool TaskFolder::stop_requested() const { return asked_to_stop; }

int64_t TaskFolder::begin() {
  attempt_ = run::begin_attempt(folder_);
  return attempt_;
}

void TaskFolder::beat(const run::Progress& progress) {
  const double now =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (now - beaten_ < run::kBeatSeconds) return;
  beaten_ = now;
  run::write_beat(folder_, {process_, progress, std::time(nullptr)});
}

void TaskFolder::end(Exit code, std::optional<run::Result> result) {
  if (!result) return run::end_attempt(folder_, attempt_, static_cast<int>(code), "interrupted");
  result->attempt = attempt_;
  result->finished_at = utc_now();
  run::write_result(folder_, *result);
  run::end_attempt(folder_, attempt_, static_cast<int>(code), result->reason);
}

void TaskFolder::end_opening(Exit code, const std::string& reason) {
  run::end_attempt(folder_, attempt_, static_cast<int>(code),
                   code == Exit::kInterrupted ? "interrupted" : reason);
}

}  // namespace lea::worker
