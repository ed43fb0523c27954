// Includes point one way: each room may include itself and what a table gives it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

// The rooms, and the headers that the files of each may include besides those of their own room:
// all headers of the rooms that are named, and single headers.
const std::map<std::string, Names> kMayInclude = {
    {"core/base", {}},
    {"core/spec", {"core/base"}},
    {"core/run", {"core/spec", "core/base"}},
    {"core/data", {"core/spec", "core/base"}},
    {"core/eval", {"core/spec", "core/base"}},
    {"db", {"core/eval", "core/base"}},
    {"core/lab", {"core/run", "core/spec", "core/data", "core/eval", "db", "core/base"}},
    {"core/report", {"core/run", "core/spec", "core/data", "core/eval", "db", "core/base"}},
    {"cli",
     {"core/lab", "core/report", "core/run", "core/data", "core/eval", "core/spec", "db",
      "core/base"}},
    {"gui/model",
     {"core/lab", "core/report", "core/run", "core/data", "core/eval", "core/spec", "db",
      "core/base"}},
    {"gui/view",
     {"gui/model", "core/lab", "core/report", "core/run", "core/data", "core/eval", "core/spec",
      "db", "core/base"}},
    {"gui/app", {"gui/view", "gui/model", "core/base"}},
    // A library that computes with LibTorch first makes its functions accurate.
    {"core/api", {"core/spec", "core/base", "core/lm/vector_math.h"}},
    {"core/lm", {"core/base"}},
    {"core/train", {"core/api", "core/data", "core/eval", "core/spec", "core/base"}},
    {"core/worker",
     {"core/train", "core/lm", "core/api", "core/data", "core/eval", "core/run", "core/spec",
      "core/base"}},
    // What environments share that are trained by the paper's losses.
    {"plugins/tuning",
     {"core/api", "core/spec/params.h", "core/base/error.h", "core/base/counted.h"}},
    {"plugins",
     {"plugins/tuning", "core/api", "core/spec/params.h", "core/base/error.h",
      "core/base/counted.h"}},
    // The language-model environment: what core/lm is made for.
    {"plugins/le",
     {"plugins/tuning", "core/api", "core/lm", "core/spec/params.h", "core/base/error.h",
      "core/base/counted.h", "core/base/files.h", "core/base/json_field.h", "core/base/text.h"}},
};
// The only rooms that use LibTorch. `lealab` is made of the others, so it starts at once, and no
// plugin can crash it.
const Names kWithLibTorch = {"core/api", "core/lm",    "core/train",    "core/worker",
                             "plugins",  "plugins/le", "plugins/tuning"};

// The room of a file: core/base for core/base/text.h, db for db/store/store.h, and plugins/le, not
// plugins, for plugins/le/prompts.h. Empty for a file that is in no room.
std::string room_of(const std::string& path) {
  std::string innermost;
  for (const auto& [room, allowed] : kMayInclude) {
    if (path.starts_with(room + "/") && room.size() > innermost.size()) innermost = room;
  }
  return innermost;
}

// Calls `visit` with the file, the header, and whether the header stands in quotes.
template <class Visit>
void for_each_include(const std::string& room, const Visit& visit) {
  const fs::path root = LEA_SOURCE_DIR;
  const std::regex include(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
    const std::string extension = entry.path().extension();
    const std::string name = fs::relative(entry.path(), root).string();
    if ((extension != ".h" && extension != ".cpp") || room_of(name) != room) continue;
    ++files;
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (std::regex_search(line, match, include)) {
        visit(name, match[2].str(), match[1] == "\"");
      }
    }
  }
  EXPECT_GT(files, 0u) << room;
}

bool is_of_libtorch(const std::string& header) {
  return header.starts_with("torch/") || header.starts_with("ATen/") || header.starts_with("c10/");
}

