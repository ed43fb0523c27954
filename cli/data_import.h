// The command `lealab data import`.
#pragma once

#include "cli/commands.h"

namespace lea::cli {

void add_data_import(CLI::App& data_command, const Globals& globals);

}  // namespace lea::cli
