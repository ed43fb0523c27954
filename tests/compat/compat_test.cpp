// A lab that an earlier revision made, opened with the programs of this tree: they print what the
// earlier programs printed, and they complete what was not finished. make_lab made the lab and
// documents what it holds.
//
// To test another build of the programs, set LEALAB_PROGRAM=BUILD/bin/lealab in the environment.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/lab/process.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Arguments = std::vector<std::string>;

// The differences that are allowed. Everything else must be equal: order, states, hashes, uuids and
// labels exactly, numbers within kRounding. Two rules need no entry here:
// - An object may have new keys, and a table new columns, because fields may be added.
// - Of messages (notes, the output of `db`) only the figures are compared, because wording may
//   change.
struct MayDiffer {
  const char* command;
  const char* path;  // in the JSON output; * stands for an index of a list
  const char* why;
};
constexpr MayDiffer kMayDiffer[] = {
    {"plan", "/seconds", "an estimate, not a result"},
    {"plan", "/tasks/*/seconds", "an estimate, not a result"},
    {"plan", "/tasks/*/measured", "describes the estimate"},
    {"plan", "/basis", "describes the estimate"},
    {"plan", "/tasks/*/note", "wording; the status is compared"},
};
// Notes about installed plugins and machines. They depend on where the lab is opened.
constexpr const char* kNotesThatMayDiffer[] = {"Stale", "Mixed"};

// Metrics are computed again from ranks, and another C library may round logarithms differently.
constexpr double kRounding = 1e-12;
// For a run that an optimised build completes on the processor of the undisturbed run.
constexpr double kSameProcessor = 1e-9;
// For another processor, another LibTorch or a sanitizer's build, which may add numbers in another
// order. Scores then differ in their last digits, and the rank of an event changes where two scores
// are that close. A part has about 300 events, and one event moves a metric by at most 1/300. Five
// such events are allowed.
constexpr double kAnotherProcessor = 5.0 / 300;
#ifdef NDEBUG
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif

bool may_differ(const std::string& command, const std::string& path) {
  return std::any_of(std::begin(kMayDiffer), std::end(kMayDiffer), [&](const MayDiffer& entry) {
    return command == entry.command && path == entry.path;
  });
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

// All matches in `text`.
std::multiset<std::string> figures(const std::string& text, const std::string& pattern) {
  const std::regex figure(pattern);
  std::multiset<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), figure), end; match != end; ++match)
    found.insert(match->str());
  return found;
}

// What a note states: the word before its colon (docs/evaluation.md lists them) and its numbers.
std::pair<std::string, std::multiset<std::string>> gist(const std::string& note) {
  return {note.substr(0, note.find(':')), figures(note, "[0-9][0-9.,]*[0-9]|[0-9]")};
}

void expect_notes(const json& then, const json& now) {
  std::vector<std::pair<std::string, std::multiset<std::string>>> gists;
  for (const json& note : now) gists.push_back(gist(note));
  for (const json& note : then) {
    const auto wanted = gist(note);
    const bool named = note.get<std::string>().find(':') != std::string::npos;
    const bool may = std::count(std::begin(kNotesThatMayDiffer), std::end(kNotesThatMayDiffer),
                                wanted.first) > 0;
    if (!named || may) continue;
    const auto found = std::find(gists.begin(), gists.end(), wanted);
    if (found == gists.end()) {
      ADD_FAILURE() << "no note states what this one did: " << note
                    << "\nThere are: " << now.dump(1);
    } else {
      gists.erase(found);
    }
  }
}

