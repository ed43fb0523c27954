#include "core/lab/grid.h"

#include <signal.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/lab/collector.h"
#include "core/lab/local_pool.h"
#include "core/run/artefact_folder.h"
#include "core/run/beat.h"

namespace lea::lab {
namespace {

using State = TaskQueue::State;

// What the grid is as long as it works: its tasks are those of the plan.
run::GridHeader header_of(const spec::Experiment& experiment, const Plan& plan, bool detached) {
  run::GridHeader header;
  header.experiment = experiment.name;
  header.spec = std::filesystem::absolute(experiment.path).lexically_normal();
  header.axes = experiment.axes;
  header.jobs = plan.jobs;
  header.detached = detached;
  for (const PlannedArtefact& artefact : plan.artefacts) {
    run::GridTask task;
    task.hash = artefact.key;
    task.to_do = !artefact.done;
    task.run = artefact.key;
    task.artefact = artefact.needed.name();
    task.seconds = artefact.seconds.value_or(0);
    header.tasks.push_back(std::move(task));
  }
  for (const PlannedTask& task : plan.tasks) {
    const spec::PlannedRun& run = experiment.runs[task.index];
    header.tasks.push_back({run.hash, run.run.seed, run.labels, needs_work(task.status),
                            task.folder.path.empty() ? "" : task.folder.uuid(),
                            run.run.train.stop_on, task.seconds, task.measured});
  }
  return header;
}

// One line of the grid's log.
void write_log(const run::GridHeader& grid, const run::GridEvent& event) {
  const bool bad = event.kind == run::GridEvent::Kind::kFailed ||
                   event.kind == run::GridEvent::Kind::kRefused ||
                   (event.kind == run::GridEvent::Kind::kEnded && event.exit != 0);
  std::string line = run::to_string(event.kind);
  if (run::is_of_task(event.kind)) line += " " + grid.name(event.task);
  if (!event.run.empty()) line += " (" + event.run + ")";
  if (!event.text.empty()) line += ": " + event.text;
  log(bad ? LogLevel::kWarning : LogLevel::kInfo, "grid", line);
}

}  // namespace

std::chrono::steady_clock::duration seconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(seconds));
}

run::Folder run_to_continue(const std::string& lab, const run::ClaimRecord& claim,
                            const std::string& judged, const run::Folder& planned) {
  const bool is_new = run::is_uuid(claim.run) && claim.run != judged;
  const run::Folder folder = is_new ? run::folder_of(lab, claim.run) : planned;
  return folder.path.empty() || std::filesystem::exists(folder.path) ? folder : run::Folder();
}

double stop_margin(const GridOptions& options) {
  return std::min(options.stop_seconds, options.stop_after / 10);
}

Conclusion conclude(const GridResult& result) {
  const std::string again = ". The same command continues.";
  if (result.stopped) {
    return {Exit::kInterrupted, "stopped: " + counted(result.interrupted, "run") +
                                    " interrupted, " + std::to_string(result.not_started) +
                                    " not begun" + again};
  }
  if (result.failed + result.refused + result.failed_artefacts == 0) {
    if (result.interrupted + result.skipped == 0) return {};
    return {Exit::kInterrupted, "ended on request: " + counted(result.interrupted, "run") +
                                    " interrupted, " + std::to_string(result.skipped) + " skipped" +
                                    again};
  }
  const bool repeated = !result.repeated_reason.empty();
  std::string text = counted(result.failed, "run") + " failed";
  if (result.failed_artefacts > 0) {
    text = counted(result.failed_artefacts, "artefact") + " could not be made" +
           // Those are among the runs that the repeated reason kept from beginning.
           (repeated ? "" : ", so " + counted(result.blocked, "run") + " did not begin") +
           (result.failed > 0 ? "; " + text : "");
  }
  if (result.refused > 0)
    text += ", " + std::to_string(result.refused) + (result.refused == 1 ? " was" : " were") +
            " not collected";
  const bool unsupplied = result.unsupplied == result.failed + result.failed_artefacts &&
                          result.refused_unsupplied == result.refused;
  const Exit code = unsupplied ? Exit::kEnvironment : Exit::kFailedRuns;
  if (repeated) {
    return {code,
            text + ", several for the same reason, so " + counted(result.not_started, "run") +
                " did not begin: " + printable(result.repeated_reason) +
                (unsupplied ? ". Nothing is lost: fix that, and the same command continues." : "")};
  }
  if (unsupplied) {
    return {code, text +
                      " for lack of disk, memory or permission, as reported above. Nothing is "
                      "lost: fix that, and the same command continues."};
  }
  // What failed before its worker began has no log. The reason is reported above.
  const std::string why = !result.logged       ? ", as reported above"
                          : result.failed == 0 ? "; `lealab log KEY` shows why"
                                               : "; `lealab log RUN` shows why";
  return {code, text + why + ". The same command tries them again."};
}

