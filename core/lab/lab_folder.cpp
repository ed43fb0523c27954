#include "core/lab/lab_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/run/folder.h"

namespace lea::lab {
namespace fs = std::filesystem;

namespace {

struct NamedLab {
  std::string folder;
  const char* by = nullptr;  // what names it; null for the default
};

NamedLab named_lab(const std::string& option) {
  const char* variable = std::getenv("LEALAB");
  if (!option.empty()) return {option, "--lab"};
  if (variable != nullptr && *variable != '\0') return {variable, "LEALAB"};
  return {"lab"};
}

std::vector<std::string> folders_in(const std::string& lab) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lab, error)) {
    if (entry.is_directory(error)) folders.push_back(entry.path().string());
  }
  return folders;
}

}  // namespace

std::string lab_folder(const std::string& option) { return follow_links(named_lab(option).folder); }

void require_named_lab(const std::string& option) {
  const NamedLab named = named_lab(option);
  if (named.by == nullptr || is_there(follow_links(named.folder))) return;
  throw Error(Exit::kBadInput,
              printable(named.folder) + ": there is no such folder, and " + named.by +
                  " names it. Correct the name, or make the folder first to plan for a new lab.");
}

std::string open_lab(const std::string& option) {
  const std::string lab = lab_folder(option);
  run::make_folders(lab);
  std::error_code ignored;  // importing a data set reports the error
  fs::create_directories(data::datasets_folder(lab), ignored);
  return lab;
}

OpenedLab::OpenedLab(const std::string& option) : folder_(lab_folder(option)) {
  const std::vector<std::string> before = folders_in(folder_);
  std::vector<std::string> parents;
  for (fs::path path = folder_; !path.empty() && !is_there(path.string());
       path = path.parent_path()) {
    parents.push_back(path.string());
  }
  open_lab(folder_);
  for (const std::string& folder : folders_in(folder_)) {
    if (std::find(before.begin(), before.end(), folder) == before.end()) made_.push_back(folder);
  }
  made_.insert(made_.end(), parents.begin(), parents.end());
}

OpenedLab::~OpenedLab() {
  for (const std::string& folder : made_) rmdir(folder.c_str());  // fails unless it is empty
}

std::string models_folder(const std::string& lab) { return lab + "/models"; }

std::string existing_lab(const std::string& option) {
  const std::string lab = lab_folder(option);
  if (fs::is_directory(run::runs_folder(lab)) || fs::is_directory(data::datasets_folder(lab))) {
    return lab;
  }
  throw Error(Exit::kBadInput, printable(lab) +
                                   ": there is no lab in this folder; name one with "
                                   "--lab DIR or LEALAB, or make one with `lealab run SPEC`");
}

}  // namespace lea::lab
