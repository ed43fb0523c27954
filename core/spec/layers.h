// A spec file with what it extends and the overrides of the command line, merged into one tree.
#pragma once

#include <string>
#include <vector>

#include "core/spec/yaml.h"

namespace lea::spec {

struct Layers {
  NodePtr root;      // a map without `extends`; null when there is none (see the errors)
  SourcePtr spec;    // the file that the user named
  std::string stem;  // its name without folder and extension
};

// Later layers win: the files that a spec extends in their order, the spec, then each `--set
// key=value`. Maps are merged, lists are replaced, except that `overrides` are kept and come before
// one's own. A file that is reached twice counts once. `--set` of a slot's or environment's
// parameter ("framework.gamma=0") becomes an entry of `overrides` that holds for every cell. Throws
// UsageError when an override has no `=`.
Layers load_layers(const std::string& path, const std::vector<std::string>& overrides,
                   Errors& errors);

}  // namespace lea::spec
