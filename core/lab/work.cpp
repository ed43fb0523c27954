#include "core/lab/work.h"

#include <signal.h>

#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/artefact_folder.h"
#include "core/run/attempt.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/state.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kLookSeconds = 1;  // how often the claim of another process is tried

// The folder of the task's run. Empty when another process makes it at this moment.
run::Folder folder_of(const Session& session, const PlannedTask& task,
                      const std::vector<std::string>& artefacts) {
  const spec::PlannedRun& planned = session.experiment().runs[task.index];
  auto claim = run::Claim::take(session.lab(), planned.hash);
  if (!claim) {
    const std::string uuid = run::read_claim(session.lab(), planned.hash).run;
    return uuid.empty() ? run::Folder() : run::folder_of(session.lab(), uuid);
  }
  run::Folder folder = run_to_continue(session.lab(), claim->record(), task.judged, task.folder);
  if (folder.path.empty())
    folder = run::make_run(session.lab(), run::new_header(session.experiment(), planned, artefacts),
                           planned.run);
  claim->name(folder.uuid());
  return folder;
}

// Makes the folder of an artefact that is to be made, unless another process has it in hand. Leaves a
// damaged folder as it is: `lealab work` says what is wrong with it.
void make_folder(const Session& session, const Plan& plan, size_t artefact) {
  const PlannedArtefact& planned = plan.artefacts[artefact];
  const auto claim = run::Claim::take(session.lab(), planned.key);
  if (!claim) return;
  const run::Folder folder = run::artefact_folder(session.lab(), planned.key);
  bool make = !fs::exists(folder.path);
  try {
    const auto result = run::artefact_result(folder);
    make = make || (result && result->state != run::State::kFinished);
    if (!make && !result && run::state_of(folder) != run::State::kRunning) {
      run::renew_artefact(folder, header_of(plan.artefacts, artefact, session.experiment()));
    }
  } catch (const DataError&) {
    return;
  }
  if (make)
    run::make_artefact(session.lab(), header_of(plan.artefacts, artefact, session.experiment()));
}

}  // namespace

std::vector<HandTask> hand_tasks(const Session& session, const Plan& plan,
                                 const std::string& program) {
  const std::string lab = fs::absolute(session.lab()).lexically_normal();
  std::vector<std::string> begin = {program, "--lab", lab};
  for (const std::string& plugins : session.options().plugin_dirs)
    begin.insert(begin.end(), {"--plugin-dir", fs::absolute(plugins).lexically_normal()});
  const auto finish = [&](HandTask task) {
    task.command = begin;
    task.command.insert(task.command.end(), {"work", task.run});
    return task;
  };
  std::vector<HandTask> tasks;
  for (size_t i = 0; i < plan.artefacts.size(); ++i) {
    const PlannedArtefact& planned = plan.artefacts[i];
    if (planned.done) continue;
    make_folder(session, plan, i);
    HandTask task{planned.key,
                  planned.key,
                  planned.needed.name(),
                  {},
                  0,
                  session.experiment().prepare.threads,
                  session.experiment().prepare.device,
                  planned.seconds.value_or(0)};
    if (planned.after) task.needs = {plan.artefacts[*planned.after].key};
    if (planned.running)
      task.elsewhere = run::process_text(run::read_claim(lab, planned.key).holder);
    tasks.push_back(finish(std::move(task)));
  }
  for (const PlannedTask& planned : plan.tasks) {
    if (!needs_work(planned.status)) continue;
    const spec::PlannedRun& run = session.experiment().runs[planned.index];
    const std::vector<std::string> artefacts = keys_of(plan.artefacts, planned.needs);
    const run::Folder folder = folder_of(session, planned, artefacts);
    if (folder.path.empty()) continue;
    HandTask task{folder.uuid(),
                  run.hash,
                  run::run_name(session.experiment().axes, run.labels, run.run.seed),
                  run.labels,
                  run.run.seed,
                  run.run.train.threads,
                  run.run.train.device,
                  planned.seconds,
                  run.run.evaluate.test};
    const run::ClaimRecord claim = run::read_claim(lab, run.hash);
    if (planned.status == TaskStatus::kRunning) task.elsewhere = run::process_text(claim.holder);
    for (const size_t need : planned.needs) {
      if (!plan.artefacts[need].done) task.needs.push_back(plan.artefacts[need].key);
    }
    task = finish(std::move(task));
    // The folder may have been made for a spec that says otherwise.
    if (task.test != spec::load_run(folder.file(run::kSpecFile)).evaluate.test)
      task.command.insert(task.command.end(), {"--test", task.test ? "open" : "closed"});
    tasks.push_back(std::move(task));
  }
  return tasks;
}

