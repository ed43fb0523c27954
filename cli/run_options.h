// The options that the commands `run`, `plan`, `tasks` and `work` share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "core/lab/grid.h"
#include "core/lab/session.h"

namespace lea::cli {

struct RunOptions {
  std::string spec;
  std::vector<std::string> set;
  int64_t jobs = 0;
  double hang_seconds = lab::GridOptions().hang_seconds;
  double stop_after = 0;
  bool json = false;
  bool redo_stale = false;
  bool detach = false;
};

// Of a command that reads a spec.
void add_spec_options(CLI::App* command, RunOptions& options);
// Of a command that starts workers.
void add_worker_options(CLI::App* command, RunOptions& options);

lab::Session session_of(const RunOptions& options, const Globals& globals);

// Throws Error(kEnvironment) when the worker is missing.
lab::GridOptions grid_options(const RunOptions& options, const Globals& globals,
                              const std::string& lab);

}  // namespace lea::cli
