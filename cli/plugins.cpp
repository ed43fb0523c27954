#include "cli/commands.h"

namespace lea::cli {

void add_plugins(CLI::App& app, const Globals& globals) {}

}  // namespace lea::cli
