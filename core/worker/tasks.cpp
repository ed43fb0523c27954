#include "core/worker/tasks.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/eval/top.h"
#include "core/run/folder.h"
#include "core/run/header.h"
#include "core/run/progress.h"
#include "core/run/result.h"
#include "core/run/stale.h"
#include "core/run/test_reads.h"
#include "core/train/evaluate.h"
#include "core/train/kept_network.h"
#include "core/train/plugin_call.h"
#include "core/train/trainer.h"
#include "core/worker/attempt.h"
#include "core/worker/check_files.h"
#include "core/worker/memory_limit.h"
#include "core/worker/open_data.h"
#include "core/worker/provenance.h"
#include "core/worker/registry.h"
#include "core/worker/task_folder.h"
#include "core/worker/task_log.h"
#include "core/worker/used_artefacts.h"

namespace lea::worker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kProgressSeconds = 0.25;

// Reports the progress of the loop to the task's folder and to the process that started the worker.
class FolderProgress final : public train::Progress {
 public:
  // `on_test` is called before the test part is ranked.
  FolderProgress(TaskFolder& task, std::function<void()> on_test)
      : task_(task), on_test_(std::move(on_test)), journal_(task.folder().file(run::kEventsFile)) {}

  void on_step(int64_t step, int64_t max_steps, const std::string& phase) override {
    const auto time = Clock::now();
    if (first_step_ < 0 && phase == "train") {
      first_step_ = step;
      start_ = time;
    }
    if (phase == now_.phase &&
        std::chrono::duration<double>(time - told_).count() < kProgressSeconds)
      return;
    leave_parts(phase);
    const double seconds = first_step_ < 0 ? 0 : since(start_);
    now_.phase = phase;
    now_.step = step;
    now_.max_steps = max_steps;
    if (now_.part_total == 0)
      now_.steps_per_second = seconds > 0 ? static_cast<double>(step - first_step_) / seconds : 0;
    told_ = time;
    send();
  }
  void on_part(int64_t done, int64_t total) override {
    if (now_.part_total == 0) {
      first_part_ = done;
      parts_start_ = Clock::now();
    }
    const double seconds = since(parts_start_);
    now_.part_done = done;
    now_.part_total = total;
    now_.part_per_second = seconds > 0 ? static_cast<double>(done - first_part_) / seconds : 0;
  }
  void on_record(const nlohmann::json& record) override {
    length_ = append_record(journal_, record);
    if (record.value("type", "") != "valid" || !record.contains("metrics")) return;
    now_.valid.clear();
    for (const auto& [name, value] : record.at("metrics").items()) {
      if (value.is_number()) now_.valid[name] = value.get<double>();
    }
    now_.valid_step = record.value("step", int64_t{0});
    send();
  }
  uint64_t journal_length() override { return length_; }
  void cut_journal(uint64_t length) override {
    cut_records(journal_, length);
    length_ = length;
  }
  void say(const std::string& sentence) override { report(LogLevel::kWarning, sentence); }
  bool stop_requested() override { return task_.stop_requested(); }
  void on_test() override { on_test_(); }

 private:
  // Forgets the parts when their phase is over. The pace of the steps leaves out its time.
  void leave_parts(const std::string& phase) {
    if (now_.part_total == 0 || phase == now_.phase) return;
    start_ += Clock::now() - parts_start_;
    now_.part_done = now_.part_total = 0;
    now_.part_per_second = 0;
  }
  void send() {
    tell(run::progress_line(now_));
    task_.beat(now_);
  }

  TaskFolder& task_;
  std::function<void()> on_test_;
  std::string journal_;
  run::Progress now_;
  uint64_t length_ = 0;
  int64_t first_step_ = -1, first_part_ = 0;
  Clock::time_point start_, parts_start_, told_;
};

// A run with its data set and split.
struct OpenRun {
  run::Folder folder;
  spec::RunSpec run;
  std::shared_ptr<const data::Dataset> data;
  std::shared_ptr<const data::Split> split;
};

OpenRun open_run(const TaskOptions& options) {
  OpenRun open;
  open.folder = {options.run};
  open.run = spec::load_run(open.folder.file(run::kSpecFile));
  if (options.test) open.run.evaluate.test = *options.test;
  OpenData opened = open_data(options.lab, open.run, open.run.train.threads, open.run.train.device);
  open.data = std::move(opened.data);
  open.split = std::move(opened.split);
  return open;
}

