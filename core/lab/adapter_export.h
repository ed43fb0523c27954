// Exports the adapter of an artefact as a folder that transformers and PEFT open in Python.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/run/artefact_folder.h"

namespace lea::lab {

struct AdapterExport {
  run::ArtefactHeader artefact;
  std::vector<std::string> files;  // of the folder, sorted
  int64_t bytes = 0;               // of these files
};

// Makes `folder`, which must not exist. The artefact must hold adapter_config.json and
// adapter_model.safetensors in one folder, PEFT's format of an adapter. These two files, and what
// else is in their folder, come to the top of `folder`. The other files of the artefact stand
// beside them under their own paths, with the same bytes.
//
// README.md, the card, says how the adapter was made: language model, data set, the sums of what
// was read, split, settings, and the figures that were recorded of the artefact and of those that
// were made from it. It lists the tensors of all files, and says in Python how to open them. Paths
// lose their folders.
//
// Throws DataError when the folder exists, and when the artefact is not finished, is damaged, or
// holds no adapter or several. Throws StoreError when `folder` cannot be written. Then there is no
// `folder`.
AdapterExport export_adapter(const std::string& lab, const run::Folder& artefact,
                             const std::string& folder);

}  // namespace lea::lab
