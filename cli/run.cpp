#include "cli/commands.h"

namespace lea::cli {

void add_run(CLI::App& app, const Globals& globals) {}

}  // namespace lea::cli