void log_settings(const OpenRun& open, const std::optional<MemoryLimit>& limit) {
  const auto say = [](const std::string& text) { log(LogLevel::kInfo, "worker", text); };
  say("data set " + open.run.data.name + ": " + counted(open.data->sequences(), "sequence") + ", " +
      counted(open.data->events(), "event") + ", " + counted(open.data->items(), "item"));
  say(counted(open.run.train.threads, "thread") + ", device " + open.run.train.device);
  const bool limited = limit && limit->allowed() != UINT64_MAX;
  say(limited ? "memory: at most " + std::to_string(limit->allowed() >> 20) + " MiB more, of " +
                    std::to_string(limit->available() >> 20) + " MiB that are available"
              : "memory: no limit");
}

train::LoadedPlugins loaded_in(Registry& registry) {
  return [&registry] {
    std::map<std::string, spec::PluginBuild> loaded;
    for (const LoadedPlugin& plugin : registry.loaded())
      loaded[plugin.kind + " " + plugin.id] = {plugin.version, plugin.sha256};
    return loaded;
  };
}

run::Result result_of(train::Outcome outcome, const OpenRun& open, run::Provenance made_with,
                      double wall_seconds) {
  run::Result result;
  result.valid = std::move(outcome.valid);
  result.test = std::move(outcome.test);
  result.data_fingerprint = open.data->fingerprint();
  result.split_fingerprint = open.split->fingerprint;
  result.ranks_sha256 = outcome.ranks_sha256;
  result.ranks_valid_sha256 = outcome.valid_ranks_sha256;
  result.top_sha256 = outcome.top_sha256;
  result.tie_share = outcome.tie_share;
  result.collapsed = outcome.collapsed;
  result.proposals = std::move(outcome.proposals);
  result.training = {outcome.steps,   outcome.updates, outcome.best_step,   outcome.parameters,
                     outcome.seconds, wall_seconds,    outcome.state_width, outcome.backbone_width};
  result.made_with = std::move(made_with);
  return result;
}

// Writes into the ledger that the run reads the test part of its split.
std::function<void()> ledger_of(const TaskOptions& options, const OpenRun& open) {
  return [lab = options.lab, &open] {
    const run::Header header = run::read_header(open.folder);
    run::record_test_read(
        lab, {header.uuid, header.experiment, open.data->fingerprint(), open.split->fingerprint});
  };
}

train::Paths paths_of(const run::Folder& folder) {
  return {folder.file(run::kCheckpointFolder), folder.file(run::kRanksFile),
          folder.file(run::kValidRanksFile), folder.file(run::kTopFile)};
}

Ending train_now(const OpenRun& open, const TaskOptions& options, TaskFolder& task,
                 Registry& registry, Clock::time_point start) {
  check_files(open.run, registry);
  const UsedArtefacts artefacts(options.lab, open.run, *open.data, *open.split, registry);
  FolderProgress progress(task, ledger_of(options, open));
  train::Outcome outcome =
      train::train(open.run, open.data, open.split, lookup_in(registry), paths_of(open.folder),
                   progress, loaded_in(registry), artefacts.for_training());
  if (outcome.interrupted)
    return {Exit::kInterrupted, {}, "at step " + std::to_string(outcome.steps)};
  run::Result result = result_of(std::move(outcome), open,
                                 provenance(registry, open.run.train.device), since(start));
  result.artefacts = artefacts.used();
  return {Exit::kOk, std::move(result), ""};
}

// The number of events that two rankings of one part rank differently.
int64_t differing(const eval::RankFile& a, const eval::RankFile& b) {
  if (a.records.size() != b.records.size()) return std::ssize(a.records);
  int64_t count = 0;
  for (size_t i = 0; i < a.records.size(); ++i)
    count += a.records[i].rank != b.records[i].rank || a.records[i].ties != b.records[i].ties;
  return count;
}

