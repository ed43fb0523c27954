// How a grid begins a task: an artefact or a run that nobody else works on.
#include <filesystem>

#include "core/base/error.h"
#include "core/lab/grid.h"
#include "core/run/artefact_folder.h"
#include "core/run/attempt.h"
#include "core/run/header.h"
#include "core/run/process.h"
#include "core/run/result.h"
#include "core/run/state.h"

namespace lea::lab {
namespace {

using State = TaskQueue::State;

constexpr double kLookSeconds = 1;  // how often claims of others are looked at

}  // namespace

void Grid::begin(size_t task) {
  const std::string& hash = header().tasks[task].hash;
  try {
    auto claim = run::Claim::take(options_.lab, hash);
    if (claim) {
      return is_artefact(task) ? begin_artefact(task, *std::move(claim))
                               : begin_run(task, *std::move(claim));
    }
    if (queue_.state(task) != State::kElsewhere) {
      queue_.set(task, State::kElsewhere);
      const run::ClaimRecord record = run::read_claim(options_.lab, hash);
      tell({Kind::kElsewhere, task, record.run, process_text(record.holder)});
    }
  } catch (const Error& error) {
    fail(task, folders_[task], {error.what(), error.code() == Exit::kEnvironment});
  }
}

// Compares the files of artefacts that were there before with their sums, before the first run that
// uses them. So a damaged one blocks its runs once, where each of them would find it by itself.
bool Grid::check_needs(size_t task) {
  for (const size_t artefact : planned_run(task).needs) {
    if (!plan_.artefacts[artefact].done || !checked_.insert(artefact).second) continue;
    try {
      run::check_artefact(folders_[artefact], /*sums=*/true);
    } catch (const Error& error) {
      fail(artefact, folders_[artefact], {error.what(), error.code() == Exit::kEnvironment});
      return false;
    }
  }
  return true;
}

void Grid::begin_run(size_t task, run::Claim claim) {
  if (!check_needs(task)) return;
  run::Folder folder = run_to_continue(options_.lab, claim.record(), judged_[task], folders_[task]);
  if (!folder.path.empty() && (has_ended(task, folder) || is_at_work(task, folder))) return;
  const spec::PlannedRun& planned = experiment_.runs[planned_run(task).index];
  if (folder.path.empty())
    folder = run::make_run(
        options_.lab,
        run::new_header(experiment_, planned, keys_of(plan_.artefacts, planned_run(task).needs)),
        planned.run);
  submit(task, std::move(folder), std::move(claim), planned.run.train.device == "cuda");
}

void Grid::begin_artefact(size_t task, run::Claim claim) {
  const run::Folder& folder = folders_[task];
  if (std::filesystem::exists(folder.path)) {
    if (const auto result = run::artefact_result(folder)) {
      if (result->state == run::State::kFinished) {
        run::check_artefact(folder, /*sums=*/false);
        return finish(task, folder);
      }
      // Another process may have tried after this grid was planned.
      if (result->finished_at != judged_[task]) return fail(task, folder, {result->reason});
      run::remove_artefact(folder);
    } else {
      run::read_artefact(folder);  // refuses a folder that this program must not go on with
      if (is_at_work(task, folder)) return;
      run::renew_artefact(folder, header_of(plan_.artefacts, task, experiment_));
    }
  }
  if (!std::filesystem::exists(folder.path))
    run::make_artefact(options_.lab, header_of(plan_.artefacts, task, experiment_));
  submit(task, folder, std::move(claim), experiment_.prepare.device == "cuda");
}

void Grid::submit(size_t task, run::Folder folder, run::Claim claim, bool cuda) {
  folders_[task] = folder;
  claim.name(folder.uuid());
  // Nobody else works on it, so an attempt that is still open was killed.
  run::close_attempt(folder, /*exit=*/-1, "the worker was killed");
  Running running{folder, std::move(claim)};
  running.log_start = log_size(folder);
  running.slots = queue_.slots(task);
  running.handle = back_end_->submit({is_artefact(task) ? Task::Kind::kArtefact : Task::Kind::kRun,
                                      folder,
                                      {},
                                      running.slots,
                                      cuda,
                                      running.claim.descriptor(),
                                      wants_test(task)});
  queue_.set(task, State::kRunning);
  running_.emplace(task, std::move(running));
  tell({Kind::kStarted, task, folder.uuid()});
}

// Whether the task makes a run whose spec wants the test part ranked.
bool Grid::wants_test(size_t task) const {
  return !is_artefact(task) && experiment_.runs[planned_run(task).index].run.evaluate.test;
}

// Whether another process has given the run a result. It is this grid's result, too.
bool Grid::has_ended(size_t task, const run::Folder& folder) {
  const auto result = run::read_result(folder);
  if (!result || !run::is_complete(*result, wants_test(task))) return false;
  if (result->state != run::State::kFinished) {
    fail(task, folder, {result->reason});
    return true;
  }
  collect(folder);
  finish(task, folder);
  return true;
}

// Whether a worker without a claim works on the run: one of an older program, or one on a host whose
// locks cannot be seen.
bool Grid::is_at_work(size_t task, const run::Folder& folder) {
  if (run::state_of(folder) != run::State::kRunning) return false;
  if (queue_.state(task) == State::kElsewhere) return true;
  queue_.set(task, State::kElsewhere);
  tell({Kind::kElsewhere, task, folder.uuid(), process_text(run::last_attempt(folder).process)});
  return true;
}

// Tries the claims that other processes held.
void Grid::look_elsewhere() {
  if (stopping_ || Clock::now() - looked_ < seconds_of(kLookSeconds)) return;
  looked_ = Clock::now();
  for (const size_t task : queue_.in(State::kElsewhere)) {
    if (free_slots() < std::min(queue_.slots(task), slots_)) return;
    begin(task);
  }
}

}  // namespace lea::lab
