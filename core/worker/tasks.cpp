#include "core/worker/tasks.h"

#include <ATen/Parallel.h>
#include <signal.h>
#include <sys/prctl.h>
#include <torch/torch.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/run/attempt.h"
#include "core/run/beat.h"
#include "core/run/folder.h"
#include "core/run/result.h"
#include "core/train/checkpoint.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"
#include "core/worker/device.h"
#include "core/worker/memory_limit.h"
#include "core/worker/provenance.h"
#include "core/worker/registry.h"
#include "core/worker/task_log.h"

namespace lea::worker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kProgressSeconds = 0.25, kBeatSeconds = 10, kOrphanSeconds = 60;

std::atomic<bool> stop_requested{false};
extern "C" void request_stop(int) { stop_requested = true; }

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Sends one line of JSON to lealab. When the pipe is closed, nobody reads it, and the run
// continues.
void tell(const nlohmann::json& message) {
  const std::string line = message.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

// The first line of a c10::Error is its message; the rest is a backtrace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class FolderProgress final : public train::Progress {
 public:
  explicit FolderProgress(run::Folder run)
      : run_(std::move(run)), journal_(run_.file(run::kEventsFile)) {}

  void on_step(int64_t step, int64_t max_steps, const std::string& phase) override {
    const auto time = Clock::now();
    if (first_step_ < 0 && phase == "train") {
      first_step_ = step;
      start_ = time;
    }
    if (phase == phase_ && std::chrono::duration<double>(time - told_).count() < kProgressSeconds)
      return;
    const double seconds = first_step_ < 0 ? 0 : since(start_);
    const double rate = seconds > 0 ? static_cast<double>(step - first_step_) / seconds : 0;
    phase_ = phase;
    told_ = time;
    tell({{"type", "progress"},
          {"step", step},
          {"max_steps", max_steps},
          {"steps_per_second", rate},
          {"phase", phase}});
    if (std::chrono::duration<double>(time - beat_).count() < kBeatSeconds) return;
    beat_ = time;
    run::write_beat(run_, {process_, step, max_steps, rate, std::time(nullptr)});
  }
  void on_record(const nlohmann::json& record) override {
    length_ = append_record(journal_, record);
    if (record.value("type", "") == "valid") tell(record);
  }
  uint64_t journal_length() override { return length_; }
  void cut_journal(uint64_t length) override {
    cut_records(journal_, length);
    length_ = length;
  }
  void say(const std::string& sentence) override { report(LogLevel::kWarning, sentence); }
  bool stop_requested() override { return worker::stop_requested; }

 private:
  run::Folder run_;
  std::string journal_, phase_;
  const run::Process process_ = run::this_process();
  uint64_t length_ = 0;
  int64_t first_step_ = -1;
  Clock::time_point start_, told_, beat_;
};

// The split's file must still be the one that the run was planned with.
void check_split_file(const spec::RunSpec& run) {
  if (run.split.path.empty()) return;
  const std::string now = sha256_file(run.split.path);
  if (now == run.split_sha256) return;
  throw DataError("split.path: " + printable(run.split.path) +
                  ": has changed since the run was planned (sha256 " + now.substr(0, 12) +
                  ", not " + run.split_sha256.substr(0, 12) +
                  "). Restore the file, or run the spec again.");
}

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
  at::set_num_threads(static_cast<int>(open.run.train.threads));
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  check_device(open.run.train.device, "train.device");
  check_split_file(open.run);
  open.data = data::Dataset::open(data::dataset_folder(options.lab, open.run.data.name));
  open.split = std::make_shared<data::Split>(data::make_split(*open.data, open.run.split));
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

train::PluginLookup lookup_in(Registry& registry) {
  return [&registry](const std::string& kind, const std::string& id) -> const PluginEntry& {
    return registry.get(kind, id);
  };
}

train::LoadedPlugins loaded_in(Registry& registry) {
  return [&registry] {
    std::map<std::string, spec::PluginBuild> loaded;
    for (const LoadedPlugin& plugin : registry.loaded())
      loaded[plugin.kind + " " + plugin.id] = {plugin.version, plugin.sha256};
    return loaded;
  };
}

// How an attempt ended. An interrupted run has no result. A full disk or a refused file gives no
// Verdict at all: the error is thrown, because the cause may pass and the next attempt can continue
// from the checkpoint.
struct Verdict {
  Exit code = Exit::kOk;
  std::optional<run::Result> result;
  int64_t step = 0;  // of an interrupted run
};