// Whether the programs and the kind of machine of `now` are those of `before`, which used more
// plugins, because it trained.
bool same_programs(const run::Provenance& before, const run::Provenance& now) {
  const auto names = [](const run::Provenance& made) {
    std::set<std::string> names = {made.machine_kind, made.libtorch, made.lealab};
    for (const run::UsedPlugin& plugin : made.plugins) names.insert(plugin.id + plugin.sha256);
    return names;
  };
  const std::set<std::string> of_before = names(before), of_now = names(now);
  return std::includes(of_before.begin(), of_before.end(), of_now.begin(), of_now.end());
}

// Refuses the kept network unless it ranks validation as it did when the run was made. Another
// machine or build may rank a few events otherwise, because it rounds otherwise. Returns how many.
int64_t check_kept_network(const OpenRun& open, const run::Result& result,
                           const run::Provenance& now, const eval::RankFile& valid) {
  const std::string path = open.folder.file(run::kValidRanksFile);
  if (valid.records.empty() || !std::filesystem::exists(path)) return 0;
  const eval::RankFile before = eval::decode_ranks(read_file(path), path);
  const int64_t events = differing(valid, before);
  if (events == 0) return 0;
  const std::string text = "the kept network ranks " + std::to_string(events) + " of " +
                           counted(std::ssize(valid.records), "validation event") +
                           " otherwise than when the run was made";
  constexpr int64_t kShare = 20;  // one in so many events may differ
  if (events * kShare > std::ssize(valid.records) || same_programs(*result.made_with, now)) {
    throw DataError(text +
                    ". It is damaged, or a plugin computes something else now. The test part "
                    "stays closed; remove the run's folder, and the same command trains it again.");
  }
  report(LogLevel::kWarning, text + ", by another machine, library or build of a plugin");
  return events;
}

// A finished run belongs to the data, the plugins and the artefacts with which it was made.
void check_unchanged(const OpenRun& open, const run::Result& result,
                     const std::vector<run::UsedArtefact>& artefacts, Registry& registry) {
  const auto refuse = [](const std::string& what) {
    throw DataError("the test part stays closed, because " + what +
                    " since the run was made. Restore it, or train the run again.");
  };
  if (result.data_fingerprint != open.data->fingerprint()) refuse("the data set was replaced");
  if (result.split_fingerprint != open.split->fingerprint) refuse("the split has changed");
  for (const run::UsedArtefact& used : result.artefacts) {
    for (const run::UsedArtefact& now : artefacts) {
      if (now.key == used.key && now.sha256 != used.sha256)
        refuse("the " + used.name + " (artefact " + used.key.substr(0, 12) +
               ") was made again, with other files,");
    }
  }
  run::InstalledPlugins loaded;
  for (const LoadedPlugin& plugin : registry.loaded())
    loaded[plugin.kind + " " + plugin.id] = {plugin.version, plugin.sha256};
  const std::vector<std::string> outdated = run::outdated_parts(result, loaded);
  if (!outdated.empty()) refuse("the program was replaced (" + joined(outdated) + ")");
}

Ending open_test(const OpenRun& open, const TaskOptions& options, TaskFolder& task,
                 Registry& registry) {
  const UsedArtefacts artefacts(options.lab, open.run, *open.data, *open.split, registry);
  run::Result result = task.result().value();
  FolderProgress progress(task, ledger_of(options, open));
  result.opened.emplace();
  const auto check = [&](const eval::RankFile& valid) {
    check_unchanged(open, result, artefacts.used(), registry);
    result.opened->made_with = provenance(registry, open.run.train.device);
    result.opened->valid_differing =
        check_kept_network(open, result, result.opened->made_with, valid);
  };
  train::Outcome outcome =
      train::open_test(open.run, open.data, open.split, lookup_in(registry), paths_of(open.folder),
                       progress, check, artefacts.for_training());
  if (outcome.interrupted) return {Exit::kInterrupted, {}, "before the test part was ranked"};
  result.test = std::move(outcome.test);
  result.ranks_sha256 = outcome.ranks_sha256;
  result.top_sha256 = outcome.top_sha256;
  result.tie_share = outcome.tie_share;
  result.collapsed = outcome.collapsed;
  result.opened->attempt = task.attempt();
  result.opened->at = utc_now();
  return {Exit::kOk, std::move(result), ""};
}

