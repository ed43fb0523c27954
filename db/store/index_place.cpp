#include "db/store/index_place.h"

#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::db {
namespace fs = std::filesystem;
namespace {

constexpr const char* kIndexFile = "/results.sqlite";
constexpr const char* kLockFile = "/results.lock";
constexpr size_t kNameBytes = 60;  // of the lab's name, since the name of a file is limited

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A folder's name for the lab, which no other lab of this machine has.
std::string name_of(const std::string& lab) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(fs::absolute(lab), error);
  if (real.filename().empty()) real = real.parent_path();  // the last part of "DIR/" is empty
  const std::string path = error ? lab : real.string();
  return fs::path(path).filename().string().substr(0, kNameBytes) + "-" +
         sha256(path).substr(0, 16);
}

// As Surroundings::network, for a folder that may not exist yet.
std::string network_of(const std::string& folder, const Surroundings& around) {
  std::error_code ignored;
  fs::path path = fs::absolute(folder, ignored);
  while (!fs::exists(path, ignored) && path != path.parent_path()) path = path.parent_path();
  return around.network(path.string());
}

std::string state_folder(const std::string& lab, const Surroundings& around) {
  // The specification of XDG_STATE_HOME asks to ignore a relative path.
  if (around.state_home.starts_with('/')) return around.state_home;
  if (!around.home.empty()) return around.home + "/.local/state";
  throw StoreError(printable(lab) +
                   ": lies on a network file system, and without HOME no local folder for its "
                   "results index is known. Set LEALAB_INDEX to a folder on a local disk.");
}

}  // namespace

std::string IndexPlace::file() const { return folder + kIndexFile; }
std::string IndexPlace::lock() const { return folder + kLockFile; }

Surroundings surroundings() {
  return {variable("LEALAB_INDEX"), variable("XDG_STATE_HOME"), variable("HOME"),
          network_file_system};
}

IndexPlace index_place(const std::string& lab, const Surroundings& around) {
  if (!around.forced.empty()) {
    const std::string network = network_of(around.forced, around);
    if (network.empty()) return {around.forced + "/" + name_of(lab), true};
    throw StoreError("LEALAB_INDEX: " + printable(around.forced) +
                     " lies on a network file system (" + network +
                     "), where SQLite's locks do not hold. Name a folder on a local disk.");
  }
  const std::string network = around.network(lab);
  if (network.empty()) return {lab, false};
  const std::string folder = state_folder(lab, around) + "/lealab/index";
  const std::string also = network_of(folder, around);
  if (also.empty()) return {folder + "/" + name_of(lab), true};
  throw StoreError(printable(lab) + ": lies on a network file system (" + network +
                   "), and so does " + printable(folder) + " (" + also +
                   "), where its results index would lie. SQLite's locks hold on neither. Set "
                   "LEALAB_INDEX to a folder on a local disk; the index is made there from the "
                   "run folders.");
}

}  // namespace lea::db