// `path` has * for the indices of lists, `where` has the indices.
void expect_same(const json& then, const json& now, const std::string& command,
                 const std::string& path = "", const std::string& where = "") {
  if (may_differ(command, path)) return;
  if (command == "table" && path == "/notes") return expect_notes(then, now);
  if (then.is_object() && now.is_object()) {
    for (const auto& [key, value] : then.items()) {
      ASSERT_TRUE(now.contains(key)) << where << "/" << key << " is gone";
      expect_same(value, now[key], command, path + "/" + key, where + "/" + key);
    }
  } else if (then.is_array() && now.is_array()) {
    ASSERT_EQ(then.size(), now.size()) << where;
    for (size_t i = 0; i < then.size(); ++i)
      expect_same(then[i], now[i], command, path + "/*", where + "/" + std::to_string(i));
  } else if (then.is_number_float() && now.is_number()) {
    EXPECT_NEAR(then.get<double>(), now.get<double>(), kRounding) << where;
  } else {
    EXPECT_EQ(then, now) << where;
  }
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

// One object for each row, by column. No field of this lab is quoted.
json rows_of(const std::string& csv) {
  json rows = json::array();
  std::vector<std::string> names;
  for (const std::string& line : split(csv, '\n')) {
    const std::vector<std::string> fields = split(line + ",", ',');
    if (names.empty()) {
      names = fields;
      continue;
    }
    json& row = rows.emplace_back(json::object());
    for (size_t i = 0; i < fields.size(); ++i) {
      const json number = json::parse(fields[i], nullptr, /*allow_exceptions=*/false);
      row[names.at(i)] = number.is_number_float() ? number : json(fields[i]);
    }
  }
  return rows;
}

// The bytes of every file below `folder`.
std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path()] = read(entry.path());
  }
  return files;
}

// The facts that make_lab records.
json processor() {
  json facts;
  std::ifstream file("/proc/cpuinfo");
  const auto trimmed = [](const std::string& text) {
    const size_t first = text.find_first_not_of(" \t");
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(" \t") - first + 1);
  };
  const std::set<std::string> wanted = {"vendor_id", "cpu family", "model", "model name", "flags"};
  for (std::string line; std::getline(file, line);) {
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string name = trimmed(line.substr(0, colon));
    if (wanted.contains(name) && !facts.contains(name) && colon < line.size())
      facts[name] = trimmed(line.substr(colon + 1));
  }
  return facts;
}

class OldLab : public testing::Test {
 protected:
  OldLab() {
    folder_ = (fs::temp_directory_path() / "lea-compat-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    const auto unpacked = lab::run_process(
        {"tar", "-xJf", LEA_SOURCE_DIR "/tests/compat/lab.tar.xz", "-C", folder_}, 60);
    if (unpacked.exit_code != 0) throw std::runtime_error("tar: " + unpacked.err);
    record_ = json::parse(read(path("record.json")));
  }
  ~OldLab() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string run_path(const std::string& uuid) const { return path("lab/runs/" + uuid); }
  // The uuid of the run that make_lab recorded under this name.
  std::string uuid_of(const char* kind) const { return record_.at("runs").at(kind); }

