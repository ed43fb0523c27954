// A spec file with what it extends and the overrides of the command line, merged into one tree.
#pragma once

#include <string>
#include <vector>

#include "core/spec/yaml.h"

namespace lea::spec {

struct Layers {
  NodePtr root;      // a map without `extends`; null, with the reason in the errors, if unusable
  SourcePtr spec;    // the file that the user named
  std::string stem;  // its name without folder and extension
};

// Files are read from `buffers` where these have them, otherwise from the disk.
//
// A later layer replaces what an earlier one states. The layers are the files and presets that the
// spec extends, in their order; the spec; and each `--set key=value`. Maps are merged and lists are
// replaced, except for `overrides`, where the later list is appended. A file that is reached twice
// counts once. `--set` of a parameter of a slot or environment, such as "framework.gamma=0",
// becomes an entry of `overrides` for every cell. "environments.le={le: {portion: 0.2}}" states a
// declared environment, as a later file would; a name that the layers below do not declare is an
// error, and so is "grid.zip.KEY=..." where several zips stand in a list and none has that axis. Throws
// UsageError when an override has no `=`.
Layers load_layers(const std::string& path, const std::vector<std::string>& overrides,
                   const Buffers& buffers, Errors& errors);

}  // namespace lea::spec
