#include "core/worker/prepare.h"

#include <chrono>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/run/artefact_folder.h"
#include "core/spec/plugin_info.h"
#include "core/train/plugin_call.h"
#include "core/worker/attempt.h"
#include "core/worker/check_files.h"
#include "core/worker/host_prepare.h"
#include "core/worker/provenance.h"

namespace lea::worker {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Reports the progress of the making to the task's folder and to whoever started the worker.
class MakingProgress {
 public:
  explicit MakingProgress(TaskFolder& task) : task_(task) {}

  bool operator()(int64_t done, int64_t total) {
    const auto now = Clock::now();
    if (std::chrono::duration<double>(now - told_).count() >= kTellSeconds) {
      told_ = now;
      const double seconds = since(start_);
      if (first_ < 0 || done < first_) first_ = done;  // a new part counts from its own begin
      progress_.phase = "prepare";
      progress_.step = done;
      progress_.max_steps = total;
      progress_.steps_per_second = seconds > 0 ? static_cast<double>(done - first_) / seconds : 0;
      tell(run::progress_line(progress_));
      task_.beat(progress_);
    }
    return task_.stop_requested();
  }

 private:
  static constexpr double kTellSeconds = 0.25;

  TaskFolder& task_;
  run::Progress progress_;
  int64_t first_ = -1;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point told_{};
};

std::string folder_of_earlier(const std::string& lab, const run::ArtefactHeader& header) {
  if (header.after.empty()) return "";
  const run::Folder folder = run::artefact_folder(lab, header.after);
  if (!run::check_artefact(folder, /*sums=*/true)) {
    throw DataError(
        "the artefact " + header.after.substr(0, 12) +
        ", from which this one is made, is not in the lab. `lealab run` makes it first.");
  }
  return folder.file(run::kFilesFolder);
}

// Refuses data that was replaced since the folder was made: the files would be stored under the key
// of other data.
void check_data(const run::Folder& folder, const run::ArtefactHeader& header,
                const OpenData& open) {
  if (is_of(header, open)) return;
  throw DataError(printable(folder.path) + ": is to be made from other data than the data set " +
                  header.run.data.name +
                  " now holds, so it was planned before that was replaced. `lealab run` plans what "
                  "is made from the present data.");
}

run::Making making_of(const run::Folder& folder, const HostPrepareContext& context,
                      const run::ArtefactHeader& header, double seconds) {
  run::Making making;
  making.files = run::record_files(folder);
  if (making.files.empty())
    throw PluginError(header.needed.name() + ": prepare() wrote no file, so nothing was made");
  for (const auto& [name, record] : making.files) {
    if (name.ends_with(".part")) {
      throw PluginError(header.needed.name() + ": prepare() ended, but " + printable(name) +
                        " is not finished");
    }
  }
  making.sha256 = run::sum_of(making.files);
  making.quality = context.quality();
  making.warnings = context.warnings();
  making.seconds = seconds;
  return making;
}

Ending prepare(const TaskOptions& options, TaskFolder& task, std::optional<MemoryLimit>& limit) {
  const auto start = Clock::now();
  const run::Folder folder = task.folder();
  const run::ArtefactHeader header = run::read_artefact(folder);
  const spec::NeededArtefact& needed = header.needed;
  Registry registry(plugin_folders(options.plugin_dirs));
  const PluginEntry& entry = registry.get(needed.plugin_kind, needed.use.id);
  if (!entry.preparer)
    throw PluginError(needed.use.id + ": this version of the plugin makes no artefacts");
  const LoggedPhase load("worker", "load");
  check_files(needed.plugin_kind, needed.use, registry);
  const OpenData open =
      open_data(options.lab, header.run, header.threads, header.device, "prepare.device");
  check_data(folder, header, open);
  const std::string earlier = folder_of_earlier(options.lab, header);
  load.end();
  if (header.device == "cpu") limit.emplace();
  fs::create_directories(folder.file(run::kFilesFolder));
  remove_temporaries(folder.file(run::kFilesFolder));
  MakingProgress progress(task);
  HostPrepareContext context(header, open, folder.file(run::kFilesFolder), earlier,
                             [&](int64_t done, int64_t total) { return progress(done, total); });
  const std::string plugin = needed.plugin_kind + " " + needed.use.id;
  const ParamValues values = spec::to_values(entry.params, needed.use.params, plugin);
  const auto preparer = train::call_plugin(plugin, "the constructor of its maker",
                                           [&] { return entry.preparer(values); });
  const LoggedPhase make("worker", "prepare");
  context.stop(0, 0);
  train::call_plugin(plugin, "prepare()", [&] { preparer->prepare(needed.artefact, context); });
  if (task.stop_requested()) return {Exit::kInterrupted, {}, "while it was made"};
  make.end();
  run::Result result;
  result.making = making_of(folder, context, header, since(start));
  result.made_with = provenance(registry, header.device);
  return {Exit::kOk, std::move(result), ""};
}

}  // namespace

int run_preparing(const TaskOptions& options) {
  Job job;
  job.what = "artefact";
  job.work = [&](TaskFolder& task, std::optional<MemoryLimit>& limit) {
    return prepare(options, task, limit);
  };
  return run_attempt(options, job);
}

}  // namespace lea::worker
