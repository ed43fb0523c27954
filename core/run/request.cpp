#include "core/run/request.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/run/process.h"

namespace lea::run {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kVersion = 1;
constexpr size_t kLongest = 65536;  // bytes of a request
constexpr const char* kSuffix = ".json";
constexpr const char* kRefused = ".refused";
constexpr std::array<const char*, 4> kActions = {"stop", "skip", "retry", "first"};

// Files in the order of their names, which begin with the time.
std::vector<fs::path> waiting(const Folder& grid) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(requests_folder(grid), error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(".") && name.ends_with(kSuffix)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_young(const fs::path& file) {
  std::error_code error;
  const auto written = fs::last_write_time(file, error);
  if (error) return false;
  const std::chrono::duration<double> age = fs::file_time_type::clock::now() - written;
  // A date in the future comes from another clock and says nothing.
  return age.count() >= -kHalfWrittenSeconds && age.count() < kHalfWrittenSeconds;
}

Request request_from(const nlohmann::json& document, const std::string& where) {
  const JsonFields fields(document, where);
  const int64_t version = fields.integer("version");
  if (version != kVersion) {
    fields.fail("version", "must be " + std::to_string(kVersion) + ", but is " +
                               std::to_string(version) + ". A newer lealab wrote it.");
  }
  const std::string action = fields.text("action");
  const auto found = std::find(kActions.begin(), kActions.end(), action);
  if (found == kActions.end()) {
    fields.fail("action", "must be stop, skip, retry or first, but is " + in_backticks(action));
  }
  return {static_cast<Request::Action>(found - kActions.begin()), fields.text("run", "")};
}

}  // namespace

std::string to_string(Request::Action action) { return kActions.at(static_cast<size_t>(action)); }

std::string requests_folder(const Folder& grid) { return grid.path + "/requests"; }

std::string send_request(const Folder& grid, const Request& request) {
  nlohmann::json document = to_json(this_process());
  document.update(
      {{"version", kVersion}, {"action", to_string(request.action)}, {"run", request.hash}});
  // Names sort by the time at which the requests were sent.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string name =
      std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()) + "-" +
      new_uuid().substr(0, 8);
  publish_file(requests_folder(grid) + "/" + name + kSuffix, document.dump() + "\n");
  return name;
}

std::vector<TakenRequest> take_requests(const Folder& grid) {
  std::vector<TakenRequest> taken;
  for (const fs::path& file : waiting(grid)) {
    try {
      const std::string text = read_file(file, kLongest);
      if (!nlohmann::json::accept(text) && is_young(file)) continue;
      Request request = request_from(parse_json(text, file), file);
      // A request that cannot be removed would be obeyed again and again.
      fs::remove(file);
      taken.push_back({file.stem(), std::move(request), ""});
    } catch (const std::exception& failure) {
      taken.push_back({file.stem(), std::nullopt, failure.what()});
      std::error_code ignored;
      fs::rename(file, file.string() + kRefused, ignored);
    }
  }
  return taken;
}

}  // namespace lea::run
