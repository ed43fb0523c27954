// The commands about grids at work: `lealab watch`, `stop`, `skip`, `retry` and `first`.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/commands.h"
#include "cli/grid_display.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/lab/grid_watch.h"
#include "core/lab/lab_folder.h"

namespace lea::cli {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);
constexpr double kAnswerSeconds = 5;  // how long a grid may take to answer a request

void watch_text(lab::GridWatch& watch) {
  GridDisplay display(watch.header(), isatty(STDOUT_FILENO) == 1);
  watch.poll([&](const run::GridEvent& event) { display.on_past_event(event); });
  display.print("grid " + watch.header().id + " of " + watch.header().experiment + ": " +
                display.summary());
  while (!watch.conclusion()) {
    display.tick();
    std::this_thread::sleep_for(kTick);
    watch.poll([&](const run::GridEvent& event) { display.on_event(event); });
  }
}

void watch_json(lab::GridWatch& watch) {
  std::map<size_t, int64_t> valid_steps;
  while (!watch.conclusion()) {
    watch.poll([&](const run::GridEvent& event) {
      for (const std::string& line : event_lines(watch.header(), event, &valid_steps))
        print(line + "\n");
    });
    if (!watch.conclusion()) std::this_thread::sleep_for(kTick);
  }
}

void add_watch(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string grid;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* watch = app.add_subcommand(
      "watch", "show a grid at work until it ends; ending the watcher does not disturb it");
  watch->add_option("grid", options->grid,
                    "an experiment or the id of a grid (default: the only grid at work)");
  watch->add_flag("--json", options->json, "one event a line, for scripts");
  watch->callback([options, &globals] {
    const std::string lab = lab::existing_lab(globals.lab);
    lab::GridWatch watch(lab, lab::find_grid(lab, options->grid));
    options->json ? watch_json(watch) : watch_text(watch);
    const lab::Conclusion& conclusion = *watch.conclusion();
    if (conclusion.code != Exit::kOk) throw Error(conclusion.code, conclusion.message);
    if (!options->json)
      std::printf("done; `lealab table %s` prints the table\n", watch.header().experiment.c_str());
  });
}

void add_request(CLI::App& app, const Globals& globals, const char* name,
                 run::Request::Action action, const char* description) {
  auto target = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(name, description);
  auto* option = command->add_option(
      "target", *target,
      "an experiment or the id of a grid at work, or the first digits of a run's uuid or hash "
      "(default: the only grid at work)");
  if (action == run::Request::Action::kFirst) option->required();
  command->callback([target, action, &globals] {
    const lab::Target found = lab::find_target(lab::existing_lab(globals.lab), *target);
    if (action == run::Request::Action::kFirst && found.hash.empty())
      throw UsageError("first needs a run: the first digits of its uuid or hash");
    const std::string answer = lab::ask(found, action, kAnswerSeconds);
    std::printf("%s\n", answer.empty()
                            ? ("asked " + found.named + ", which has not answered yet").c_str()
                            : answer.c_str());
  });
}

}  // namespace

void add_watch_commands(CLI::App& app, const Globals& globals) {
  using Action = run::Request::Action;
  add_watch(app, globals);
  add_request(app, globals, "stop", Action::kStop,
              "interrupt a grid at work, or one of its runs, with checkpoints");
  add_request(app, globals, "skip", Action::kSkip,
              "leave out a run of a grid at work, or all that have not begun");
  add_request(app, globals, "retry", Action::kRetry,
              "do a run of a grid at work again, or all that have failed");
  add_request(app, globals, "first", Action::kFirst, "start a run of a grid at work before others");
}

}  // namespace lea::cli
