#include "core/worker/tasks.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <chrono>
#include <fstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/run/folder.h"
#include "core/run/progress.h"
#include "core/run/result.h"
#include "core/train/checkpoint.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"
#include "core/worker/attempt.h"
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

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Reports the progress of the loop to the task's folder and to the process that started the worker.
class FolderProgress final : public train::Progress {
 public:
  explicit FolderProgress(TaskFolder& task)
      : task_(task), journal_(task.folder().file(run::kEventsFile)) {}

  void on_step(int64_t step, int64_t max_steps, const std::string& phase) override {
    const auto time = Clock::now();
    if (first_step_ < 0 && phase == "train") {
      first_step_ = step;
      start_ = time;
    }
    if (phase == now_.phase &&
        std::chrono::duration<double>(time - told_).count() < kProgressSeconds)
      return;
    const double seconds = first_step_ < 0 ? 0 : since(start_);
    now_.phase = phase;
    now_.step = step;
    now_.max_steps = max_steps;
    now_.steps_per_second = seconds > 0 ? static_cast<double>(step - first_step_) / seconds : 0;
    told_ = time;
    send();
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

 private:
  void send() {
    tell(run::progress_line(now_));
    task_.beat(now_);
  }

  TaskFolder& task_;
  std::string journal_;
  run::Progress now_;
  uint64_t length_ = 0;
  int64_t first_step_ = -1;
  Clock::time_point start_, told_;
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
  OpenData opened = open_data(options.lab, open.run, open.run.train.threads, open.run.train.device);
  open.data = std::move(opened.data);
  open.split = std::move(opened.split);
  return open;
}

void log_settings(const OpenRun& open, const std::optional<MemoryLimit>& limit) {
  const auto say = [](const std::string& text) { log(LogLevel::kInfo, "worker", text); };
  say("data set " + open.run.data.name + ": " + std::to_string(open.data->sequences()) +
      " sequences, " + std::to_string(open.data->events()) + " events, " +
      std::to_string(open.data->items()) + " items");
  const int64_t threads = open.run.train.threads;
  say(std::to_string(threads) + (threads == 1 ? " thread" : " threads") + ", device " +
      open.run.train.device);
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
  result.tie_share = outcome.tie_share;
  result.collapsed = outcome.collapsed;
  result.training = {outcome.steps,      outcome.updates, outcome.best_step,
                     outcome.parameters, outcome.seconds, wall_seconds};
  result.made_with = std::move(made_with);
  return result;
}

Ending train_run(const TaskOptions& options, TaskFolder& task, std::optional<MemoryLimit>& limit) {
  const auto start = Clock::now();
  Registry registry(plugin_folders(options.plugin_dirs));
  const LoggedPhase load("worker", "load");
  const OpenRun open = open_run(options);
  load.end();
  // CUDA maps far more memory than it uses, so the limit would be wrong.
  if (open.run.train.device == "cpu") limit.emplace();
  log_settings(open, limit);
  const UsedArtefacts artefacts(options.lab, open.run, *open.data, *open.split, registry);
  FolderProgress progress(task);
  const train::Paths paths = {open.folder.file(run::kCheckpointFolder),
                              open.folder.file(run::kRanksFile),
                              open.folder.file(run::kValidRanksFile)};
  train::Outcome outcome = train::train(open.run, open.data, open.split, lookup_in(registry), paths,
                                        progress, loaded_in(registry), artefacts.for_training());
  if (outcome.interrupted)
    return {Exit::kInterrupted, {}, "at step " + std::to_string(outcome.steps)};
  run::Result result = result_of(std::move(outcome), open,
                                 provenance(registry, open.run.train.device), since(start));
  result.artefacts = artefacts.used();
  return {Exit::kOk, std::move(result), ""};
}

}  // namespace

int run_training(const TaskOptions& options) {
  return run_attempt(options, "run", [&](TaskFolder& task, std::optional<MemoryLimit>& limit) {
    return train_run(options, task, limit);
  });
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
  framework->fit(context.training());
  torch::NoGradGuard no_grad;
  if (!framework->parameters().empty()) {
    const auto best = train::load_best(open.folder.file(run::kCheckpointFolder));
    for (const auto& item : framework->named_parameters()) item.value().copy_(best.at(item.key()));
    for (const auto& item : framework->named_buffers()) item.value().copy_(best.at(item.key()));
  }
  framework->to(context.device());
  const train::Evaluator evaluator(open.data, open.split, open.run.data.history, context.device());
  const Tensor order = train::tie_order(open.data->items(), context.seed(), /*step=*/0);
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
      rows = train::best_items(scores, order, k).to(at::kInt).contiguous();
    }
    out.write(static_cast<const char*>(rows.const_data_ptr()),
              static_cast<std::streamsize>(rows.nbytes()));
  });
  if (!out.flush()) throw StoreError(score.out + ": cannot write; is the disk full?");
  tell(nlohmann::json{{"type", "scored"}, {"events", event}, {"differing", differing}}.dump());
  return 0;
}

}  // namespace lea::worker
