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

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/train/checkpoint.h"
#include "core/train/evaluate.h"
#include "core/train/trainer.h"
#include "core/worker/device.h"
#include "core/worker/memory_limit.h"
#include "core/worker/provenance.h"
#include "core/worker/registry.h"

namespace lea::worker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kProgressSeconds = 0.25, kBeatSeconds = 10, kOrphanSeconds = 60;

std::atomic<bool> stop_requested{false};
extern "C" void request_stop(int) { stop_requested = true; }

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
  return text;
}

// One JSON line to lealab. A closed pipe means that nobody watches; the run goes on.
void tell(const nlohmann::json& message) {
  const std::string line = message.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

// Only the first line of a c10::Error is for people; the rest is a backtrace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class FolderProgress final : public train::Progress {
 public:
  explicit FolderProgress(std::string run)
      : run_(std::move(run)), journal_(run_ + "/events.jsonl") {}

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
    nlohmann::json beat = this_process();
    beat.update(
        {{"step", step}, {"max_steps", max_steps}, {"time", now()}, {"steps_per_second", rate}});
    publish_file(run_ + "/beat", beat.dump());
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
  void say(const std::string& sentence) override { std::fprintf(stderr, "%s\n", sentence.c_str()); }
  bool stop_requested() override { return worker::stop_requested; }

 private:
  std::string run_, journal_, phase_;
  uint64_t length_ = 0;
  int64_t first_step_ = -1;
  Clock::time_point start_, told_, beat_;
};

// The file of the split must be the one that the run was planned with.
void check_split_file(const spec::RunSpec& run) {
  if (run.split.path.empty()) return;
  const std::string now = sha256_file(run.split.path);
  if (now == run.split_sha256) return;
  throw DataError("split.path: " + printable(run.split.path) +
                  ": has changed since the run was planned (sha256 " + now.substr(0, 12) +
                  ", not " + run.split_sha256.substr(0, 12) +
                  "). Restore the file, or run the spec again.");
}

// The run's data, split and plugins, opened.
struct OpenRun {
  spec::RunSpec run;
  std::shared_ptr<const data::Dataset> data;
  std::shared_ptr<const data::Split> split;
};

OpenRun open_run(const TaskOptions& options) {
  OpenRun open;
  open.run = spec::load_run(options.run + "/run.yaml");
  at::set_num_threads(static_cast<int>(open.run.train.threads));
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  check_device(open.run.train.device, "train.device");
  check_split_file(open.run);
  open.data = data::Dataset::open(options.lab + "/data/" + open.run.data.name);
  open.split = std::make_shared<data::Split>(data::make_split(*open.data, open.run.split));
  return open;
}

train::PluginLookup lookup_in(Registry& registry) {
  return [&registry](const std::string& kind, const std::string& id) -> const PluginEntry& {
    return registry.get(kind, id);
  };
}

train::LoadedPlugins loaded_in(Registry& registry) {
  return [&registry] {
    std::map<std::string, std::string> loaded;
    for (const LoadedPlugin& plugin : registry.loaded())
      loaded[plugin.kind + " " + plugin.id] = plugin.sha256;
    return loaded;
  };
}

int finish(const TaskOptions& options, int64_t attempt, nlohmann::json result, Exit code) {
  result["attempt"] = attempt;
  result["finished_at"] = now();
  const std::string state = result["state"], reason = result["reason"];
  publish_file(options.run + "/result.json", result.dump(1));
  append_record(options.run + "/attempts.jsonl",
                {{"number", attempt}, {"ended", now()}, {"exit", int(code)}, {"reason", reason}});
  tell({{"type", "done"}, {"state", state}, {"reason", reason}});
  return int(code);
}

// The run, or why it failed. A full disk or a refused file may pass: the checkpoint stays, and the
// next call goes on, so that has no result and is thrown.
struct Verdict {
  Exit code = Exit::kOk;
  nlohmann::json result;
};

Verdict failed(Exit code, const std::string& reason) {
  return {code, {{"state", "failed"}, {"reason", reason}}};
}

Verdict train_run(const TaskOptions& options) {
  const auto start = Clock::now();
  Registry registry(plugin_folders(options.plugin_dirs));
  std::optional<MemoryLimit> limit;
  try {
    const OpenRun open = open_run(options);
    // CUDA maps far more than it uses.
    if (open.run.train.device == "cpu") limit.emplace();
    FolderProgress progress(options.run);
    train::Outcome outcome = train::train(open.run, open.data, open.split, lookup_in(registry),
                                          options.run, progress, loaded_in(registry));
    if (outcome.interrupted) return {Exit::kInterrupted, {}};
    outcome.result["wall_seconds"] = since(start);
    outcome.result["data_fingerprint"] = open.data->fingerprint();
    outcome.result["split_fingerprint"] = open.split->fingerprint;
    outcome.result.update(provenance(registry, open.run.train.device));
    return {Exit::kOk, std::move(outcome.result)};
  } catch (const Error& error) {
    if (error.code() == Exit::kEnvironment) throw;
    return failed(error.code(), error.what());
  } catch (const std::exception& error) {
    const std::string available =
        limit ? std::to_string(limit->available() >> 20) + " MiB were available at the start. "
              : "";
    limit.reset();  // telling needs a little memory
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
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // no orphan keeps a core busy after lealab has died
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, request_stop);
  signal(SIGINT, request_stop);
  if (options.parent > 0 && getppid() != options.parent) stop_requested = true;  // it died before
  // The orphan of a lealab that was killed may still be writing its checkpoint.
  const FileLock lock(options.run + "/worker.lock", kOrphanSeconds, "the run");
  if (std::filesystem::exists(options.run + "/result.json")) return int(Exit::kOk);
  const std::string attempts = options.run + "/attempts.jsonl";
  int64_t attempt = 1;
  for (const auto& record : read_records(attempts))
    attempt = std::max(attempt, record.value("number", int64_t{0}) + 1);
  nlohmann::json started = this_process();
  started.update({{"number", attempt}, {"started", now()}});
  append_record(attempts, started);

  Verdict verdict;
  try {
    verdict = train_run(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return int(error.code());
  }
  if (verdict.code == Exit::kInterrupted) {
    append_record(attempts, {{"number", attempt},
                             {"ended", now()},
                             {"exit", int(Exit::kInterrupted)},
                             {"reason", "interrupted"}});
    tell({{"type", "done"},
          {"state", "interrupted"},
          {"reason", "stopped on request; a checkpoint was written"}});
    return int(Exit::kInterrupted);
  }
  if (verdict.code != Exit::kOk)
    std::fprintf(stderr, "%s\n", verdict.result["reason"].get<std::string>().c_str());
  return finish(options, attempt, std::move(verdict.result), verdict.code);
}

int run_scoring(const TaskOptions& options, const ScoreOptions& score) {
  const OpenRun open = open_run(options);
  const std::string path = options.run + "/ranks.bin";
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
    const auto best = train::load_best(options.run);
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
