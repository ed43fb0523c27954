// A grid at work: does what a plan lacks, by the tasks of a back end. Watchers follow it through its
// folder (core/run/grid_folder.h).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/lab/back_end.h"
#include "core/lab/plan.h"
#include "core/lab/task_queue.h"
#include "core/lab/verdict.h"
#include "core/run/claim.h"
#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"
#include "core/run/request.h"

namespace lea::lab {

struct GridOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  std::string worker;  // path of lealab-worker; see worker_path()
  // GPUs for runs with `device: cuda`, named as in CUDA_VISIBLE_DEVICES. Runs with `cuda:N` are not
  // affected.
  std::vector<std::string> devices;
  // No new run starts after this many runs failed for the same reason. The lack of disk, memory or
  // permission counts as one reason.
  int64_t identical_failures = 3;
  // A worker that reports nothing for this long is killed, and its run fails.
  double hang_seconds = 7200;
  // A worker that was asked to stop is killed after this time.
  double stop_seconds = 60;
  // The grid ends within this time: it asks its workers to stop early enough, and then kills those
  // that remain. 0: no limit.
  double stop_after = 0;
  bool detached = false;
};

std::chrono::steady_clock::duration seconds_of(double seconds);

// The run that whoever holds the claim continues. Somebody else may have worked on it since it was
// planned: then it is the run that the claim names, otherwise the planned one. Empty when that folder
// does not exist. `judged`: see PlannedTask.
run::Folder run_to_continue(const std::string& lab, const run::ClaimRecord& claim,
                            const std::string& judged, const run::Folder& planned);

// How long before `stop_after` the workers are asked to stop, in seconds.
double stop_margin(const GridOptions& options);

struct GridResult {
  size_t finished = 0, failed = 0, interrupted = 0;  // runs
  size_t failed_artefacts = 0;
  bool logged = false;  // whether a run or an artefact that failed has a log
  size_t blocked = 0;   // runs that did not begin, because an artefact that they need is missing
  // Failed for lack of disk, memory or permission; counted in `failed` too. The next grid resumes
  // these runs.
  size_t unsupplied = 0;
  size_t skipped = 0, not_started = 0;
  size_t refused = 0;             // runs that ended, but could not be collected
  size_t refused_unsupplied = 0;  // of those: for lack of disk, memory or permission
  bool stopped = false;           // on request, or by stop_after
  std::string repeated_reason;    // the reason that stopped the grid; see identical_failures
};

// How a grid ended, as an exit code and a message. The message is empty when everything finished.
struct Conclusion {
  Exit code = Exit::kOk;
  std::string message;
};
Conclusion conclude(const GridResult& result);

// The grid's folder exists during the lifetime of the object and afterwards. The object belongs to
// one thread. Its destructor kills the workers that are still there.
class Grid {
 public:
  using OnEvent = std::function<void(const run::GridEvent&)>;

  // The experiment and the plan must outlive the grid. Throws StoreError when the grid's folder
  // cannot be made.
  Grid(const spec::Experiment& experiment, const Plan& plan, GridOptions options, OnEvent on_event);
  ~Grid();
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  // Starts the tasks for which there are free slots, in the order of the plan; a later poll starts
  // the others.
  void start();
  // Waits at most `seconds` for something to happen, and handles it. A signal to this process ends
  // the wait. Returns false once the grid has ended. Bad input and a plugin's exception or crash end
  // one run; the others continue.
  bool poll(double seconds);
  // Asks the workers to write a checkpoint and to stop; no task starts any more. `why` is for the
  // log and for watchers. The next grid of the experiment resumes the runs.
  void request_stop(const std::string& why);
  // Kills the workers. Their newest checkpoints remain.
  void kill();
  // Makes the next poll read the requests of users at once. It reads them once a second anyway. May
  // be called by a signal handler.
  void notice_requests() { requests_noticed_ = 1; }

  const run::GridHeader& header() const { return live_->header(); }
  const run::Folder& folder() const { return live_->folder(); }
  // Complete once the grid has ended.
  const GridResult& result() const { return result_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Kind = run::GridEvent::Kind;

  // A task that an attempt of this grid works on.
  struct Running {
    run::Folder folder;
    run::Claim claim;  // held until the attempt is settled, so that nobody continues it before
    BackEnd::Handle handle = 0;
    int64_t slots = 1;
    uintmax_t log_start = 0;
    Clock::time_point stop_by = Clock::time_point::max();  // killed then
  };

  void fill();
  void begin(size_t task);
  void begin_run(size_t task, run::Claim claim);
  void begin_artefact(size_t task, run::Claim claim);
  void finish(size_t task, const run::Folder& folder);
  void submit(size_t task, run::Folder folder, run::Claim claim, bool cuda);
  bool check_needs(size_t task);
  bool wants_test(size_t task) const;
  bool has_ended(size_t task, const run::Folder& folder);
  bool is_at_work(size_t task, const run::Folder& folder);
  void look_elsewhere();
  void advance(size_t task);
  void settle(size_t task, const Ended& ended);
  struct Failure {
    std::string reason;
    bool unsupplied = false;  // see GridResult::unsupplied
  };
  void fail(size_t task, const run::Folder& folder, const Failure& failure);
  void stop(Running& running);
  void watch_the_clock();
  void obey_requests();
  // What became of a request, for the user who sent it.
  struct Answer {
    std::string text;
    bool refused = false;
  };
  Answer obey(const run::Request& request);
  Answer obey(run::Request::Action action, size_t task);
  Answer stop_task(size_t task);
  Answer skip_task(size_t task);
  Answer retry_task(size_t task);
  Answer prefer_task(size_t task);
  Answer skip_waiting();
  Answer retry_failed();
  // The artefacts of the plan are the first tasks. Then come its runs.
  bool is_artefact(size_t task) const { return task < plan_.artefacts.size(); }
  const PlannedTask& planned_run(size_t task) const {
    return plan_.tasks[task - plan_.artefacts.size()];
  }
  size_t count_runs(TaskQueue::State state) const;
  std::vector<size_t> tasks_of(const std::string& hash) const;
  void collect(const run::Folder& run);
  void tell(run::GridEvent event);
  void beat();
  void end();
  bool is_at_end() const;
  size_t not_begun() const;  // tasks that wait for slots or for another process
  int64_t free_slots() const;

  const spec::Experiment& experiment_;
  const Plan& plan_;
  const GridOptions options_;
  const OnEvent on_event_;
  std::unique_ptr<run::LiveGrid> live_;
  std::unique_ptr<BackEnd> back_end_;
  TaskQueue queue_;
  int64_t slots_ = 1;
  std::vector<run::Folder> folders_;  // by task: the run to continue; empty: a new one
  std::vector<std::string> judged_;   // by task: see PlannedTask::judged
  std::map<size_t, Running> running_;
  std::set<size_t> interrupted_, skipped_, unsupplied_;
  std::set<size_t> checked_;  // artefacts that were there before, whose files were compared
  size_t done_before_ = 0;
  std::map<std::string, int64_t> failures_;  // by reason; see identical_failures
  GridResult result_;
  bool stopping_ = false, ended_ = false;
  volatile int requests_noticed_ = 0;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point looked_ = started_, requests_read_ = started_, beaten_{};
};

}  // namespace lea::lab
