// Adds the commands of `lealab` to its parser; related commands share a file. A command runs in its
// callback. It throws lea::Error, which main turns into a message and an exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lea::cli {

// The options before the command. They must outlive the parser, because the callbacks refer to
// them.
struct Globals {
  std::string lab;                       // --lab as given; see lab::lab_folder
  std::vector<std::string> plugin_dirs;  // --plugin-dir, repeatable
};

void add_run(CLI::App& app, const Globals& globals);             // run SPEC, plan SPEC
void add_watch_commands(CLI::App& app, const Globals& globals);  // watch, stop, skip, retry, first
void add_work(CLI::App& app, const Globals& globals);            // tasks SPEC, work TASK
void add_plugins(CLI::App& app, const Globals& globals);  // plugins [show NAME | new KIND NAME]
// plugins install | remove | enable | disable
void add_plugin_changes(CLI::App& plugins, const Globals& globals);
void add_data(CLI::App& app, const Globals& globals);       // data import | show | export | ls
void add_results(CLI::App& app, const Globals& globals);    // ls, show, table
void add_du(CLI::App& app, const Globals& globals);         // du [EXPERIMENT]
void add_log(CLI::App& app, const Globals& globals);        // log RUN
void add_exchange(CLI::App& app, const Globals& globals);   // export, import
void add_artefacts(CLI::App& app, const Globals& globals);  // artefacts list | prompts | prune ...
void add_verify(CLI::App& app, const Globals& globals);     // verify RUN
void add_db(CLI::App& app, const Globals& globals);         // db rebuild | check
void add_lm(CLI::App& app);                                 // lm tokenize | score | generate

}  // namespace lea::cli
