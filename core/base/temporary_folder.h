// Folders for files that only this process needs.
#pragma once

#include <string>

namespace lea {

// Makes a new folder PREFIX-XXXXXX that only this user can enter, in $TMPDIR or /tmp, and returns its
// path. Throws StoreError.
std::string make_temporary_folder(const std::string& prefix);

}  // namespace lea
