#include "gui/model/unsaved_edits.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"

namespace lea::gui {
namespace fs = std::filesystem;
namespace {

constexpr int kMostWindows = 100;
constexpr const char* kWhat = "a file of unsaved edits";

FileLock take_place(const std::string& folder, std::string* path) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw StoreError(printable(folder) + ": cannot be made: " + failed.message());
  for (int place = 1;; ++place) {
    *path = folder + "/" + std::to_string(place) + ".json";
    try {
      return {*path + ".lock", /*seconds=*/0, kWhat};
    } catch (const LockedError&) {
      if (place == kMostWindows) throw;
    }
  }
}

}  // namespace

UnsavedEdits::UnsavedEdits(const std::string& folder) : lock_(take_place(folder, &path_)) {}

std::vector<UnsavedEdit> UnsavedEdits::read() const {
  std::vector<UnsavedEdit> edits;
  std::error_code failed;
  if (!fs::exists(path_, failed)) return edits;
  const auto document = nlohmann::json::parse(read_file(path_), nullptr, false);
  if (!document.is_array())
    throw DataError(printable(path_) + ": is no list of edits; move it away to begin anew");
  for (const nlohmann::json& item : document) {
    const JsonFields fields(item, path_);
    edits.push_back(
        {fields.text("path"), fields.text("origin"), fields.text("saved"), fields.text("text")});
  }
  return edits;
}

void UnsavedEdits::write(const std::vector<UnsavedEdit>& edits) const {
  nlohmann::json document = nlohmann::json::array();
  for (const UnsavedEdit& edit : edits) {
    document.push_back(
        {{"path", edit.path}, {"origin", edit.origin}, {"saved", edit.saved}, {"text", edit.text}});
  }
  publish_file(path_, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace lea::gui
