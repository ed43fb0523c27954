#include "core/lab/session.h"

#include <algorithm>
#include <filesystem>

#include "core/base/cached_sum.h"
#include "core/base/cancel.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/lab/artefact_refusals.h"
#include "core/lab/artefact_time.h"
#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/experiment_data.h"
#include "core/lab/lab_folder.h"
#include "core/lab/local_pool.h"
#include "core/lab/plugins.h"
#include "core/run/claim.h"
#include "core/run/experiment_plan.h"

namespace lea::lab {
namespace {

constexpr uint64_t kLongRead = uint64_t{1} << 30;  // bytes; seconds, and on a slow disk more

// For each run: PlannedTask::judged. Must be read before the runs are looked at.
std::vector<std::string> judged_runs(const std::string& lab, const spec::Experiment& experiment) {
  std::vector<std::string> judged;
  for (const spec::PlannedRun& run : experiment.runs) {
    stop_if_cancelled();
    const std::string uuid = run::read_claim(lab, run.hash).run;
    const bool has_result =
        run::is_uuid(uuid) &&
        std::filesystem::exists(run::folder_of(lab, uuid).file(run::kResultFile));
    judged.push_back(has_result ? uuid : "");
  }
  return judged;
}

// Adds to the basis of the estimate how many of the artefacts to make it contains, if not all.
void add_unestimated(const std::string& why, Plan* plan) {
  size_t to_make = 0, estimated = 0;
  for (const PlannedArtefact& artefact : plan->artefacts) {
    if (artefact.done) continue;
    ++to_make;
    estimated += artefact.seconds.has_value();
  }
  if (estimated == to_make) return;
  plan->basis += "; " + std::to_string(estimated) + " of " + counted(to_make, "artefact") +
                 " estimated" + (why.empty() ? "" : ", because " + why) +
                 ", so all of it takes longer";
}

}  // namespace

Session::Session(SessionOptions options)
    : Session(options, probe_plugins(plugin_folders(options.plugin_dirs), ProbeCache::kUse,
                                     options.cancelled)) {}

Session::Session(SessionOptions options, const std::vector<PluginRecord>& plugins)
    : options_(std::move(options)), lab_(lab_folder(options_.lab)) {
  installed_ = installed_plugins(plugins);
  catalogue_ = catalogue_of(plugins);
  // A worker may run in another folder, so the paths of models must be absolute.
  const std::string models = std::filesystem::absolute(models_folder(lab_)).string();
  const LongReads long_reads(kLongRead, [&](const std::string& path, uint64_t bytes) {
    options_.on_wait("reading " + printable(path) + ", " + size_text(static_cast<int64_t>(bytes)) +
                     ", for its checksum, once");
  });
  experiment_ =
      spec::load_experiment(options_.spec, options_.set, catalogue_, models, options_.buffers);
}

Plan Session::make_plan(const SplitSizes& sizes) const {
  const int64_t jobs =
      options_.jobs > 0 ? options_.jobs
                        : default_jobs(experiment_, cuda_devices().size(), threads_at_work(lab_));
  const std::vector<std::string> judged = judged_runs(lab_, experiment_);
  Plan plan = lab::make_plan(lab_, experiment_, installed_, jobs, options_.redo_stale, sizes);
  for (PlannedTask& task : plan.tasks) task.judged = judged[task.index];
  add_artefacts(lab_, experiment_, catalogue_, &plan);
  std::string uncounted;  // why some artefacts have no estimate
  estimate_artefacts({{lab_, options_.plugin_dirs, installed_, options_.only_known,
                       [&](const std::string& why) { uncounted = why; }},
                      options_.on_wait},
                     experiment_, &plan.artefacts);
  require_good_settings(experiment_, plan);
  compare_memory(available_memory(), &plan);
  for (const PlannedArtefact& artefact : plan.artefacts) {
    plan.seconds += artefact.seconds.value_or(0) / static_cast<double>(plan.jobs);
    if (artefact.bytes == 0) continue;
    plan.disk.artefacts += artefact.bytes;
    const run::Folder begun = run::artefact_folder(lab_, artefact.key);
    plan.disk.present += std::min(folder_bytes(begun.path), artefact.bytes);
  }
  add_unestimated(uncounted, &plan);
  return plan;
}

std::vector<ShownPlugin> Session::show(int64_t limit) const {
  return show_artefacts({lab_, options_.plugin_dirs, limit, options_.cancelled}, experiment_,
                        catalogue_);
}

Plan Session::plan() const { return make_plan(check_data(lab_, experiment_)); }

Session::Ready Session::prepare(const OnImport& on_import, Place place) const {
  // A refused spec writes nothing, so the data is checked before the lab's folder is made.
  const SplitSizes sizes = import_data(lab_, experiment_, on_import);
  open_lab(lab_);
  run::ExperimentLock lock(lab_, experiment_.name);
  Plan plan = make_plan(sizes);
  if (place == Place::kHere) require_memory(experiment_, plan);
  std::vector<std::string> artefacts;
  for (const PlannedArtefact& artefact : plan.artefacts) artefacts.push_back(artefact.key);
  run::save_plan(lab_, experiment_, artefacts);
  return {std::move(lock), std::move(plan), collect(lab_).refused};
}

}  // namespace lea::lab
