// The language-model environment through the whole program: its tables as files, kills, leaks.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "tests/artefact/language.h"

namespace lea {
namespace {

using testing::HasSubstr;

constexpr const char* kKinds[] = {"tokens", "adapter", "states", "rewards", "quality", "choices"};
constexpr const char* kTables = "reward: le\nstate: {of: le, project: 4}\n";
constexpr const char* kAugment =
    "augment: {of: {le: {of: le, select: labels}}, supervised_weight: 0.1, q_weight: 0.01, "
    "from_step: 10, refresh: 5}\n";

class LanguageRun : public LanguageStudy {
 protected:
  static std::string all_slots() { return std::string(kTables) + kAugment; }
  std::string uuid() const { return fs::directory_iterator(path("lab/runs"))->path().filename(); }
};

TEST_F(LanguageRun, IsByteEqualToOneThatReadsItsRewardsAndStatesFromFiles) {
  write_study(kTables);
  ASSERT_NO_FATAL_FAILURE(run_study());
  for (const std::string kind : {"rewards", "states"}) {
    const auto exported = call({"export", kind, key(kind), "--out", path(kind + ".safetensors")});
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
  }
  const auto expected = trained();
  fs::rename(path("lab"), path("first"));
  // A pair that the table lacks would get a reward that changes every result.
  write_study(kTables, "",
              "{table: {rewards: rewards.safetensors, states: states.safetensors, "
              "default_reward: 1000}}");
  ASSERT_NO_FATAL_FAILURE(run_study());
  for (const auto& [name, bytes] : trained())
    EXPECT_TRUE(bytes == expected.at(name)) << name << " differs";
}

TEST_F(LanguageRun, LeaksNothingOfValidationAndTestEvents) {
  write_study(all_slots());
  ASSERT_NO_FATAL_FAILURE(run_study());
  const auto result = call({"verify", uuid()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  for (const char* kind : kKinds) {
    EXPECT_THAT(result.out, HasSubstr("clean    artefact " + std::string(kind) + " of lea.le (" +
                                      key(kind).substr(0, 12) +
                                      ")\n         made again from other validation and test "
                                      "events, all files are equal\n"));
  }
}

TEST_F(LanguageRun, WithoutALanguageModelLeaksNothingEither) {
  write_study(kTables, "", "{text_gru: {portion: 0.5, steps: 4, width: 8, quality_events: 20}}");
  ASSERT_NO_FATAL_FAILURE(run_study());
  const auto result = call({"verify", uuid()});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  for (const std::string kind : {"vectors", "model", "states", "rewards", "quality"}) {
    EXPECT_THAT(result.out,
                HasSubstr("clean    artefact " + kind + " of lea.text_gru (" +
                          key_of(kind, "lea.text_gru").substr(0, 12) +
                          ")\n         made again from other validation and test events, all files "
                          "are equal\n"));
  }
}

TEST_F(LanguageRun, WarnsOfItemsWithoutText) {
  std::string items = "item_id\ttitle\n";
  for (int item = 0; item < 40; ++item)
    items += "i" + std::to_string(item) + "\t" + (item % 4 == 0 ? "" : "red lamp") + "\n";
  write("source/items.tsv", items);
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(run_study());
  EXPECT_THAT(call({"log", key("tokens")}).out,
              HasSubstr("10 of 40 items have no text, so their tokens are all the same: the mean "
                        "word embedding"));
}

TEST_F(LanguageRun, SaysHowManyTextsWereCut) {
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(
      run_study({"--set", "environments.le.item_sentence=\"{item} is titled {title:1}.\""}));
  EXPECT_THAT(call({"log", key("tokens")}).out,
              HasSubstr("40 of 40 items have a text that was cut to its cap in tokens"));
  const json shown = json::parse(call({"artefacts", "show", key("tokens")}).out);
  EXPECT_EQ(shown.at("quality").at("items_with_cut_text"), 40);
}

TEST_F(LanguageRun, TokensOfManyItemsRecordTheirNeighbours) {
  std::string events = read_file(path("source/interactions.tsv")), items = "item_id\ttitle\n";
  for (int item = 0; item < 150; ++item) {
    items += "i" + std::to_string(item) + "\t" + (item % 2 ? "red lamp" : "blue chair") + "\n";
    for (int t = 0; t < 2; ++t)
      events += "v" + std::to_string(item / 5) + "\ti" + std::to_string(item) + "\t" +
                std::to_string(2 * item + t) + "\n";
  }
  write("source/items.tsv", items);
  write("source/interactions.tsv", events);
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(run_study());
  int found = 0;
  for (const json& row : list()) {
    if (row.at("name") != "tokens of lea.le") continue;
    const double share = row.at("quality").at("neighbours");
    EXPECT_TRUE(share >= 0 && share <= 1) << share;
    ++found;
  }
  EXPECT_EQ(found, 1);
}

TEST_F(LanguageRun, IsVerifiedWithTheModelThatItWasPlannedWith) {
  fs::copy(LEA_SOURCE_DIR "/tests/golden/le/model", path("model"));
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(run_study({"--set", "environments.le.model=" + path("model")}));
  const auto same = call({"verify", uuid()});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("clean    file model of environment lea.le (" + path("model") +
                                  ")\n         a model, equal to that of the run; it has no rows "
                                  "of events, and what it was trained on is not checked\n"));
  const std::string config = read_file(path("model/config.json"));
  write("model/config.json", config + " ");
  const auto changed = call({"verify", uuid()});
  EXPECT_EQ(changed.exit_code, 3);
  EXPECT_THAT(changed.out, HasSubstr("the model has changed since the run was planned (sha256 "));
}

class KilledLanguageRun : public LanguageRun {
 protected:
  // What is begun and not finished: kinds of artefacts, and "refresh" while the first proposals are
  // made.
  std::set<std::string> unfinished() const {
    std::set<std::string> names;
    for (const auto& [key, kind] : kinds_) {
      const std::string folder = path("lab/artefacts/" + key);
      if (fs::exists(folder + "/attempts.jsonl") && !fs::exists(folder + "/result.json"))
        names.insert(kind);
    }
    std::error_code none;
    for (const auto& run : fs::directory_iterator(path("lab/runs"), none)) {
      if (!fs::exists(run.path() / "events.jsonl")) continue;
      const std::string events = read_file(run.path() / "events.jsonl");
      if (events.find("\"step\":9,") != std::string::npos &&
          events.find("\"type\":\"proposals\"") == std::string::npos)
        names.insert("refresh");
    }
    return names;
  }

  // Runs the spec, and kills the grid and its workers when something of `wanted` is begun. Returns
  // what was then unfinished; empty when nothing of it was begun until the end of the run.
  std::set<std::string> kill_at(const std::set<std::string>& wanted) {
    lab::Child child({LEALAB_PROGRAM, "--lab", path("lab"), "--plugin-dir", LEA_ARTEFACT_PLUGINS,
                      "run", path("spec.yaml")},
                     path("err.txt"));
    const auto is_wanted = [&] {
      const std::set<std::string> begun = unfinished();
      return std::any_of(begun.begin(), begun.end(),
                         [&](const std::string& name) { return wanted.contains(name); });
    };
    lab::ProcessResult ended;
    bool killed = false;
    while (!child.finished(&ended)) {
      child.read_lines([](const std::string&) {});
      if (!killed && is_wanted()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 60));
        for (const pid_t worker : children_of(child.pid())) ::kill(worker, SIGKILL);
        child.send(SIGKILL);
        killed = true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return killed ? unfinished() : std::set<std::string>();
  }

  std::map<std::string, std::string> kinds_;  // by key
  std::mt19937 random_{3};
};

TEST_F(KilledLanguageRun, InEachArtefactAndInARefreshEndsByteEqual) {
  write_study(all_slots());
  std::string spec = read_file(path("spec.yaml"));
  spec.replace(spec.find("train: {"), 8, "train: {log_every: 1, ");
  write("spec.yaml", spec);
  ASSERT_NO_FATAL_FAILURE(run_study());
  const auto expected_artefacts = made(), expected_run = trained();
  for (const char* kind : kKinds) kinds_[key(kind)] = kind;
  fs::rename(path("lab"), path("whole"));

  std::set<std::string> wanted(std::begin(kKinds), std::end(kKinds));
  wanted.insert("refresh");
  for (int round = 0; round < 40 && !wanted.empty(); ++round) {
    const std::set<std::string> killed = kill_at(wanted);
    // What had ended meanwhile is killed in another lab.
    if (killed.empty() && fs::exists(path("lab/runs")) && unfinished().empty() &&
        !results().empty())
      fs::remove_all(path("lab"));
    for (const std::string& name : killed) wanted.erase(name);
  }
  EXPECT_THAT(wanted, testing::IsEmpty()) << "these were never killed";
  ASSERT_NO_FATAL_FAILURE(run_study());
  EXPECT_TRUE(made() == expected_artefacts);
  for (const auto& [name, bytes] : trained())
    EXPECT_TRUE(bytes == expected_run.at(name)) << name << " differs";
}

}  // namespace
}  // namespace lea