Grid::Grid(const spec::Experiment& experiment, const Plan& plan, GridOptions options,
           OnEvent on_event)
    : experiment_(experiment),
      plan_(plan),
      options_(std::move(options)),
      on_event_(std::move(on_event)),
      live_(std::make_unique<run::LiveGrid>(options_.lab,
                                            header_of(experiment, plan, options_.detached))),
      back_end_(std::make_unique<LocalPool>(LocalPoolOptions{options_.lab, options_.plugin_dirs,
                                                             options_.worker, options_.devices,
                                                             options_.hang_seconds})) {
  // A half-made folder is left from a lealab that was killed.
  run::remove_half_made_runs(options_.lab);
  run::remove_half_made_artefacts(options_.lab);
  int64_t threads = 1;
  for (const PlannedArtefact& artefact : plan.artefacts) {
    std::vector<size_t> needs;
    if (artefact.after) needs.push_back(*artefact.after);
    queue_.add(std::move(needs), experiment.prepare.threads,
               artefact.done ? State::kDone : State::kWaiting);
    folders_.push_back(run::artefact_folder(options_.lab, artefact.key));
    judged_.push_back(artefact.judged);
  }
  for (const PlannedTask& task : plan.tasks) {
    const spec::RunSpec& run = experiment.runs[task.index].run;
    threads = std::max(threads, run.train.threads);
    queue_.add(task.needs, run.train.threads,
               needs_work(task.status) ? State::kWaiting : State::kDone);
    folders_.push_back(needs_work(task.status) ? task.folder : run::Folder());
    judged_.push_back(task.judged);
  }
  done_before_ = count_runs(State::kDone);
  slots_ = plan.jobs * threads;
  open_log(folder().file(run::kLogFile), log_level_of_environment());
  log(LogLevel::kInfo, "grid",
      "grid " + header().id + " of experiment " + experiment.name + " (" + experiment.path + "): " +
          counted(header().to_do(), "run") + " to do of " + std::to_string(plan.tasks.size()) +
          ", " + counted(plan.jobs, "worker") + " with " + counted(threads, "thread") + ", host " +
          header().process.host + ", process " + std::to_string(header().process.pid));
}

Grid::~Grid() = default;

void Grid::start() {
  beat();
  fill();
}

bool Grid::poll(double seconds) {
  if (ended_) return false;
  obey_requests();
  look_elsewhere();
  fill();
  if (is_at_end()) {
    end();
    return false;
  }
  back_end_->wait(seconds);
  std::vector<size_t> tasks;
  for (const auto& [task, running] : running_) tasks.push_back(task);
  for (const size_t task : tasks) advance(task);
  watch_the_clock();
  beat();
  return true;
}

bool Grid::is_at_end() const {
  if (!running_.empty()) return false;
  return stopping_ || not_begun() == 0;
}

size_t Grid::count_runs(State state) const {
  const std::vector<size_t> tasks = queue_.in(state);
  return static_cast<size_t>(
      std::count_if(tasks.begin(), tasks.end(), [&](size_t task) { return !is_artefact(task); }));
}

size_t Grid::not_begun() const {
  return queue_.count(State::kWaiting) + queue_.count(State::kElsewhere);
}

int64_t Grid::free_slots() const {
  int64_t used = 0;
  for (const auto& [task, running] : running_) used += std::min(running.slots, slots_);
  return slots_ - used;
}

void Grid::fill() {
  while (!stopping_) {
    const auto task = queue_.next(free_slots(), slots_);
    if (!task) return;
    begin(*task);
  }
}

void Grid::advance(size_t task) {
  Running& running = running_.at(task);
  const Status status = back_end_->poll(running.handle);
  if (status.news) {
    run::GridEvent event{Kind::kProgress, task, running.folder.uuid()};
    event.progress = *status.news;
    on_event_(event);
  }
  if (status.is == Status::Is::kEnded) settle(task, status.ended);
}

void Grid::settle(size_t task, const Ended& ended) {
  const Running running = std::move(running_.at(task));
  running_.erase(task);
  Verdict verdict;
  try {
    verdict = lab::settle(running.folder, ended, running.log_start, wants_test(task));
  } catch (const Error& error) {
    verdict.is = Verdict::Is::kFailed;
    verdict.reason = error.what();
    verdict.unsupplied = error.code() == Exit::kEnvironment;
  }
  if (!is_artefact(task)) collect(running.folder);
  if (verdict.is == Verdict::Is::kFailed)
    return fail(task, running.folder, {verdict.reason, verdict.unsupplied});
  if (verdict.is == Verdict::Is::kFinished) return finish(task, running.folder);
  queue_.set(task, State::kStopped);
  interrupted_.insert(task);
  tell({Kind::kInterrupted, task, running.folder.uuid()});
}