Ending work_on(const TaskOptions& options, TaskFolder& task, std::optional<MemoryLimit>& limit,
               bool opening) {
  const auto start = Clock::now();
  Registry registry(plugin_folders(options.plugin_dirs));
  const LoggedPhase load("worker", "load");
  const OpenRun open = open_run(options);
  load.end();
  // CUDA maps far more memory than it uses, so the limit would be wrong.
  if (open.run.train.device == "cpu") limit.emplace();
  log_settings(open, limit);
  return opening ? open_test(open, options, task, registry)
                 : train_now(open, options, task, registry, start);
}

}  // namespace

int run_training(const TaskOptions& options) {
  bool opening = false;  // the test part of a run that has finished
  Job job;
  job.what = "run";
  job.is_done = [&](const TaskFolder& task) {
    const std::optional<run::Result> before = task.result();
    opening = before && !run::is_complete(*before, options.test.value_or(false));
    return before && !opening;
  };
  job.work = [&](TaskFolder& task, std::optional<MemoryLimit>& limit) {
    return work_on(options, task, limit, opening);
  };
  job.end = [&](TaskFolder& task, Ending ending) {
    if (!opening) return task.end(ending.code, std::move(ending.result));
    if (ending.code == Exit::kOk) run::write_test(task.folder(), *ending.result);
    task.end_opening(ending.code, ending.result ? ending.result->reason : "");
  };
  return run_attempt(options, job);
}

int run_scoring(const TaskOptions& options, const ScoreOptions& score) {
  const OpenRun open = open_run(options);
  const std::string path = open.folder.file(run::kRanksFile);
  const eval::RankFile ranks = eval::decode_ranks(read_file(path), path);
  if (ranks.data_fingerprint != open.data->fingerprint() ||
      ranks.split_fingerprint != open.split->fingerprint) {
    throw DataError(path + ": was made with another data set or split than the lab has now for " +
                    printable(open.run.data.name));
  }
  Registry registry(plugin_folders(options.plugin_dirs));
  const UsedArtefacts artefacts(options.lab, open.run, *open.data, *open.split, registry);
  train::HostContext context(open.run, open.data, open.split, lookup_in(registry),
                             artefacts.for_training());
  const auto framework = context.make_framework();
  const std::string name = "framework " + open.run.framework.id;
  train::call_plugin(name, "fit()", [&] { framework->fit(context.training()); });
  torch::NoGradGuard no_grad;
  if (!framework->parameters().empty()) {
    train::load_kept(*framework, open.folder.file(run::kCheckpointFolder), open.run.train.keep);
  }
  framework->to(context.device());
  const train::Evaluator evaluator(open.data, open.split, open.run.data.history, context.device(),
                                   name);
  const std::vector<uint32_t> places = train::tie_places(open.data->items(), context.seed());
  std::ofstream out(score.out, std::ios::binary);
  size_t event = 0, differing = 0;
  evaluator.score(*framework, data::Part::kTest, [&](const Tensor& scores) {
    for (int64_t i = 0; i < scores.size(0); ++i, ++event) {
      const eval::RankRecord& record = ranks.records.at(event);
      eval::Count count{};
      const float* row = scores.const_data_ptr<float>() + i * scores.size(1);
      const bool whole = eval::count_row(row, scores.size(1), record.target - 1, &count);
      differing += !whole || count.above + 1 != record.rank || count.equal != record.ties;
    }
    Tensor rows = scores;
    if (score.what == "topk") {
      const int64_t k = std::min<int64_t>(score.k, scores.size(1));
      rows = at::empty({scores.size(0), k}, at::kInt);
      for (int64_t i = 0; i < scores.size(0); ++i) {
        eval::top_row(scores.const_data_ptr<float>() + i * scores.size(1),
                      static_cast<uint32_t>(scores.size(1)), places.data(),
                      static_cast<uint32_t>(k),
                      reinterpret_cast<uint32_t*>(rows.mutable_data_ptr<int32_t>()) + i * k);
      }
    }
    out.write(static_cast<const char*>(rows.const_data_ptr()),
              static_cast<std::streamsize>(rows.nbytes()));
  });
  if (!out.flush()) throw StoreError(score.out + ": cannot write; is the disk full?");
  tell(nlohmann::json{{"type", "scored"}, {"events", event}, {"differing", differing}}.dump());
  return 0;
}

}  // namespace lea::worker