  // Runs in the folder of the pack, because the paths in the lab depend on the current folder.
  // Verdicts on plugins are cached from test to test. They depend on the programs alone.
  lab::ProcessResult lealab(const Arguments& arguments) const {
    const char* other = std::getenv("LEALAB_PROGRAM");
    Arguments command = {"env",
                         "-C",
                         folder_,
                         "-u",
                         "LEALAB",
                         "XDG_CACHE_HOME=" LEA_BINARY_DIR "/tests/compat/cache",
                         "XDG_DATA_HOME=" + path("user"),
                         other != nullptr ? other : LEALAB_PROGRAM,
                         "--lab",
                         "lab"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return lab::run_process(command, 300);
  }
  json answer(const Arguments& arguments) const {
    const auto ended = lealab(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    return json::parse(ended.out);
  }
  json tasks_of(const std::string& name) const {
    return answer({"plan", spec(name), "--json", "--jobs", "1"}).at("tasks");
  }
  json rows_of_table(const std::string& name) const {
    return answer({"table", name, "--format", "json"}).at("rows");
  }
  // The path under which make_lab passed the spec; plans and messages repeat it.
  static std::string spec(const std::string& name) {
    return "/proc/self/cwd/specs/" + name + ".yaml";
  }
  std::map<std::string, json> runs() const {
    std::map<std::string, json> runs;
    for (const json& run : answer({"ls", "--json"})) runs[run.at("uuid")] = run;
    return runs;
  }
  std::string state_of(const std::string& uuid) const {
    const auto runs = this->runs();
    const auto found = runs.find(uuid);
    return found == runs.end() ? "not listed" : found->second.at("state").get<std::string>();
  }

  // Repeats a recorded call.
  void expect_same_output(const json& then) const {
    const Arguments arguments = then.at("arguments");
    std::string call;
    for (const std::string& argument : arguments) call += " " + argument;
    SCOPED_TRACE("lealab" + call);
    const auto now = lealab(arguments);
    EXPECT_EQ(now.exit_code, then.at("exit")) << now.out << now.err;
    const std::string out = then.at("out"), err = then.at("err");
    if (err.empty()) {
      EXPECT_EQ(now.err, "");
    }
    if (arguments[0] == "db") {
      // Uuids, the number of runs, and the hash of all tables. A column that is added on purpose
      // changes the hash: then kMayDiffer needs an entry for /content.
      std::string pattern = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+ runs";
      if (!may_differ("db", "/content")) pattern += "|[0-9a-f]{16}";
      EXPECT_EQ(figures(now.out + now.err, pattern), figures(out + err, pattern));
    } else if (arguments.back() == "csv") {
      expect_same(rows_of(out), rows_of(now.out), "table");
    } else {
      const json document = json::parse(now.out, nullptr, /*allow_exceptions=*/false);
      ASSERT_FALSE(document.is_discarded()) << now.out << now.err;
      expect_same(json::parse(out), document, arguments[0]);
    }
  }

  // Compares a run that was completed here with the same run undisturbed, of the earlier programs.
  void expect_undisturbed(const json& run) const {
    SCOPED_TRACE("run " + run.at("uuid").get<std::string>());
    const auto torch_of = [&](const std::string& uuid) {
      return json::parse(read(run_path(uuid) + "/result.json")).at("libtorch");
    };
    const bool same = kOptimised && record_.at("processor") == processor() &&
                      torch_of(run.at("uuid")) == torch_of(uuid_of("with_weights"));
    for (const char* part : {"valid", "test"}) {
      const json& then = record_.at("undisturbed").at(run.at("hash").get<std::string>()).at(part);
      const json& now = run.at("metrics").at(part);
      ASSERT_EQ(then.size(), 9u);
      for (const auto& [metric, value] : then.items()) {
        ASSERT_TRUE(now.contains(metric)) << part << " " << metric;
        EXPECT_NEAR(now[metric].get<double>(), value.get<double>(),
                    same ? kSameProcessor : kAnotherProcessor)
            << part << " " << metric;
      }
    }
  }

  std::string folder_;
  json record_;
};

// The lab's index lacks the killed run, and the earlier programs showed what the index had. Today's
// bring it up to date first, so they print what the earlier ones printed after a rebuild.
TEST_F(OldLab, GivesTheOutputThatItGaveBefore) {
  ASSERT_EQ(record_.at("calls").size(), 15u + 28u);
  size_t rebuilt = 0;
  for (const json& call : record_.at("calls")) {
    const json& after = record_.at("calls_after_rebuild");
    const auto same = std::find_if(after.begin(), after.end(), [&](const json& other) {
      return other.at("arguments") == call.at("arguments");
    });
    expect_same_output(same == after.end() ? call : *same);
    rebuilt += same != after.end();
  }
  EXPECT_EQ(rebuilt, 8u) << "ls, db check and the tables";
}

TEST_F(OldLab, IsRebuiltToTheSameIndex) {
  ASSERT_EQ(record_.at("calls_after_rebuild").size(), 9u);
  for (const json& call : record_.at("calls_after_rebuild")) expect_same_output(call);
}

TEST_F(OldLab, CountsItsFinishedRunsAsDone) {
  const auto runs = this->runs();
  size_t finished = 0;
  for (const char* name : {"first", "second"}) {
    for (const json& task : tasks_of(name)) {
      if (!task.at("run").is_string()) continue;
      const json& run = runs.at(task.at("run"));
      EXPECT_EQ(run.at("hash"), task.at("hash"));
      if (run.at("state") != "finished") continue;
      EXPECT_EQ(task.at("status"), "done") << task;
      ++finished;
    }
  }
  EXPECT_EQ(finished, 12u + 16u);
}

TEST_F(OldLab, IsCompletedWithoutTouchingWhatHasEnded) {
  const auto before = runs();
  std::map<std::string, std::string> ended;
  for (const auto& [uuid, run] : before) {
    if (run.at("state") == "finished" || run.at("state") == "failed")
      ended.merge(contents(run_path(uuid)));
  }
  for (const char* name : {"first", "second"}) {
    const auto ended = lealab({"run", spec(name)});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  }

  for (const auto& [file, bytes] : ended) EXPECT_TRUE(read(file) == bytes) << file << " differs";
  const auto after = runs();
  std::vector<json> added;
  for (const auto& [uuid, run] : after) {
    if (!before.contains(uuid)) added.push_back(run);
  }
  for (const auto& [uuid, run] : before) {
    ASSERT_TRUE(after.contains(uuid)) << uuid << " is gone";
    const bool has_ended = run.at("state") == "finished" || run.at("state") == "failed";
    if (has_ended) expect_same(run, after.at(uuid), "ls");
  }

  // The failed run was tried again in a folder of its own.
  ASSERT_EQ(added.size(), 1u);
  const json& failed = before.at(uuid_of("failed"));
  for (const char* key : {"hash", "seed", "experiment", "labels"})
    EXPECT_EQ(added[0].at(key), failed.at(key)) << key;
  EXPECT_EQ(added[0].at("state"), "finished");
  expect_undisturbed(added[0]);

  // The others keep their folders. An interrupted run resumes from its checkpoint or starts again
  // from step 0. Either is its second attempt.
  for (const auto& [kind, attempts] :
       {std::pair{"queued", 1}, std::pair{"interrupted", 2}, std::pair{"killed", 2}}) {
    SCOPED_TRACE(kind);
    const json& run = after.at(uuid_of(kind));
    ASSERT_EQ(run.at("state"), "finished");
    EXPECT_EQ(json::parse(read(run_path(uuid_of(kind)) + "/result.json")).at("attempt"), attempts);
    expect_undisturbed(run);
  }

  for (const char* name : {"first", "second"}) {
    for (const json& task : tasks_of(name)) EXPECT_EQ(task.at("status"), "done") << task;
    for (const json& row : rows_of_table(name)) {
      EXPECT_EQ(row.at("unfinished").size() + row.at("missing_seeds").size(), 0u) << row;
      const bool once = row.at("untrained") || row.at("labels").at("framework") == "their model";
      EXPECT_EQ(row.at("runs").size(), once ? 1u : 2u) << row;
    }
    ASSERT_EQ(lealab({"run", spec(name)}).exit_code, 0);
  }
  EXPECT_EQ(runs().size(), after.size()) << "a second call must run nothing";
  const auto checked = lealab({"db", "check"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_EQ(checked.err, "");
}

// The killed worker did not write the end of its attempt. On another host the age of its beat
// decides whether it runs. The earlier programs wrote the time of a beat as text.
TEST_F(OldLab, HasBeatsThatAreReadOnAnotherHost) {
  const std::string uuid = uuid_of("killed");
  fs::copy_file(path("elsewhere.jsonl"), run_path(uuid) + "/attempts.jsonl",
                fs::copy_options::overwrite_existing);
  json beat = json::parse(read(run_path(uuid) + "/beat"));
  ASSERT_TRUE(beat.at("time").is_string());
  EXPECT_EQ(state_of(uuid), "interrupted");
  const auto status = [&] {
    for (const json& task : tasks_of("second")) {
      if (task.at("run") == uuid) return task.at("status").get<std::string>();
    }
    return std::string("no task");
  };
  EXPECT_EQ(status(), "interrupted");

  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  for (const json& time : {json(text), json(now)}) {
    SCOPED_TRACE(time);
    beat["time"] = time;
    std::ofstream(run_path(uuid) + "/beat") << beat.dump();
    EXPECT_EQ(state_of(uuid), "running");
    EXPECT_EQ(status(), "running");
  }
}

TEST_F(OldLab, HasWeightsThatRankAsBefore) {
  const std::string uuid = uuid_of("with_weights");
  for (const char* what : {"ranks", "topk"}) {
    const auto ended =
        lealab({"export", what, uuid, "--k", "1", "--out", path(what + std::string(".csv"))});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  const json ranks = rows_of(read(path("ranks.csv"))), top = rows_of(read(path("topk.csv")));
  ASSERT_EQ(ranks.size(), 321u);
  ASSERT_EQ(top.size(), ranks.size());
  size_t first = 0, moved = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    ASSERT_EQ(top[i].at("target"), ranks[i].at("target"));
    const bool was_first = ranks[i].at("rank") == "1" && ranks[i].at("ties") == "0";
    first += was_first;
    moved += was_first != (top[i].at("item_1") == top[i].at("target"));
  }
  EXPECT_GT(first, 100u);
  EXPECT_LE(moved, 5u) << "another processor does not explain so many";
}

}  // namespace
}  // namespace lea