void Grid::finish(size_t task, const run::Folder& folder) {
  queue_.set(task, State::kDone);
  run::GridEvent event{Kind::kFinished, task, folder.uuid()};
  if (is_artefact(task)) event.warnings = run::warnings_of(folder);
  tell(event);
}

void Grid::fail(size_t task, const run::Folder& folder, const Failure& failure) {
  queue_.set(task, State::kFailed);
  if (failure.unsupplied) unsupplied_.insert(task);
  const bool has_folder = !folder.path.empty() && std::filesystem::exists(folder.path);
  if (has_folder && std::filesystem::exists(folder.file(run::kLogFile))) result_.logged = true;
  tell({Kind::kFailed, task, has_folder ? folder.uuid() : "", failure.reason});
  // The sentence about a full disk depends on the file that was written when it was full.
  const std::string kind = failure.unsupplied ? "unsupplied" : without_steps(failure.reason);
  if (++failures_[kind] != options_.identical_failures || not_begun() == 0) return;
  result_.repeated_reason = failure.reason;
  stopping_ = true;  // running workers continue, no new one starts
  tell({Kind::kStopping, 0, "",
        counted(options_.identical_failures, "run") + " failed for the same reason"});
}

void Grid::stop(Running& running) {
  if (running.stop_by != Clock::time_point::max()) return;
  back_end_->signal(running.handle, SIGTERM);
  running.stop_by = Clock::now() + seconds_of(options_.stop_seconds);
}

void Grid::request_stop(const std::string& why) {
  if (result_.stopped || ended_) return;
  result_.stopped = stopping_ = true;
  for (auto& [task, running] : running_) stop(running);
  tell({Kind::kStopping, 0, "", why});
}

void Grid::kill() {
  request_stop("killed");
  for (auto& [task, running] : running_) back_end_->signal(running.handle, SIGKILL);
}

// Kills workers that did not stop in time, and ends the grid in its own time.
void Grid::watch_the_clock() {
  const auto now = Clock::now();
  if (options_.stop_after > 0) {
    if (now >= started_ + seconds_of(options_.stop_after - stop_margin(options_)))
      request_stop("its time is over (--stop-after)");
    if (now >= started_ + seconds_of(options_.stop_after)) kill();
  }
  for (auto& [task, running] : running_) {
    if (now < running.stop_by) continue;
    back_end_->signal(running.handle, SIGKILL);
  }
}

void Grid::collect(const run::Folder& run) {
  try {
    db::Store store(options_.lab, db::Store::Mode::kWrite);
    collect_run(store, run);
  } catch (const Error& error) {
    // The grid continues, because the run's folder still holds the result.
    ++result_.refused;
    if (error.code() == Exit::kEnvironment) ++result_.refused_unsupplied;
    tell({Kind::kRefused, 0, run.uuid(), error.what()});
  }
}

void Grid::tell(run::GridEvent event) {
  write_log(header(), event);
  try {
    run::append_event(folder(), event);
  } catch (const Error&) {
    // Watchers miss this event, but a full disk must not end the grid.
  }
  on_event_(event);
}

void Grid::beat() {
  if (Clock::now() - beaten_ < seconds_of(run::kBeatSeconds)) return;
  beaten_ = Clock::now();
  run::Progress progress;
  progress.phase = stopping_ ? "stopping" : "running";
  progress.step = static_cast<int64_t>(queue_.count(State::kDone) + queue_.count(State::kFailed));
  progress.max_steps = static_cast<int64_t>(queue_.size());
  try {
    run::write_beat(folder(), {header().process, progress, std::time(nullptr)});
  } catch (const Error&) {
    // On this host the lock shows that the grid lives.
  }
}

void Grid::end() {
  result_.finished = count_runs(State::kDone) - done_before_;
  result_.failed = count_runs(State::kFailed);
  result_.failed_artefacts = queue_.count(State::kFailed) - result_.failed;
  result_.blocked = count_runs(State::kBlocked);
  result_.unsupplied = unsupplied_.size();
  result_.interrupted = interrupted_.size();
  result_.skipped = skipped_.size();
  result_.not_started =
      count_runs(State::kWaiting) + count_runs(State::kElsewhere) + result_.blocked;
  const Conclusion conclusion = conclude(result_);
  run::GridEvent event{Kind::kEnded, 0, "", conclusion.message};
  event.exit = static_cast<int>(conclusion.code);
  ended_ = true;
  tell(event);
}

}  // namespace lea::lab
