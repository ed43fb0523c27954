#include "core/run/folder.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/run/header.h"

namespace lea::run {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRuns = "/runs";
constexpr const char* kExperiments = "/experiments";
constexpr const char* kArtefacts = "/artefacts";
constexpr const char* kGrids = "/grids";
constexpr const char* kClaims = "/claims";
constexpr const char* kHalfMade = ".new-";    // prefix of a folder that is not yet complete
constexpr const char* kStaging = ".import-";  // begins the name of a staging folder

}  // namespace

std::string Folder::uuid() const { return fs::path(path).filename().string(); }

std::string experiments_folder(const std::string& lab) { return lab + kExperiments; }
std::string runs_folder(const std::string& lab) { return lab + kRuns; }

std::string artefacts_folder(const std::string& lab) { return lab + kArtefacts; }

std::string claim_file(const std::string& lab, const std::string& hash) {
  return lab + kClaims + "/" + hash;
}

std::string test_reads_file(const std::string& lab) { return lab + "/test-reads.jsonl"; }

std::string grids_folder(const std::string& lab) { return lab + kGrids; }

void make_folders(const std::string& lab) {
  for (const char* folder : {"", kRuns, kExperiments, kArtefacts, kGrids, kClaims}) {
    std::error_code error;
    fs::create_directories(lab + folder, error);
    if (error) {
      throw Error(Exit::kEnvironment, lab + folder + ": cannot make the lab's folder: " +
                                          error.message() + ". Choose another with --lab DIR.");
    }
  }
}

Folder folder_of(const std::string& lab, const std::string& uuid) {
  return {lab + kRuns + "/" + uuid};
}

std::vector<Folder> list_runs(const std::string& lab) {
  std::vector<Folder> runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lab + kRuns, error)) {
    // What has the name of a run and is no folder is damaged, and whoever reads it says so.
    if (is_uuid(entry.path().filename().string())) runs.push_back({entry.path().string()});
  }
  require_listed(lab + kRuns, error);
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return runs;
}

Folder find_run(const std::string& lab, const std::string& uuid_prefix) {
  std::vector<Folder> found;
  for (const Folder& run : list_runs(lab)) {
    if (!uuid_prefix.empty() && run.uuid().starts_with(uuid_prefix)) found.push_back(run);
  }
  if (found.size() == 1) return found.front();
  std::string message = "run " + printable(uuid_prefix) + ": ";
  if (found.empty()) {
    throw UsageError(message + "the lab " + lab + " has no such run. `lealab ls` lists the runs.");
  }
  message += "several runs begin so:";
  for (size_t i = 0; i < found.size() && i < 5; ++i) message += "\n  " + found[i].uuid();
  throw UsageError(message + "\nGive more digits.");
}

std::string new_uuid() {
  uint8_t bytes[16];
  // A request of at most 256 bytes fails or returns all bytes, see getrandom(2).
  while (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
    if (errno != EINTR)
      throw Error(Exit::kEnvironment, std::string("getrandom: ") + std::strerror(errno));
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

bool is_uuid(const std::string& name) {
  if (name.size() != 36) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f');
    if (dash ? name[i] != '-' : !digit) return false;
  }
  return true;
}

Folder make_run(const std::string& lab, const Header& header, const spec::RunSpec& spec,
                const std::map<std::string, std::string>& files) {
  const Folder folder = folder_of(lab, header.uuid);
  const Folder temporary{lab + kRuns + "/" + kHalfMade + std::to_string(getpid()) + "-" +
                         header.uuid};
  std::error_code error;
  if (!fs::create_directory(temporary.path, error)) {
    throw Error(Exit::kEnvironment,
                temporary.path + ": cannot make the run's folder: " + error.message());
  }
  publish_file(temporary.file(kSpecFile), spec::dump_yaml(spec::to_json(spec)));
  publish_file(temporary.file(kHeaderFile), to_json(header).dump(2) + "\n");
  for (const auto& [name, content] : files) publish_file(temporary.file(name.c_str()), content);
  publish_folder(temporary.path, folder.path);
  return folder;
}

void remove_half_made_runs(const std::string& lab) {
  remove_left_over(lab + kRuns, kHalfMade, "");
  // Older programs left the process id out of the name.
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lab + kRuns, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kHalfMade) && is_uuid(name.substr(std::strlen(kHalfMade)))) {
      fs::remove_all(entry.path(), error);
    }
  }
}

Staging::Staging(const std::string& folder)
    : path_(folder + "/" + kStaging + std::to_string(getpid()) + "-" + new_uuid().substr(0, 8)) {
  remove_left_over(folder, kStaging, "");
  fs::create_directories(path_);
}

Staging::~Staging() {
  std::error_code error;
  fs::remove_all(path_, error);
}

}  // namespace lea::run
