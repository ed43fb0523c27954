#include "core/base/temporary_folder.h"

#include <stdlib.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {

std::string make_temporary_folder(const std::string& prefix) {
  std::error_code error;
  std::string folder =
      (std::filesystem::temp_directory_path(error) / (prefix + "-XXXXXX")).string();
  if (error || !mkdtemp(folder.data())) {
    throw StoreError(printable(folder) +
                     ": no temporary folder can be made. Set TMPDIR to a folder that is there and "
                     "can be written to.");
  }
  return folder;
}

}  // namespace lea
