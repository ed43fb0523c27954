// The commands `lealab run` and `lealab plan`.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/grid_display.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/executor.h"
#include "core/lab/experiment_data.h"
#include "core/lab/lab_folder.h"
#include "core/lab/plan.h"
#include "core/lab/plugins.h"
#include "core/lab/process.h"
#include "core/report/table.h"
#include "core/run/experiment_plan.h"

namespace lea::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCellsShown = 60;

struct Options {
  std::string spec;
  std::vector<std::string> set;
  int64_t jobs = 0;
  double hang_seconds = lab::GridOptions().hang_seconds;
  bool json = false;
  bool redo_stale = false;
};

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string counted(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// Prints one line for each cell with the sums over its seeds.
void print_cells(const spec::Experiment& experiment, const lab::Plan& plan) {
  struct Line {
    std::string name;
    size_t runs = 0;
    std::map<lab::TaskStatus, size_t> counts;
    double seconds = 0;
    std::set<std::string> notes;
  };
  std::vector<Line> lines;
  std::map<std::string, size_t> index;
  for (const lab::PlannedTask& task : plan.tasks) {
    const std::string full = run_name(experiment, experiment.runs[task.index]);
    const std::string name = full.substr(0, full.rfind("seed "));
    const auto [found, added] = index.emplace(name, lines.size());
    if (added) lines.push_back({name, 0, {}, 0, {}});
    Line& line = lines[found->second];
    ++line.runs;
    ++line.counts[task.status];
    line.seconds += task.seconds;
    // print_plan reports stale runs in one line for all cells.
    if (!task.note.empty() && task.status != lab::TaskStatus::kStale)
      line.notes.insert(printable(task.note));
  }
  for (size_t i = 0; i < lines.size() && i < kCellsShown; ++i) {
    const Line& line = lines[i];
    std::string text = "  ";
    text += line.name.empty() ? "the run " : line.name;
    text += counted(line.runs, "run") + ":";
    for (const auto& [status, count] : line.counts) {
      text += ' ';
      text += std::to_string(count) + " " + lab::to_string(status) + ",";
    }
    text.pop_back();
    if (line.seconds > 0) text += ", about " + lab::duration_text(line.seconds);
    for (const std::string& note : line.notes) text += "\n      " + note;
    say(text);
  }
  if (lines.size() > kCellsShown) {
    say("  and " + counted(lines.size() - kCellsShown, "more cell") + "; --json lists all");
  }
}

void print_disk(const lab::PlannedDisk& disk, size_t runs) {
  std::string text = "disk: about " + lab::size_text(disk.kept) + " for the results";
  if (disk.working > 0)
    text += ", and " + lab::size_text(disk.working) + " for checkpoints while the runs train";
  if (disk.free >= 0) text += "; " + lab::size_text(disk.free) + " are free";
  say(text + " (" + std::to_string(disk.measured) + " of " + counted(runs, "run") +
      " measured on earlier ones)");
  if (!disk.fits()) {
    say("warning: the disk lacks about " + lab::size_text(disk.needed() - disk.free) +
        " for this work. Free some, or choose a lab on another disk with --lab DIR.");
  }
}

void print_plan(const spec::Experiment& experiment, const lab::Plan& plan) {
  say(experiment.name + ": " + counted(plan.tasks.size(), "run"));
  print_cells(experiment, plan);
  std::string text;
  for (const auto status :
       {lab::TaskStatus::kDone, lab::TaskStatus::kStale, lab::TaskStatus::kRunning,
        lab::TaskStatus::kInterrupted, lab::TaskStatus::kToDo}) {
    if (plan.count(status) > 0)
      text += std::to_string(plan.count(status)) + " " + lab::to_string(status) + ", ";
  }
  if (plan.to_do() == 0) {
    say(text + "nothing to do");
  } else {
    say(text + "about " + lab::duration_text(plan.seconds) + " with " +
        counted(plan.jobs, "worker") + " (" + plan.basis + ")");
    print_disk(plan.disk, plan.to_do());
  }
  if (plan.stale.count() > 0)
    say(plan.stale.line() + "; they are kept, and --redo-stale makes them again");
  std::fflush(stdout);
}

struct Loaded {
  std::string lab;
  run::InstalledPlugins installed;
  spec::Experiment experiment;
};

Loaded load(const Options& options, const Globals& globals) {
  Loaded loaded;
  const auto plugins = lab::probe_plugins(plugin_folders(globals.plugin_dirs));
  loaded.installed = lab::installed_plugins(plugins);
  loaded.experiment = spec::load_experiment(options.spec, options.set, lab::catalogue_of(plugins));
  loaded.lab = lab::lab_folder(globals.lab);
  return loaded;
}

int64_t jobs_of(const Options& options, const spec::Experiment& experiment) {
  return options.jobs > 0 ? options.jobs
                          : lab::default_jobs(experiment, lab::cuda_devices().size());
}

void plan_command(const Options& options, const Globals& globals) {
  const Loaded loaded = load(options, globals);
  const lab::SplitSizes sizes = lab::check_data(loaded.lab, loaded.experiment);
  const lab::Plan plan =
      lab::make_plan(loaded.lab, loaded.experiment, loaded.installed,
                     jobs_of(options, loaded.experiment), options.redo_stale, sizes);
  if (options.json) {
    say(lab::to_json(plan, loaded.experiment).dump(1));
    return;
  }
  print_plan(loaded.experiment, plan);
  if (!fs::exists(loaded.lab))
    say("the lab " + printable(loaded.lab) + " does not exist; `run` makes it");
  std::set<std::string> seen;
  for (const spec::PlannedRun& run : loaded.experiment.runs) {
    const spec::DataSection& data = run.run.data;
    if (!seen.insert(data.name).second) continue;
    if (data::describe_dataset(loaded.lab, data.name)) continue;
    say("data set " + data.name + " is not in the lab; `run` imports it from " + data.path);
  }
}

nlohmann::json event_json(const spec::Experiment& experiment, const lab::Plan& plan,
                          const lab::TaskEvent& event) {
  static constexpr const char* kKinds[] = {"started",  "progress", "valid",
                                           "finished", "failed",   "interrupted"};
  const spec::PlannedRun& run = experiment.runs[plan.tasks[event.task].index];
  nlohmann::json line = {{"event", kKinds[static_cast<int>(event.kind)]},
                         {"run", event.folder.uuid()},
                         {"labels", run.labels},
                         {"seed", run.run.seed}};
  if (event.kind == lab::TaskEvent::Kind::kProgress) {
    line.update({{"step", event.step},
                 {"max_steps", event.max_steps},
                 {"steps_per_second", event.steps_per_second},
                 {"phase", event.phase}});
  }
  if (event.kind == lab::TaskEvent::Kind::kValidated)
    line.update({{"step", event.step}, {"metrics", event.metrics}});
  if (event.kind == lab::TaskEvent::Kind::kFailed) line["reason"] = event.reason;
  return line;
}

// Collects each run as soon as it ends. Counts the runs that cannot be collected, which make the
// command fail.
class Collecting {
 public:
  Collecting(const std::string& lab, std::function<void(const std::string&)> complain)
      : lab_(lab), complain_(std::move(complain)) {}

  void on_event(const lab::TaskEvent& event) {
    using Kind = lab::TaskEvent::Kind;
    if (event.kind != Kind::kFinished && event.kind != Kind::kFailed &&
        event.kind != Kind::kInterrupted)
      return;
    try {
      db::Store store(lab_, db::Store::Mode::kWrite);
      lab::collect_run(store, event.folder);
    } catch (const Error& error) {
      // The grid continues, because the run's folder still holds the result.
      ++refused;
      if (error.code() == Exit::kEnvironment) ++unsupplied;
      complain_(std::string("not collected: ") + error.what());
    }
  }
  size_t refused = 0;
  size_t unsupplied = 0;  // of those: for lack of disk, memory or permission

 private:
  const std::string& lab_;
  std::function<void(const std::string&)> complain_;
};

struct Outcome {
  lab::GridResult grid;
  size_t refused = 0;     // runs that were not collected
  size_t unsupplied = 0;  // of those: for lack of disk, memory or permission
};

Outcome run_plan(const Options& options, const Globals& globals, const Loaded& loaded,
                 const lab::Plan& plan) {
  const bool terminal = !options.json && isatty(STDOUT_FILENO) == 1;
  GridDisplay display(loaded.experiment, plan, terminal);
  Collecting collecting(loaded.lab, [&](const std::string& line) {
    options.json ? static_cast<void>(std::fprintf(stderr, "%s\n", line.c_str()))
                 : display.print(line);
  });
  lab::GridOptions grid;
  grid.lab = loaded.lab;
  grid.plugin_dirs = globals.plugin_dirs;
  grid.worker = lab::worker_path();
  grid.jobs = plan.jobs;
  grid.devices = lab::cuda_devices();
  grid.hang_seconds = options.hang_seconds;
  const auto result = lab::run_grid(
      loaded.experiment, plan, grid,
      [&](const lab::TaskEvent& event) {
        if (options.json) {
          say(event_json(loaded.experiment, plan, event).dump());
          std::fflush(stdout);
        } else {
          display.on_event(event);
        }
        collecting.on_event(event);
      },
      [&] {
        if (!options.json) display.tick();
      });
  return {result, collecting.refused, collecting.unsupplied};
}

// Throws an Error with the message and the exit code unless all runs finished and were collected.
void conclude(const Outcome& outcome) {
  const lab::GridResult& result = outcome.grid;
  if (result.stopped_by_user) {
    throw Error(Exit::kInterrupted, "stopped: " + counted(result.interrupted, "run") +
                                        " interrupted, " + std::to_string(result.not_started) +
                                        " not begun. The same command continues.");
  }
  if (result.failed + outcome.refused == 0) return;
  std::string text = counted(result.failed, "run") + " failed";
  if (outcome.refused > 0) text += ", " + std::to_string(outcome.refused) + " were not collected";
  const Exit code = result.unsupplied == result.failed && outcome.unsupplied == outcome.refused
                        ? Exit::kEnvironment
                        : Exit::kFailedRuns;
  if (!result.repeated_reason.empty()) {
    throw Error(code, text + ", several for the same reason, so " +
                          counted(result.not_started, "run") +
                          " did not begin: " + printable(result.repeated_reason) +
                          (code == Exit::kEnvironment
                               ? ". Nothing is lost: fix that, and the same command continues."
                               : ""));
  }
  if (code == Exit::kEnvironment) {
    throw Error(code, text +
                          " for lack of disk, memory or permission, as reported above. Nothing is "
                          "lost: fix that, and the same command continues.");
  }
  throw Error(code, text + "; `lealab log RUN` shows why. The same command tries them again.");
}

void run_command(const Options& options, const Globals& globals) {
  const Loaded loaded = load(options, globals);
  // A refused spec writes nothing, so the data is checked before the lab's folder is made.
  const lab::SplitSizes sizes =
      lab::import_data(loaded.lab, loaded.experiment, [&](const spec::DataSection& data) {
        if (!options.json) say("importing " + data.name + " from " + data.path);
      });
  lab::open_lab(globals.lab);
  const lab::LabLock lock(loaded.lab);
  const lab::Plan plan =
      lab::make_plan(loaded.lab, loaded.experiment, loaded.installed,
                     jobs_of(options, loaded.experiment), options.redo_stale, sizes);
  run::save_plan(loaded.lab, loaded.experiment);
  if (options.json) {
    say(nlohmann::json{{"event", "plan"}, {"plan", lab::to_json(plan, loaded.experiment)}}.dump());
  } else {
    print_plan(loaded.experiment, plan);
  }
  const lab::Collected before = lab::collect(loaded.lab);
  for (const std::string& message : before.refused)
    std::fprintf(stderr, "not collected: %s\n", message.c_str());
  const Outcome outcome = run_plan(options, globals, loaded, plan);
  if (!options.json) {
    const db::Store store(loaded.lab, db::Store::Mode::kReadOnly);
    if (!store.runs(loaded.experiment.name).empty()) {
      report::TableOptions table;
      table.lab = loaded.lab;
      table.installed = loaded.installed;
      std::printf("\n%s", report::experiment_table(store, loaded.experiment.name, "text",
                                                   isatty(STDOUT_FILENO) == 1, table)
                              .c_str());
    }
  }
  std::fflush(stdout);
  conclude(outcome);
}

void add_options(CLI::App* command, Options& options) {
  command->add_option("spec", options.spec, "the experiment's YAML file")->required();
  command
      ->add_option("--set", options.set,
                   "override a key, e.g. --set train.batch_size=50 (repeatable)")
      ->allow_extra_args(false);
  command
      ->add_option(
          "--jobs", options.jobs,
          "workers at once (default: processors / train.threads; with CUDA as many as GPUs)")
      ->check(CLI::Range(1, 4096));
  command
      ->add_option_function<int64_t>(
          "--threads",
          [&options](const int64_t& threads) {
            options.set.push_back("train.threads=" + std::to_string(threads));
          },
          "threads a worker; the same as --set train.threads=N")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--redo-stale", options.redo_stale,
                    "make stale results again: those of other versions of a plugin");
  command->add_flag("--json", options.json, "JSON for scripts");
}

}  // namespace

void add_run(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  CLI::App* run =
      app.add_subcommand("run", "run what an experiment still lacks, then print its table");
  add_options(run, *options);
  run->add_option(
         "--hang-seconds", options->hang_seconds,
         "a worker that makes no step for so long is killed and its run fails (default 7200)")
      ->check(CLI::Range(1.0, 1e9));
  run->callback([options, &globals] { run_command(*options, globals); });

  auto plan_options = std::make_shared<Options>();
  CLI::App* plan = app.add_subcommand("plan", "print what `run` would do; starts nothing");
  add_options(plan, *plan_options);
  plan->callback([plan_options, &globals] { plan_command(*plan_options, globals); });
}

}  // namespace lea::cli
