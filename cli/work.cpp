// The commands `lealab tasks` and `lealab work`, by which a cluster's jobs do the runs of a spec.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/run_options.h"
#include "cli/stop_signals.h"
#include "core/base/error.h"
#include "core/base/shell.h"
#include "core/lab/lab_folder.h"
#include "core/lab/process.h"
#include "core/lab/work.h"
#include "core/run/artefact_folder.h"

namespace lea::cli {
namespace {

constexpr double kTickSeconds = 0.5;

void print_tasks(const RunOptions& options, const Globals& globals) {
  const lab::Session session = session_of(options, globals);
  const lab::Session::Ready ready = session.prepare(
      [](const spec::DataSection& data, const std::vector<std::string>& notes) {
        std::fprintf(stderr, "importing %s from %s\n", data.name.c_str(), data.path.c_str());
        for (const std::string& note : notes) std::fprintf(stderr, "%s\n", note.c_str());
      },
      lab::Session::Place::kAnywhere);
  const std::string program = std::filesystem::path(lab::worker_path()).parent_path() / "lealab";
  const auto tasks = lab::hand_tasks(session, ready.plan, program);
  if (options.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const lab::HandTask& task : tasks) list.push_back(lab::to_json(task));
    print(list.dump(1) + "\n");
  } else {
    for (const lab::HandTask& task : tasks) print(shell_line(task.command) + "\n");
  }
}

void work(const std::string& name, const std::string& test, const RunOptions& options,
          const Globals& globals) {
  StopSignals signals;
  const std::string lab = lab::existing_lab(globals.lab);
  const run::Folder folder = run::find_task(lab, name);
  signals.count();
  const auto say = [](const std::string& sentence) {
    std::printf("%s\n", sentence.c_str());
    std::fflush(stdout);
  };
  lab::Work work(folder, grid_options(options, globals, lab), say,
                 test.empty() ? std::nullopt : std::optional<bool>(test == "open"));
  while (work.poll(kTickSeconds)) {
    if (signals.seen() == 1) work.request_stop();
    if (signals.seen() > 1) work.kill();
  }
  const lab::Conclusion& conclusion = work.conclusion();
  if (conclusion.code != Exit::kOk) throw Error(conclusion.code, conclusion.message);
}

}  // namespace

void add_work(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* tasks = app.add_subcommand(
      "tasks", "make ready what an experiment still lacks, and print one command for each task");
  add_spec_options(tasks, *options);
  tasks->callback([options, &globals] { print_tasks(*options, globals); });

  auto work_options = std::make_shared<RunOptions>();
  auto task = std::make_shared<std::string>(), test = std::make_shared<std::string>();
  CLI::App* work_command =
      app.add_subcommand("work", "do one task, as `lealab tasks` lists it, or resume it");
  work_command
      ->add_option("task", *task, "a run's uuid, or an artefact's key with at least nine digits")
      ->required();
  work_command
      ->add_option("--test", *test,
                   "rank the test part, or keep it closed (default: as the run's spec says)")
      ->check(CLI::IsMember({"open", "closed"}));
  add_worker_options(work_command, *work_options);
  work_command->callback(
      [task, test, work_options, &globals] { work(*task, *test, *work_options, globals); });
}

}  // namespace lea::cli
