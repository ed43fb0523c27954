#include "core/lab/lab_folder.h"

#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/run/folder.h"

namespace lea::lab {
namespace fs = std::filesystem;

std::string lab_folder(const std::string& option) {
  const char* variable = std::getenv("LEALAB");
  if (!option.empty()) return follow_links(option);
  return follow_links(variable != nullptr && *variable != '\0' ? variable : "lab");
}

std::string open_lab(const std::string& option) {
  const std::string lab = lab_folder(option);
  run::make_folders(lab);
  std::error_code ignored;  // importing a data set reports the error
  fs::create_directories(data::datasets_folder(lab), ignored);
  return lab;
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
