// The folder of a task, seen by the worker that works on it: lock, attempt, beat, request to stop,
// and result. The task makes a run or an artefact.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/file_lock.h"
#include "core/run/beat.h"
#include "core/run/folder.h"
#include "core/run/open_call.h"
#include "core/run/result.h"

namespace lea::worker {

class TaskFolder {
 public:
  // Waits at most a minute for the lock of the folder, because the worker of a lealab that was
  // killed may still be writing its checkpoint. From now on SIGTERM, SIGINT and the end of the
  // parent are requests to stop. `what` is "the run" or "the artefact", for messages. `claim`: see
  // TaskOptions. Throws StoreError.
  // While the object exists, the folder's kCallFile has the plugin's method that runs.
  TaskFolder(run::Folder folder, const std::string& what, int claim, int64_t parent);
  ~TaskFolder();

  const run::Folder& folder() const { return folder_; }
  std::optional<run::Result> result() const { return run::read_result(folder_); }
  bool stop_requested() const;

  int64_t attempt() const { return attempt_; }

  // Begins an attempt and returns its number.
  int64_t begin();
  // Writes the beat, at most once in run::kBeatSeconds. Throws StoreError.
  void beat(const run::Progress& progress);
  // Ends the attempt. Without a result it was interrupted; otherwise the result is completed with the
  // attempt and the time, and written.
  void end(Exit code, std::optional<run::Result> result);
  // Ends an attempt to open the test part of a finished run. `reason` is that of a failure.
  void end_opening(Exit code, const std::string& reason);

 private:
  run::Folder folder_;
  FileLock lock_;
  run::OpenCallFile call_;
  const run::Process process_ = run::this_process();
  int64_t attempt_ = 0;
  double beaten_ = -1e9;  // seconds of the steady clock
};

}  // namespace lea::worker