nlohmann::json to_json(const HandTask& task) {
  return {{"task", task.run},        {"hash", task.hash},       {"name", task.name},
          {"labels", task.labels},   {"seed", task.seed},       {"threads", task.threads},
          {"device", task.device},   {"seconds", task.seconds}, {"elsewhere", task.elsewhere},
          {"command", task.command}, {"needs", task.needs}};
}

Work::Work(const run::Folder& folder, GridOptions options,
           std::function<void(const std::string&)> say, std::optional<bool> test)
    : folder_(folder),
      options_(std::move(options)),
      say_(std::move(say)),
      pool_({options_.lab, options_.plugin_dirs, options_.worker, options_.devices,
             options_.hang_seconds}) {
  task_.folder = folder_;
  if (fs::exists(folder_.file(run::kArtefactFile))) {
    const run::ArtefactHeader header = run::read_artefact(folder_);
    hash_ = header.key;
    name_ = "artefact " + header.key.substr(0, 12);
    if (!header.after.empty()) needs_ = {header.after};
    task_.kind = Task::Kind::kArtefact;
    task_.slots = header.threads;
    task_.cuda = header.device == "cuda";
    task_.test = false;
    return;
  }
  const run::Header header = run::read_header(folder_);
  const spec::RunSpec run = spec::load_run(folder_.file(run::kSpecFile));
  hash_ = header.hash;
  name_ = "run " + folder_.uuid();
  needs_ = header.artefacts;
  task_.test = test.value_or(run.evaluate.test);
  task_.slots = run.train.threads;
  task_.cuda = run.train.device == "cuda";
}

void Work::end(Conclusion conclusion) {
  conclusion_ = std::move(conclusion);
  claim_.reset();
  ended_ = true;
}

// Ends with the result of the run, if it has one.
bool Work::has_ended() {
  const auto result = run::read_result(folder_);
  if (!result || !run::is_complete(*result, task_.test)) return false;
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
      say_(name_ + " is made elsewhere, by " +
           run::process_text(run::read_claim(options_.lab, hash_).holder) +
           ". Waiting for its result.");
    waited_ = true;
    return false;
  }
  for (const std::string& key : needs_) {
    if (run::check_artefact(run::artefact_folder(options_.lab, key), /*sums=*/false)) continue;
    throw Error(Exit::kEnvironment, name_ + " needs the artefact " + key.substr(0, 12) +
                                        ", which has not been made: do `lealab work " +
                                        key.substr(0, 12) + "` first.");
  }
  claim_->name(folder_.uuid());
  run::close_attempt(folder_, /*exit=*/-1, "the worker was killed");
  log_start_ = log_size(folder_);
  task_.claim = claim_->descriptor();
  handle_ = pool_.submit(task_);
  return true;
}

void Work::settle(const Ended& ended) {
  const Verdict verdict = lab::settle(folder_, ended, log_start_, task_.test);
  switch (verdict.is) {
    case Verdict::Is::kFinished:
      say_(name_ + " has finished");
      if (task_.kind == Task::Kind::kArtefact) {
        for (const std::string& warning : run::warnings_of(folder_))
          say_("warning: " + name_ + ": " + printable(warning));
      }
      return end({});
    case Verdict::Is::kInterrupted:
      return end({Exit::kInterrupted,
                  name_ + " was interrupted. The same command resumes it from its checkpoint."});
    case Verdict::Is::kFailed:
      return end({verdict.unsupplied ? Exit::kEnvironment : Exit::kFailedRuns,
                  name_ + " failed: " + printable(verdict.reason)});
  }
}

bool Work::poll(double seconds) {
  if (ended_) return false;
  if (handle_ == 0) {
    if (stopped_) {
      end({Exit::kInterrupted, "stopped before " + name_ + " began"});
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
