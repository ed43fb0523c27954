// The software that made a result or a checkpoint, as far as it can change numbers. When it differs
// from what is installed, a finished run is stale and a checkpoint is not resumed.
#pragma once

#include <cstdint>
#include <string>

namespace lea::spec {

// The version of what core/api, core/lm and core/train compute. Whoever changes their results beyond
// rounding raises it. A kernel that differs in rounding alone belongs to the machine kind instead
// (core/base/machine.h). Files that state no number were made with 1.
inline constexpr int64_t kNumerics = 1;

// Which build of a plugin.
struct PluginBuild {
  std::string version;  // that the plugin declares; empty: unknown, as in old checkpoints
  std::string sha256;   // of its library
};

// Whether the two compute the same, as far as the plugin's author says: their versions are equal
// and, where the version ends in -dev as a new plugin's does, so are their libraries. An unknown
// version is taken to equal the other one.
bool computes_the_same(const PluginBuild& a, const PluginBuild& b);

}  // namespace lea::spec
