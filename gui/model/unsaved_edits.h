// Edits of specs that are in no file yet, kept beside the settings, so that a window that is killed
// loses at most a few seconds of them.
#pragma once

#include <string>
#include <vector>

#include "core/base/file_lock.h"

namespace lea::gui {

struct UnsavedEdit {
  std::string path;    // of the file; empty for a text without one
  std::string origin;  // what a text without a file is a copy of
  std::string saved;   // the content of the file that was edited
  std::string text;    // the edited content
};

class UnsavedEdits {
 public:
  // Takes the first of the folder's files that no other window holds. Makes the folder where it is
  // missing. Throws StoreError.
  explicit UnsavedEdits(const std::string& folder);

  // What the window before left. Throws StoreError, and DataError for a damaged file.
  std::vector<UnsavedEdit> read() const;
  // Replaces what the file holds. Throws StoreError.
  void write(const std::vector<UnsavedEdit>& edits) const;

 private:
  std::string path_;
  FileLock lock_;
};

}  // namespace lea::gui
