// The commands `lealab run` and `lealab plan`.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/grid_display.h"
#include "cli/run_options.h"
#include "cli/stop_signals.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/lab/artefact_refusals.h"
#include "core/lab/detach.h"
#include "core/lab/disk.h"
#include "core/lab/grid.h"
#include "core/lab/lab_folder.h"
#include "core/lab/session.h"
#include "core/lab/wide_states.h"
#include "core/report/table.h"
#include "core/run/header.h"

namespace lea::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCellsShown = 60;
constexpr double kTickSeconds = 0.2;

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string part_of(size_t some, size_t all) {
  return std::to_string(some) + " of " + std::to_string(all);
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
    const std::string name = run::cell_name(experiment.axes, experiment.runs[task.index].labels);
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
    text += line.name.empty() ? "" : line.name + " ";
    text += counted(line.runs, "run") + ":";
    for (const auto& [status, count] : line.counts) {
      text += ' ';
      text += std::to_string(count) + " " + lab::to_string(status) + ",";
    }
    text.pop_back();
    if (line.seconds > 0) text += ", about " + duration_text(line.seconds);
    for (const std::string& note : line.notes) text += "\n      " + note;
    say(text);
  }
  if (lines.size() > kCellsShown) {
    say("  and " + counted(lines.size() - kCellsShown, "more cell") + "; --json lists all");
  }
}

// Prints a line for each sort of artefact that the runs to do need.
void print_artefacts(const lab::Plan& plan) {
  struct Line {
    std::string name;
    size_t done = 0, running = 0, to_make = 0, users = 0;
    size_t estimated = 0;  // of those running or to make
    int64_t bytes = 0;     // of those that are done
    // Of those to make, as far as they are known.
    double seconds = 0;
    int64_t disk = 0, memory = 0;  // in all, and of the one that needs most
    std::set<std::string> notes;
  };
  std::vector<Line> lines;
  for (const lab::PlannedArtefact& artefact : plan.artefacts) {
    const std::string name = artefact.needed.name();
    auto line = std::find_if(lines.begin(), lines.end(),
                             [&](const Line& other) { return other.name == name; });
    if (line == lines.end()) line = lines.insert(lines.end(), Line());
    line->name = name;
    ++(artefact.done ? line->done : artefact.running ? line->running : line->to_make);
    line->users += artefact.users;
    if (artefact.making) line->bytes += artefact.making->bytes();
    line->seconds += artefact.seconds.value_or(0);
    line->estimated += artefact.seconds.has_value();
    line->disk += artefact.bytes;
    line->memory = std::max(line->memory, artefact.memory);
    if (!artefact.note.empty()) line->notes.insert(printable(artefact.note));
  }
  for (const Line& line : lines) {
    std::string text = "  artefact " + printable(line.name) + ":";
    if (line.done > 0)
      text += " " + std::to_string(line.done) + " done (" + lab::size_text(line.bytes) + "),";
    if (line.running > 0) text += " " + std::to_string(line.running) + " running,";
    if (line.to_make > 0) text += " " + std::to_string(line.to_make) + " to make,";
    text += " for " + counted(line.users, "run");
    std::vector<std::string> takes;
    const size_t left = line.running + line.to_make;
    if (line.seconds > 0) {
      takes.push_back(duration_text(line.seconds));
      if (line.estimated < left)
        takes.back() += " (" + part_of(line.estimated, left) + " estimated)";
    }
    if (line.disk > 0) takes.push_back(lab::size_text(line.disk) + " of disk");
    if (line.memory > 0) takes.push_back(lab::size_text(line.memory) + " of memory");
    if (!takes.empty()) text += ", about " + joined(takes);
    for (const std::string& note : line.notes) text += "\n      " + note;
    say(text);
  }
}

