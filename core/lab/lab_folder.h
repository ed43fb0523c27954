// Finds, makes and checks the folder of the lab that a command works in.
#pragma once

#include <string>
#include <vector>

namespace lea::lab {

// `option` (--lab DIR) when it is not empty, otherwise $LEALAB, otherwise ./lab. Its links are
// followed (core/base/links.h), so that a command works in one lab even if a link is changed
// meanwhile.
std::string lab_folder(const std::string& option);

// Returns lab_folder(option) after making it and its subfolders where they are missing. Throws
// Error(kEnvironment) when that is impossible.
std::string open_lab(const std::string& option);

// A lab as open_lab leaves it, for a command that may be refused later. Unless keep() is called, the
// destructor removes the folders that this object made and that are still empty, so that a refused
// command leaves no lab.
class OpenedLab {
 public:
  explicit OpenedLab(const std::string& option);
  ~OpenedLab();
  OpenedLab(const OpenedLab&) = delete;
  OpenedLab& operator=(const OpenedLab&) = delete;

  const std::string& folder() const { return folder_; }
  void keep() { made_.clear(); }

 private:
  const std::string folder_;
  std::vector<std::string> made_;  // each before the folder that it is in
};

// For a command that only plans what a lab gets. Throws Error(kBadInput) when --lab or $LEALAB names
// a folder that does not exist, because the name may be mistyped. Only ./lab may be missing.
void require_named_lab(const std::string& option);

// Returns lab_folder(option), for commands that only read. Throws Error(kBadInput) when the folder
// is no lab: it does not exist, or has neither runs nor data sets.
std::string existing_lab(const std::string& option);

// LAB/models: the language models of the lab by their names, folders or links to folders.
std::string models_folder(const std::string& lab);

}  // namespace lea::lab
