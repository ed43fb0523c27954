#include "cli/run_options.h"

#include <cstdio>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/process.h"

namespace lea::cli {

void add_spec_options(CLI::App* command, RunOptions& options) {
  command->add_option("spec", options.spec, "the experiment's YAML file")->required();
  command
      ->add_option("--set", options.set,
                   "override a key, e.g. --set train.batch_size=50 (repeatable)")
      ->allow_extra_args(false);
  command
      ->add_option("--jobs", options.jobs,
                   "workers at once (default: free processors / train.threads; with CUDA as many "
                   "as GPUs)")
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

void add_worker_options(CLI::App* command, RunOptions& options) {
  command
      ->add_option(
          "--hang-seconds", options.hang_seconds,
          "a worker that makes no step for so long is killed and its run fails (default 7200)")
      ->check(CLI::Range(1.0, 1e9));
  command->add_option_function<std::string>(
      "--stop-after",
      [&options](const std::string& text) {
        const auto seconds = parse_duration(text);
        if (!seconds) {
          throw UsageError(
              "--stop-after must be a duration such as 90s, 170min or 1h30min, but is " +
              in_backticks(text));
        }
        options.stop_after = *seconds;
      },
      "end within this time, with checkpoints: 90s, 170min, 1h30min");
}

lab::Session session_of(const RunOptions& options, const Globals& globals) {
  return lab::Session({.lab = globals.lab,
                       .plugin_dirs = globals.plugin_dirs,
                       .spec = options.spec,
                       .set = options.set,
                       .jobs = options.jobs,
                       .redo_stale = options.redo_stale,
                       .on_wait = [](const std::string& sentence) {
                         std::fprintf(stderr, "%s\n", sentence.c_str());
                       }});
}

lab::GridOptions grid_options(const RunOptions& options, const Globals& globals,
                              const std::string& lab) {
  lab::GridOptions grid;
  grid.lab = lab;
  grid.plugin_dirs = globals.plugin_dirs;
  grid.worker = lab::worker_path();
  grid.devices = lab::cuda_devices();
  grid.hang_seconds = options.hang_seconds;
  grid.stop_after = options.stop_after;
  grid.detached = options.detach;
  return grid;
}

}  // namespace lea::cli