void print_disk(const lab::PlannedDisk& disk, size_t runs) {
  std::string text = "disk: about " + lab::size_text(disk.kept) + " for the results";
  if (disk.artefacts > 0) text += ", " + lab::size_text(disk.artefacts) + " for artefacts";
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

void print_memory(const spec::Experiment& experiment, const lab::Plan& plan) {
  const std::vector<std::string> problems = lab::memory_problems(experiment, plan);
  if (problems.empty()) return;
  say("warning: " + joined(problems, "; ") + ". `run` begins only where there is more.");
}

void print_wide_states(const spec::Experiment& experiment, const lab::Plan& plan) {
  for (const std::string& line : lab::wide_state_lines(experiment, plan)) say("warning: " + line);
}

void print_plan(const spec::Experiment& experiment, const lab::Plan& plan) {
  say(experiment.name + ": " + counted(plan.tasks.size(), "run"));
  print_cells(experiment, plan);
  print_artefacts(plan);
  std::string text;
  for (const auto status :
       {lab::TaskStatus::kDone, lab::TaskStatus::kStale, lab::TaskStatus::kRunning,
        lab::TaskStatus::kInterrupted, lab::TaskStatus::kOpenTest, lab::TaskStatus::kToDo}) {
    if (plan.count(status) > 0)
      text += std::to_string(plan.count(status)) + " " + lab::to_string(status) + ", ";
  }
  if (plan.to_do() == 0) {
    say(text + "nothing to do");
  } else {
    say(text + "about " + duration_text(plan.seconds) + " with " + counted(plan.jobs, "worker") +
        " (" + plan.basis + ")");
    print_disk(plan.disk, plan.to_do());
    print_memory(experiment, plan);
    print_wide_states(experiment, plan);
  }
  if (plan.stale.count() > 0)
    say(plan.stale.line() + "; they are kept, and --redo-stale makes them again");
  std::fflush(stdout);
}

void plan_command(const RunOptions& options, const Globals& globals) {
  lab::require_named_lab(globals.lab);
  const lab::Session session = session_of(options, globals);
  const lab::Plan plan = session.plan();
  if (options.json) return say(lab::to_json(plan, session.experiment()).dump(1));
  print_plan(session.experiment(), plan);
  if (!fs::exists(session.lab()))
    say("the lab " + printable(session.lab()) + " does not exist; `run` makes it");
  std::set<std::string> seen;
  for (const spec::PlannedRun& run : session.experiment().runs) {
    const spec::DataSection& data = run.run.data;
    if (!seen.insert(data.name).second) continue;
    if (data::describe_dataset(session.lab(), data.name)) continue;
    say("data set " + data.name + " is not in the lab; `run` imports it from " + data.path);
  }
  const bool unchecked =
      std::any_of(plan.artefacts.begin(), plan.artefacts.end(),
                  [](const lab::PlannedArtefact& artefact) { return artefact.key.empty(); });
  if (unchecked) say("the settings of artefacts are checked once their data set is in the lab");
}

// Works until the grid has ended. `tick` is called about five times a second; `say_line` shows a
// line to a user at the terminal.
void work_through(lab::Grid& grid, StopSignals& signals, const std::function<void()>& tick,
                  const std::function<void(const std::string&)>& say_line) {
  constexpr double kPatience = 2;  // seconds until a user is told how to end a slow stop
  constexpr const char* kSecond =
      "the workers still write their checkpoints; a second Ctrl-C kills them, and loses what they "
      "did since their last checkpoints";
  grid.start();
  int obeyed = 0;
  std::time_t asked = 0;
  bool told = false;
  while (grid.poll(kTickSeconds)) {
    if (signals.woken()) grid.notice_requests();
    if (const int seen = signals.seen(); seen > obeyed) {
      if (obeyed == 0) asked = std::time(nullptr);
      obeyed = seen;
      seen == 1 ? grid.request_stop("Ctrl-C or a signal") : grid.kill();
    }
    if (obeyed == 1 && !told && std::difftime(std::time(nullptr), asked) > kPatience) {
      told = true;
      say_line(kSecond);
    }
    tick();
  }
}

void run_in_foreground(const RunOptions& options, const lab::Session& session,
                       const lab::GridOptions& grid_options, const lab::Plan& plan,
                       StopSignals& signals, lab::Conclusion* conclusion) {
  std::unique_ptr<GridDisplay> display;
  std::map<size_t, int64_t> valid_steps;
  const run::GridHeader* header = nullptr;
  lab::Grid grid(session.experiment(), plan, grid_options, [&](const run::GridEvent& event) {
    if (!options.json) return display->on_event(event);
    for (const std::string& line : event_lines(*header, event, &valid_steps)) say(line);
    std::fflush(stdout);
    if (event.kind == run::GridEvent::Kind::kRefused)
      std::fprintf(stderr, "not collected: %s\n", event.text.c_str());
  });
  header = &grid.header();
  if (!options.json) display = std::make_unique<GridDisplay>(*header, isatty(STDOUT_FILENO) == 1);
  work_through(
      grid, signals,
      [&] {
        if (display) display->tick();
      },
      [&](const std::string& line) {
        display ? display->print(line)
                : static_cast<void>(std::fprintf(stderr, "%s\n", line.c_str()));
      });
  *conclusion = lab::conclude(grid.result());
}

void run_detached(const RunOptions& options, const lab::Session& session,
                  const lab::GridOptions& grid_options, const lab::Session::Ready& ready,
                  StopSignals& signals) {
  const std::string id = lab::leave_behind([&](const lab::Ready& is_ready) {
    ready.lock.name_holder();
    lab::Grid grid(session.experiment(), ready.plan, grid_options, [](const auto&) {});
    is_ready(grid.header().id, grid.folder().file(run::kLogFile));
    work_through(
        grid, signals, [] {}, [](const std::string&) {});
  });
  if (options.json) return say(nlohmann::json{{"event", "detached"}, {"grid", id}}.dump());
  say("grid " + id + " works in the background: `lealab watch " + id + "` shows it, `lealab stop " +
      id + "` stops it");
}

void print_table(const lab::Session& session) {
  const db::Store store(session.lab(), db::Store::Mode::kReadOnly);
  if (store.runs(session.experiment().name).empty()) return;
  report::TableOptions table;
  table.lab = session.lab();
  table.installed = session.installed();
  std::printf("\n%s", report::experiment_table(store, session.experiment().name, "text",
                                               isatty(STDOUT_FILENO) == 1, table)
                          .c_str());
}

void run_command(const RunOptions& options, const Globals& globals) {
  StopSignals signals;
  const lab::Session session = session_of(options, globals);
  const lab::GridOptions grid = grid_options(options, globals, session.lab());
  const lab::Session::Ready ready =
      session.prepare([&](const spec::DataSection& data, const std::vector<std::string>& notes) {
        if (!options.json) say("importing " + data.name + " from " + data.path);
        for (const std::string& note : notes) std::fprintf(stderr, "%s\n", note.c_str());
      });
  if (options.json) {
    say(nlohmann::json{{"event", "plan"}, {"plan", lab::to_json(ready.plan, session.experiment())}}
            .dump());
  } else {
    print_plan(session.experiment(), ready.plan);
  }
  for (const std::string& message : ready.not_collected)
    std::fprintf(stderr, "not collected: %s\n", message.c_str());
  signals.count();
  if (options.detach && ready.plan.to_do() > 0)
    return run_detached(options, session, grid, ready, signals);
  lab::Conclusion conclusion;
  if (ready.plan.to_do() > 0)
    run_in_foreground(options, session, grid, ready.plan, signals, &conclusion);
  if (!options.json) print_table(session);
  std::fflush(stdout);
  if (conclusion.code != Exit::kOk) throw Error(conclusion.code, conclusion.message);
}

}  // namespace

void add_run(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run =
      app.add_subcommand("run", "run what an experiment still lacks, then print its table");
  add_spec_options(run, *options);
  add_worker_options(run, *options);
  run->add_flag("--detach", options->detach,
                "leave the grid behind in the background; `lealab watch` shows it");
  run->callback([options, &globals] { run_command(*options, globals); });

  auto plan_options = std::make_shared<RunOptions>();
  CLI::App* plan = app.add_subcommand("plan", "print what `run` would do; starts nothing");
  add_spec_options(plan, *plan_options);
  plan->callback([plan_options, &globals] { plan_command(*plan_options, globals); });
}

}  // namespace lea::cli
