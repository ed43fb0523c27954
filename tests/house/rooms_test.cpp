// Includes point one way: each room may include itself and the rooms that this table gives it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;
using Rooms = std::set<std::string>;

const std::map<std::string, Rooms> kMayInclude = {
    {"core/spec", {}},
    {"core/data", {"core/spec"}},
    {"core/eval", {"core/spec"}},
    {"db", {"core/spec", "core/eval"}},
    {"core/lab", {"core/spec", "core/data", "core/eval", "db"}},
    {"core/report", {"core/spec", "core/eval", "db"}},
    {"cli", {"core/spec", "core/data", "core/eval", "core/lab", "core/report", "db"}},
    {"core/api", {"core/spec"}},
    {"core/lm", {"core/spec"}},
    {"core/train", {"core/api", "core/data", "core/eval", "core/spec"}},
    {"core/worker", {"core/train", "core/lm", "core/api", "core/data", "core/eval", "core/spec"}},
    {"plugins", {"core/api", "core/spec"}},
};
// Rooms without LibTorch, so that `lealab` starts at once and no plugin can take it down.
const Rooms kTorchFree = {"core/spec", "core/data",   "core/eval", "db",
                          "core/lab",  "core/report", "cli"};

// "core/base/text.h" -> "core/spec", "db/store/store.h" -> "db"; empty outside the house.
std::string room_of(const std::string& path) {
  for (const auto& [room, allowed] : kMayInclude) {
    if (path.starts_with(room + "/")) return room;
  }
  return "";
}

template <class Visit>
void for_each_include(const std::string& room, const Visit& visit) {
  const fs::path root = LEA_SOURCE_DIR;
  const std::regex include(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cpp") continue;
    ++files;
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (std::regex_search(line, match, include)) {
        visit(fs::relative(entry.path(), root).string(), match[2].str());
      }
    }
  }
  EXPECT_GT(files, 0u) << room;
}

TEST(House, EveryRoomIncludesOnlyWhatTheMapAllows) {
  for (const auto& [room, allowed] : kMayInclude) {
    for_each_include(room, [&](const std::string& file, const std::string& header) {
      const std::string other = room_of(header);
      EXPECT_TRUE(other.empty() || other == room || allowed.contains(other))
          << file << " includes " << header << ", but " << room << " may not include " << other;
    });
  }
}

TEST(House, RoomsWithoutLibTorchIncludeNoneOfItsHeaders) {
  for (const std::string& room : kTorchFree) {
    for_each_include(room, [](const std::string& file, const std::string& header) {
      const bool torch =
          header.starts_with("torch/") || header.starts_with("ATen/") || header.starts_with("c10/");
      EXPECT_FALSE(torch) << file << " includes " << header;
    });
  }
}

TEST(House, OnlyTheStoreSpeaksSql) {
  for (const auto& [room, allowed] : kMayInclude) {
    if (room == "db") continue;
    for_each_include(room, [](const std::string& file, const std::string& header) {
      EXPECT_NE(header, "sqlite3.h") << file;
    });
  }
}

}  // namespace
