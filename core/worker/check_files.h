// Whether the files and models that a plugin's parameters name are still those that were planned
// with.
#pragma once

#include "core/spec/run_spec.h"
#include "core/worker/registry.h"

namespace lea::worker {

// Throws DataError when a file or model that a parameter of the plugin names, or a parameter of an
// environment in its parameters, is gone or has another sum than the resolved spec says.
void check_files(const std::string& plugin_kind, const spec::PluginUse& use, Registry& registry);

// The same for the plugins in all slots of a run.
void check_files(const spec::RunSpec& run, Registry& registry);

// Throws DataError when the file `path` is gone or has another sha256 than `planned`. `what` names
// its setting.
void check_file(const std::string& what, const std::string& path, const std::string& planned);

}  // namespace lea::worker
