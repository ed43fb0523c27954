// Tasks by hand, as an array of a cluster's jobs does them: `lealab tasks` lists what a spec lacks,
// and `lealab work` does one task, under the same claims and with the same verdict as a grid.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/grid.h"
#include "core/lab/local_pool.h"
#include "core/lab/session.h"

namespace lea::lab {

struct HandTask {
  std::string run;   // a run's uuid or an artefact's key: the argument of `lealab work`
  std::string hash;  // of the run; the key of the artefact
  std::string name;  // run_name (core/run/header.h), or "rewards of lea.le"
  std::map<std::string, std::string> labels;
  int64_t seed = 0, threads = 1;
  std::string device;
  double seconds = 0;                     // estimated duration
  bool test = true;                       // whether the test part is ranked (evaluate.test)
  std::string elsewhere = {};             // the process that works on it; empty: nobody
  std::vector<std::string> command = {};  // does the task
  std::vector<std::string> needs = {};    // the tasks that must be done before: their `run`
};

// The tasks of the plan that need work, artefacts first. Makes the folder of each that has none, so
// that a task is fixed from now on: a later change of the spec does not change it. `program` is the
// path of lealab.
std::vector<HandTask> hand_tasks(const Session& session, const Plan& plan,
                                 const std::string& program);

nlohmann::json to_json(const HandTask& task);

// Does one task. The object belongs to one thread; its destructor kills the worker.
class Work {
 public:
  // `folder` is that of a run or an artefact. Of `options`, those about one task count. `say` receives
  // one sentence about what happens. `test`: whether the test part of a run is ranked; empty: as the
  // run's spec says.
  Work(const run::Folder& folder, GridOptions options, std::function<void(const std::string&)> say,
       std::optional<bool> test = {});

  // As Grid::poll. While another process works on the run, it waits for that process's result.
  bool poll(double seconds);
  void request_stop();
  void kill();
  const Conclusion& conclusion() const { return conclusion_; }  // once poll has returned false

 private:
  using Clock = std::chrono::steady_clock;
  bool has_ended();
  bool begin();
  void end(Conclusion conclusion);
  void settle(const Ended& ended);

  run::Folder folder_;
  GridOptions options_;
  std::function<void(const std::string&)> say_;
  std::string hash_, name_;         // name_: "run UUID" or "artefact KEY"
  std::vector<std::string> needs_;  // keys of artefacts
  Task task_;
  std::optional<run::Claim> claim_;  // held until the attempt is settled
  LocalPool pool_;
  BackEnd::Handle handle_ = 0;  // 0: no worker has started
  uintmax_t log_start_ = 0;
  bool waited_ = false, stopped_ = false, ended_ = false;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point stop_by_ = Clock::time_point::max();
  Conclusion conclusion_;
};

}  // namespace lea::lab
