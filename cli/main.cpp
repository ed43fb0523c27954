// The program `lealab`: plans, runs, collects and queries experiments. It neither links LibTorch
// nor loads plugins.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/usage.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/standard_streams.h"

namespace {

// Describes every lea::Exit.
constexpr const char* kExitCodes = R"(Exit codes:
   0  done
   2  the command line is wrong
   3  a spec, data set or imported file is wrong, or `verify` did not find all clean
   4  no room, permission, memory or network; the same command continues once that is fixed
   5  the grid has ended, but some of its runs failed; the same command tries these again
   6  a plugin was refused, crashed or threw
   7  stopped on request; the same command continues
  70  a mistake of this program
 128+n  ended by signal n)";

// The level travels in the environment, to the workers of this process and to theirs.
void set_log_level(const std::string& name) {
  lea::log_level_named(name, "--log-level");
  setenv(lea::kLogVariable, name.c_str(), /*overwrite=*/1);
}

// A misspelt folder would only lack its plugins, and the message would be about these.
void require_plugin_dir(const std::string& folder) {
  try {
    lea::require_folder(folder);
  } catch (const lea::Error& error) {
    throw lea::Error(error.code(), std::string("--plugin-dir: ") + error.what());
  }
}

// An empty name, as of a variable that is not set, would stand for the default without a word.
void require_lab_name(const std::string& folder) {
  if (folder.empty()) throw lea::UsageError("--lab: is empty. Name a folder, or leave --lab out.");
}

int internal(const std::exception& error) {
  std::fprintf(stderr, "internal error: %s\n", error.what());
  return static_cast<int>(lea::Exit::kInternal);
}

// Returns the exit code.
int call(int argc, char** argv) {
  CLI::App app{
      "LEA Lab: experiments with recommenders that learn by reinforcement from logged "
      "interactions"};
  app.name("lealab");
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.failure_message(lea::cli::usage_message);
  app.set_version_flag("--version", LEA_VERSION);
  lea::cli::Globals globals;
  app.add_option("--lab", globals.lab,
                 "folder with data, runs and results (default: $LEALAB, else ./lab)")
      ->each(require_lab_name);
  app.add_option("--plugin-dir", globals.plugin_dirs, "one more folder with plugins (repeatable)")
      ->allow_extra_args(false)  // a command that is misspelt is no folder
      ->each(require_plugin_dir);
  app.add_option_function<std::string>(
      "--log-level", set_log_level,
      "what the logs of runs and grids hold: debug, info, warn or error, and what is worse "
      "(default: $LEALAB_LOG, else info)");
  lea::cli::add_run(app, globals);
  lea::cli::add_watch_commands(app, globals);
  lea::cli::add_work(app, globals);
  lea::cli::add_results(app, globals);
  lea::cli::add_du(app, globals);
  lea::cli::add_log(app, globals);
  lea::cli::add_exchange(app, globals);
  lea::cli::add_data(app, globals);
  lea::cli::add_plugins(app, globals);
  lea::cli::add_artefacts(app, globals);
  lea::cli::add_verify(app, globals);
  lea::cli::add_db(app, globals);
  lea::cli::add_lm(app);
  try {
    lea::log_level_of_environment();  // a name that is wrong must not fail in each worker
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(lea::Exit::kUsage);
  } catch (const lea::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    std::fprintf(stderr,
                 "%s: %s. Free some space or check the folder's rights, then repeat the command.\n",
                 error.path1().c_str(), error.code().message().c_str());
    return static_cast<int>(lea::Exit::kEnvironment);
  } catch (const std::system_error& error) {
    // The machine could not start a thread or a process.
    std::fprintf(stderr, "%s. Free some memory or end other programs, then repeat the command.\n",
                 error.what());
    return static_cast<int>(lea::Exit::kEnvironment);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "memory ran out. Free some, then repeat the command.\n");
    return static_cast<int>(lea::Exit::kEnvironment);
  } catch (const nlohmann::json::type_error& error) {
    constexpr int kNotUtf8 = 316;
    if (error.id != kNotUtf8) return internal(error);
    std::fprintf(stderr,
                 "a name, a path or a text cannot be recorded, because it is not UTF-8. Rename it, "
                 "then repeat the command.\n");
    return static_cast<int>(lea::Exit::kBadInput);
  } catch (const std::exception& error) {
    return internal(error);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  lea::keep_standard_streams();
  return lea::cli::finish_output(call(argc, argv));
}