TEST(House, EveryFolderOfCoreIsARoomOfTheMap) {
  for (const auto& entry : fs::directory_iterator(fs::path(LEA_SOURCE_DIR) / "core")) {
    const std::string room = "core/" + entry.path().filename().string();
    EXPECT_TRUE(kMayInclude.contains(room)) << room;
  }
}

TEST(House, EveryRoomIncludesOnlyWhatTheMapAllows) {
  for (const auto& [room, allowed] : kMayInclude) {
    for_each_include(room, [&](const std::string& file, const std::string& header, bool quoted) {
      const std::string other = room_of(header);
      if (other == room || allowed.contains(other) || allowed.contains(header)) return;
      EXPECT_TRUE(other.empty()) << file << " includes " << header << ", but " << room
                                 << " may not include it";
      EXPECT_FALSE(other.empty() && quoted)
          << file << " includes " << header << ", which does not begin with the path of a room";
    });
  }
}

TEST(House, RoomsWithoutLibTorchIncludeNoneOfItsHeaders) {
  for (const auto& [room, allowed] : kMayInclude) {
    size_t of_libtorch = 0;
    for_each_include(room, [&](const std::string& file, const std::string& header, bool) {
      of_libtorch += is_of_libtorch(header);
      EXPECT_TRUE(!is_of_libtorch(header) || kWithLibTorch.contains(room))
          << file << " includes " << header;
    });
    EXPECT_EQ(of_libtorch > 0, kWithLibTorch.contains(room)) << room;
  }
}

TEST(House, OnlyTheRoomsOfTheWindowUseQtAndItsModelsUseNoWidgets) {
  const std::regex of_qt("Q[A-Za-z]+|Qt[A-Za-z]+/.*|qcustomplot.h|Qsci/.*");
  const std::regex of_widgets("QtWidgets.*|qcustomplot.h|Qsci/.*");
  for (const auto& [room, allowed] : kMayInclude) {
    for_each_include(room, [&](const std::string& file, const std::string& header, bool quoted) {
      if (quoted) return;
      EXPECT_TRUE(room.starts_with("gui/") || !std::regex_match(header, of_qt))
          << file << " includes " << header;
      EXPECT_TRUE(room != "gui/model" || !std::regex_match(header, of_widgets))
          << file << " includes " << header;
    });
  }
}

TEST(House, OnlyTheStoreSpeaksSql) {
  for (const auto& [room, allowed] : kMayInclude) {
    if (room == "db") continue;
    for_each_include(room, [](const std::string& file, const std::string& header, bool) {
      EXPECT_NE(header, "sqlite3.h") << file;
    });
  }
}

// The names in a lab belong to one room each, so that a reader of a file stands beside its writer.
TEST(House, OnlyTheRoomsThatOwnThemSpellTheNamesInALab) {
  const std::regex of_runs(
      R"re("/?(run\.yaml|cell\.json|(attempts|events)\.jsonl|ranks(-valid)?\.bin|result\.json|worker\.lock|log\.txt|grid\.(json|lock))"|"/(beat|checkpoint|runs|experiments|artefacts|grids|claims|requests)["/])re");
  const std::regex of_data(
      R"re("/?(dataset\.json|offsets\.u64|items\.u32|times\.f64)"|"/data["/])re");
  const std::regex of_index(R"re("/?results\.(sqlite|lock)")re");
  size_t lines = 0;
  for (const auto& [room, allowed] : kMayInclude) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(LEA_SOURCE_DIR) / room)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line); ++lines) {
        if (line.find_first_not_of(' ') == line.find("//")) continue;  // a comment
        EXPECT_TRUE(room == "core/run" || !std::regex_search(line, of_runs))
            << entry.path() << ": " << line;
        EXPECT_TRUE(room == "core/data" || !std::regex_search(line, of_data))
            << entry.path() << ": " << line;
        EXPECT_TRUE(room == "db" || !std::regex_search(line, of_index))
            << entry.path() << ": " << line;
      }
    }
  }
  EXPECT_GT(lines, 10000u);
}

}  // namespace
