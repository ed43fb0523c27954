// The command `lealab log`. It reads the log of a run or of a grid, and changes nothing.
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <thread>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/log_reader.h"
#include "core/base/text.h"
#include "core/lab/lab_folder.h"
#include "core/run/artefact_folder.h"
#include "core/run/grid_folder.h"
#include "core/run/state.h"

namespace lea::cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(200);

struct Options {
  std::string name, level = "debug";
  size_t lines = 0;
  bool follow = false;
};

// A log, and whose it is.
struct Source {
  std::string folder, log;
  std::function<bool()> at_work;  // whether lines may still be added
};

Source source_of(const std::string& lab, const std::string& name) {
  for (const run::Folder& grid : run::list_grids(lab)) {
    if (run::grid_id(grid) == name)
      return {grid.path, grid.file(run::kLogFile), [grid] { return run::is_live(grid); }};
  }
  const run::Folder run = run::find_task(lab, name);
  return {run.path, run.file(run::kLogFile),
          [run] { return run::state_of(run) == run::State::kRunning; }};
}

// Which lines are at least at a level. What a plugin or a library printed has no level of its own:
// it counts as the line before it, and as a warning where it is the first.
class Filter {
 public:
  explicit Filter(LogLevel least) : least_(least) {}

  bool passes(const std::string& line) {
    if (const auto parsed = parse_log_line(line)) last_ = parsed->level;
    return last_ >= least_;
  }

 private:
  LogLevel least_, last_ = LogLevel::kWarning;
};

void print_line(const std::string& line) { print(printable(line) + "\n"); }

// Prints what the log has now: all of it, or the last lines of those that pass.
void print_present(LogReader& reader, Filter& filter, const Options& options,
                   const std::string& log) {
  std::deque<std::string> kept;
  const auto show = [&](const std::string& line) {
    if (!filter.passes(line)) return;
    if (options.lines == 0) return print_line(line);
    kept.push_back(line);
    if (kept.size() > options.lines) kept.pop_front();
  };
  if (!reader.read(show))
    throw Error(Exit::kBadInput, log + ": there is no log; the run has not started yet");
  if (!options.follow) reader.end(show);
  for (const std::string& line : kept) print_line(line);
}

void follow(LogReader& reader, Filter& filter, const Source& source) {
  const auto show = [&](const std::string& line) {
    if (filter.passes(line)) print_line(line);
  };
  for (bool at_work = true; at_work;) {
    // Ask first: what a worker wrote before it ended is then read below.
    at_work = source.at_work();
    if (!std::filesystem::exists(source.folder)) {
      throw Error(Exit::kEnvironment,
                  source.folder +
                      ": was removed while its log was followed. `lealab ls` lists "
                      "the runs that are left.");
    }
    reader.read(show);
    if (at_work) std::this_thread::sleep_for(kPause);
  }
  reader.end(show);
}

}  // namespace

void add_log(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  CLI::App* log = app.add_subcommand("log", "what a run or a grid did, and why it ended");
  log->add_option("run", options->name, "a run's uuid or its first digits, or the id of a grid")
      ->required();
  log->add_option("--level", options->level,
                  "only lines of this level or worse: info, warn, error");
  log->add_flag("--follow", options->follow, "print new lines until the run or the grid has ended");
  log->add_option("-n", options->lines, "the last N lines only")->check(CLI::Range(1, 1000000000));
  log->callback([options, &globals] {
    Filter filter(log_level_named(options->level, "--level"));
    const Source source = source_of(lab::existing_lab(globals.lab), options->name);
    LogReader reader(source.log);
    print_present(reader, filter, *options, source.log);
    if (options->follow) follow(reader, filter, source);
  });
}

}  // namespace lea::cli
