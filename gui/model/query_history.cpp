#include "gui/model/query_history.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/base/text.h"

namespace lea::gui {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFileBytes = size_t{64} << 20;
constexpr double kLockSeconds = 2;

}  // namespace

std::vector<std::string> kept_queries(const std::vector<std::string>& queries) {
  std::vector<std::string> kept;
  std::set<std::string> seen;
  for (const std::string& query : queries) {
    if (kept.size() < kQueriesKept && seen.insert(query).second) kept.push_back(query);
  }
  return kept;
}

std::vector<std::string> read_queries(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return {};
  const auto document = nlohmann::json::parse(read_file(path, kFileBytes), nullptr, false);
  std::vector<std::string> queries;
  const DataError damaged(printable(path) + ": is no list of queries; move it away to begin anew");
  if (!document.is_array()) throw damaged;
  for (const nlohmann::json& query : document) {
    if (!query.is_string()) throw damaged;
    queries.push_back(query.get_ref<const std::string&>());
  }
  return queries;
}

std::vector<std::string> add_queries(const std::string& path,
                                     const std::vector<std::string>& queries) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  const FileLock lock(path + ".lock", kLockSeconds, "the history of queries");
  std::vector<std::string> all = queries;
  for (std::string& query : read_queries(path)) all.push_back(std::move(query));
  all = kept_queries(all);
  publish_file(path,
               nlohmann::json(all).dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
  return all;
}

}  // namespace lea::gui
