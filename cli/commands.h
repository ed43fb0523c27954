// The commands of `lealab`, one file each. A command adds itself to the parser and runs in its
// callback; it throws lea::Error, and main turns that into one line and an exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lea::cli {

// Options before the command.
struct Globals {
  std::string lab;                       // --lab, else $LEALAB, else ./lab
  std::vector<std::string> plugin_dirs;  // --plugin-dir, repeatable
};

void add_run(CLI::App& app, const Globals& globals);       // run SPEC, plan SPEC
void add_plugins(CLI::App& app, const Globals& globals);   // plugins [show NAME | new KIND NAME]
void add_data(CLI::App& app, const Globals& globals);      // data import | show | export | ls
void add_results(CLI::App& app, const Globals& globals);   // ls, show, table, log
void add_exchange(CLI::App& app, const Globals& globals);  // export, import
void add_db(CLI::App& app, const Globals& globals);        // db rebuild | check
void add_lm(CLI::App& app);                                // lm tokenize | score | generate

}  // namespace lea::cli