Verdict failed(Exit code, const std::string& reason) {
  return {code, run::failure(reason, /*attempt=*/0), 0};
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

Verdict train_run(const TaskOptions& options) {
  const auto start = Clock::now();
  Registry registry(plugin_folders(options.plugin_dirs));
  std::optional<MemoryLimit> limit;
  try {
    const LoggedPhase load("worker", "load");
    const OpenRun open = open_run(options);
    load.end();
    // CUDA maps far more memory than it uses, so the limit would be wrong.
    if (open.run.train.device == "cpu") limit.emplace();
    log_settings(open, limit);
    FolderProgress progress(open.folder);
    const train::Paths paths = {open.folder.file(run::kCheckpointFolder),
                                open.folder.file(run::kRanksFile),
                                open.folder.file(run::kValidRanksFile)};
    train::Outcome outcome = train::train(open.run, open.data, open.split, lookup_in(registry),
                                          paths, progress, loaded_in(registry));
    if (outcome.interrupted) return {Exit::kInterrupted, {}, outcome.steps};
    return {Exit::kOk,
            result_of(std::move(outcome), open, provenance(registry, open.run.train.device),
                      since(start)),
            0};
  } catch (const Error& error) {
    if (error.code() == Exit::kEnvironment) throw;
    return failed(error.code(), error.what());
  } catch (const std::exception& error) {
    const std::string available =
        limit ? std::to_string(limit->available() >> 20) + " MiB were available at the start. "
              : "";
    limit.reset();  // the message needs a little memory
    log(LogLevel::kError, "worker", "an exception that is not of LEA Lab, in full:");
    std::fprintf(stderr, "%s\n", error.what());
    if (is_out_of_memory(error)) {
      return failed(Exit::kEnvironment, "out of memory. " + available +
                                            "Run fewer workers (--jobs), or a "
                                            "smaller model or batch. " +
                                            first_line(error.what()));
    }
    return failed(Exit::kPlugin, "a plugin or LibTorch threw: " + first_line(error.what()));
  } catch (...) {
    return failed(Exit::kPlugin, "a plugin threw something that is no std::exception");
  }
}

}  // namespace

int run_training(const TaskOptions& options) {
  const LogLevel level = log_level_of_environment();
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // when lealab is killed, its workers must not keep computing
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, request_stop);
  signal(SIGINT, request_stop);
  if (options.parent > 0 && getppid() != options.parent) stop_requested = true;  // it died before
  const run::Folder folder{options.run};
  // The worker of a lealab that was killed may still be writing its checkpoint.
  const FileLock lock(folder.file(run::kLockFile), kOrphanSeconds, "the run");
  if (std::filesystem::exists(folder.file(run::kResultFile))) return int(Exit::kOk);
  const auto start = Clock::now();
  const int64_t attempt = run::begin_attempt(folder);
  open_task_log(folder, level, attempt);

  Verdict verdict;
  try {
    verdict = train_run(options);
  } catch (const Error& error) {
    report_failure(since(start), int(error.code()), error.what());
    return int(error.code());
  }
  if (!verdict.result) {
    log(LogLevel::kInfo, "worker",
        "interrupted on request at step " + std::to_string(verdict.step) + " after " +
            log_seconds(since(start)));
    run::end_attempt(folder, attempt, int(verdict.code), "interrupted");
    tell({{"type", "done"},
          {"state", "interrupted"},
          {"reason", "stopped on request; a checkpoint was written"}});
    return int(verdict.code);
  }
  run::Result& result = *verdict.result;
  result.attempt = attempt;
  result.finished_at = utc_now();
  // Before the result, because who follows the log stops at the result.
  if (result.reason.empty()) {
    log(LogLevel::kInfo, "worker", "finished after " + log_seconds(since(start)));
  } else {
    report_failure(since(start), int(verdict.code), result.reason);
  }
  run::write_result(folder, result);
  run::end_attempt(folder, attempt, int(verdict.code), result.reason);
  tell({{"type", "done"}, {"state", run::to_string(result.state)}, {"reason", result.reason}});
  return int(verdict.code);
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
  train::HostContext context(open.run, open.data, open.split, lookup_in(registry));
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
  tell({{"type", "scored"}, {"events", event}, {"differing", differing}});
  return 0;
}

}  // namespace lea::worker
