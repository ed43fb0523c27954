#include "core/lab/work.h"

#include <signal.h>

#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/attempt.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/state.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kLookSeconds = 1;  // how often the claim of another process is tried

// The folder of the task's run. Empty when another process makes it at this moment.
run::Folder folder_of(const Session& session, const PlannedTask& task) {
  const spec::PlannedRun& planned = session.experiment().runs[task.index];
  auto claim = run::Claim::take(session.lab(), planned.hash);
  if (!claim) {
    const std::string uuid = run::read_claim(session.lab(), planned.hash).run;
    return uuid.empty() ? run::Folder() : run::folder_of(session.lab(), uuid);
  }
  run::Folder folder = run_to_continue(session.lab(), claim->record(), task.judged, task.folder);
  if (folder.path.empty())
    folder =
        run::make_run(session.lab(), run::new_header(session.experiment(), planned), planned.run);
  claim->name(folder.uuid());
  return folder;
}

}  // namespace

std::vector<HandTask> hand_tasks(const Session& session, const Plan& plan,
                                 const std::string& program) {
  const std::string lab = fs::absolute(session.lab()).lexically_normal();
  std::vector<HandTask> tasks;
  for (const PlannedTask& planned : plan.tasks) {
    if (!needs_work(planned.status)) continue;
    const spec::PlannedRun& run = session.experiment().runs[planned.index];
    const run::Folder folder = folder_of(session, planned);
    if (folder.path.empty()) continue;
    HandTask task{folder.uuid(),
                  run.hash,
                  run::run_name(session.experiment().axes, run.labels, run.run.seed),
                  run.labels,
                  run.run.seed,
                  run.run.train.threads,
                  run.run.train.device,
                  planned.seconds};
    const run::ClaimRecord claim = run::read_claim(lab, run.hash);
    if (planned.status == TaskStatus::kRunning) task.elsewhere = run::process_text(claim.holder);
    task.command = {program, "--lab", lab};
    for (const std::string& plugins : session.options().plugin_dirs) {
      task.command.insert(task.command.end(),
                          {"--plugin-dir", fs::absolute(plugins).lexically_normal()});
    }
    task.command.insert(task.command.end(), {"work", task.run});
    tasks.push_back(std::move(task));
  }
  return tasks;
}

nlohmann::json to_json(const HandTask& task) {
  return {{"task", task.run},       {"hash", task.hash},       {"name", task.name},
          {"labels", task.labels},  {"seed", task.seed},       {"threads", task.threads},
          {"device", task.device},  {"seconds", task.seconds}, {"elsewhere", task.elsewhere},
          {"command", task.command}};
}

Work::Work(const run::Folder& folder, GridOptions options,
           std::function<void(const std::string&)> say)
    : folder_(folder),
      options_(std::move(options)),
      say_(std::move(say)),
      hash_(run::read_header(folder).hash),
      spec_(spec::load_run(folder.file(run::kSpecFile))),
      pool_({options_.lab, options_.plugin_dirs, options_.worker, options_.devices,
             options_.hang_seconds}) {}

void Work::end(Conclusion conclusion) {
  conclusion_ = std::move(conclusion);
  claim_.reset();
  ended_ = true;
}

// Ends with the result of the run, if it has one.
bool Work::has_ended() {
  const auto result = run::read_result(folder_);
  if (!result) return false;
  settle({Ended::How::kExit, 0, {}});
  return true;
}

// Starts the worker when nobody else works on the run. False while somebody does.
bool Work::begin() {
  if (auto claim = run::Claim::take(options_.lab, hash_)) claim_.emplace(std::move(*claim));
  // Without a claim there is a worker of an older program, or one whose lock cannot be seen here.
  if (claim_ && run::state_of(folder_) == run::State::kRunning) claim_.reset();
  if (!claim_) {
    if (!waited_)
      say_("run " + folder_.uuid() + " is made elsewhere, by " +
           run::process_text(run::read_claim(options_.lab, hash_).holder) +
           ". Waiting for its result.");
    waited_ = true;
    return false;
  }
  claim_->name(folder_.uuid());
  run::close_attempt(folder_, /*exit=*/-1, "the worker was killed");
  log_start_ = log_size(folder_);
  handle_ = pool_.submit({Task::Kind::kRun,
                          folder_,
                          {},
                          spec_.train.threads,
                          spec_.train.device == "cuda",
                          claim_->descriptor()});
  return true;
}

void Work::settle(const Ended& ended) {
  const Verdict verdict = lab::settle(folder_, ended, log_start_);
  const std::string name = "run " + folder_.uuid();
  switch (verdict.is) {
    case Verdict::Is::kFinished:
      say_(name + " has finished");
      return end({});
    case Verdict::Is::kInterrupted:
      return end({Exit::kInterrupted,
                  name + " was interrupted. The same command resumes it from its checkpoint."});
    case Verdict::Is::kFailed:
      return end({verdict.unsupplied ? Exit::kEnvironment : Exit::kFailedRuns,
                  name + " failed: " + printable(verdict.reason)});
  }
}

bool Work::poll(double seconds) {
  if (ended_) return false;
  if (handle_ == 0) {
    if (stopped_) {
      end({Exit::kInterrupted, "stopped before run " + folder_.uuid() + " began"});
      return false;
    }
    if (has_ended()) return false;
    if (!begin()) {
      std::this_thread::sleep_for(seconds_of(kLookSeconds));
      return true;
    }
  }
  pool_.wait(seconds);
  const Status status = pool_.poll(handle_);
  if (status.is == Status::Is::kEnded) {
    settle(status.ended);
    return false;
  }
  const auto now = Clock::now();
  if (options_.stop_after > 0 &&
      now >= started_ + seconds_of(options_.stop_after) - seconds_of(stop_margin(options_)))
    request_stop();
  if (now >= stop_by_) kill();
  return true;
}

void Work::request_stop() {
  if (stopped_) return;
  stopped_ = true;
  stop_by_ = Clock::now() + seconds_of(options_.stop_seconds);
  if (handle_ != 0) pool_.signal(handle_, SIGTERM);
}

void Work::kill() {
  stopped_ = true;
  if (handle_ != 0) pool_.signal(handle_, SIGKILL);
}

}  // namespace lea::lab
