// Packs are small, the same every time, and checked when they come back.
#include "core/lab/pack.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <functional>

#include "core/lab/archive.h"
#include "core/lab/collector.h"
#include "core/lab/index_check.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The time of change that an archive holds for each of its files.
std::vector<time_t> times_in(const std::string& bytes) {
  std::vector<time_t> times;
  archive* handle = archive_read_new();
  archive_read_support_filter_xz(handle);
  archive_read_support_format_tar(handle);
  EXPECT_EQ(archive_read_open_memory(handle, bytes.data(), bytes.size()), ARCHIVE_OK);
  for (archive_entry* entry = nullptr; archive_read_next_header(handle, &entry) == ARCHIVE_OK;)
    times.push_back(archive_entry_mtime(entry));
  archive_read_free(handle);
  return times;
}

class Pack : public ::testing::Test {
 protected:
  void SetUp() override {
    run::save_plan(from_.path(), experiment_);
    for (size_t i : {0, 1}) runs_.push_back(finished_run(from_.path(), experiment_, i));
    collect(from_.path());
    exported_ = export_experiment(from_.path(), "study", from_.beside("packs"));
  }
  std::string pack(size_t i) const {
    return from_.beside("packs") + "/" + runs_[i].uuid() + ".tar.xz";
  }
  // The message of importing these paths, which must be refused and leave nothing in the lab.
  std::string refusal_of(const std::vector<std::string>& paths) {
    const std::string message = message_of([&] { import_packs(to_.path(), paths); });
    EXPECT_THAT(message, HasSubstr("Nothing was imported"));
    for (const char* folder : {"/runs", "/experiments"}) {
      for (const auto& entry : fs::directory_iterator(to_.path() + folder))
        ADD_FAILURE() << "left behind: " << entry.path();
    }
    return message;
  }
  // The same of hostile bytes that lie beside good packs. The message must name their file.
  std::string refusal(const std::string& bytes) {
    const std::string path = from_.beside("bad.tar.xz");
    publish_file(path, bytes);
    const std::string message = refusal_of({from_.beside("packs"), path});
    EXPECT_THAT(message, HasSubstr(path));
    return message;
  }
  // The pack of run i with a changed file.
  std::string altered(size_t i, const std::string& name,
                      const std::function<void(std::string&)>& change) const {
    auto files = read_tar_xz(read_file(pack(i)), "pack");
    change(files[runs_[i].uuid() + "/" + name]);
    return write_tar_xz(files);
  }
  std::string with_json(size_t i, const std::string& name, const std::string& pointer,
                        const nlohmann::json& value) const {
    return altered(i, name, [&](std::string& text) {
      auto document = parse_json(text, name);
      document[nlohmann::json::json_pointer(pointer)] = value;
      text = document.dump();
    });
  }
  // Another folder that holds run 0, made of these bytes.
  std::string other_folder(const std::string& bytes) const {
    const std::string folder = from_.beside("others");
    fs::create_directories(folder);
    publish_file(folder + "/" + runs_[0].uuid() + ".tar.xz", bytes);
    return folder;
  }

  TemporaryLab from_, to_;
  const spec::Experiment experiment_ = experiment_of({"finish", "finish", "finish"});
  std::vector<run::Folder> runs_;
  PackExport exported_;
};

TEST_F(Pack, RestoresTheSameIndex) {
  ASSERT_THAT(exported_.packs, SizeIs(2));
  const PackImport imported = import_packs(to_.path(), {from_.beside("packs")});
  EXPECT_EQ(imported.added, 2u);
  EXPECT_EQ(imported.plans, std::vector<std::string>{"study"});
  collect(to_.path());
  EXPECT_EQ(db::Store(to_.path(), db::Store::Mode::kReadOnly).content_hash(),
            db::Store(from_.path(), db::Store::Mode::kReadOnly).content_hash());
  EXPECT_EQ(import_packs(to_.path(), {from_.beside("packs")}).present, 2u);
  EXPECT_THAT(check_index(to_.path()).problems, IsEmpty());
}

TEST_F(Pack, IsSmallAndTheSameEveryTime) {
  EXPECT_THAT(times_in(read_file(pack(0))), ::testing::AllOf(SizeIs(7), ::testing::Each(0)));
  for (const auto& file : std::filesystem::directory_iterator(runs_[0].path))
    std::filesystem::last_write_time(file, file.last_write_time() - std::chrono::hours(1000));
  export_experiment(from_.path(), "study", from_.beside("again"));
  const std::string again = from_.beside("again") + "/" + runs_[0].uuid() + ".tar.xz";
  EXPECT_EQ(read_file(again), read_file(pack(0)));
  EXPECT_GT(read_file(pack(0)).size(), 0u);
  EXPECT_LT(read_file(pack(0)).size(), kPackBytes);
  // An export over the old pack gives the same, too.
  const std::string before = read_file(pack(0));
  export_experiment(from_.path(), "study", from_.beside("packs"));
  EXPECT_EQ(read_file(pack(0)), before);
}

TEST_F(Pack, KeepsTheNameOfAPathAndNotTheFoldersOfTheMachine) {
  spec::RunSpec run = spec::load_run(runs_[0].path + "/run.yaml");
  run.data.path = "/home/somebody/secret/toy";
  publish_file(runs_[0].path + "/run.yaml", spec::dump_yaml(spec::to_json(run)));
  export_experiment(from_.path(), "study", from_.beside("packs"));
  import_packs(to_.path(), {from_.beside("packs")});
  const std::string restored = to_.path() + "/runs/" + runs_[0].uuid() + "/run.yaml";
  EXPECT_EQ(spec::load_run(restored).data.path, "toy");
  EXPECT_EQ(spec::run_hash(spec::load_run(restored)), spec::run_hash(run));
}

TEST_F(Pack, HoldsNoCheckpointAndTheEndOfALongLog) {
  std::filesystem::create_directory(runs_[0].path + "/checkpoint");
  std::ofstream(runs_[0].path + "/checkpoint/step-1.json") << "{}";
  std::ofstream log(runs_[0].path + "/log.txt");
  for (int i = 0; i < 10000; ++i) log << "line " << i << "\n";
  log.close();
  pack_run(runs_[0], from_.beside("packs"));
  const auto files = read_tar_xz(read_file(pack(0)), "pack");
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) names.push_back(name.substr(runs_[0].uuid().size()));
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("/run.yaml", "/cell.json", "/result.json",
                                                     "/events.jsonl", "/ranks.bin", "/top.bin",
                                                     "/ranks-valid.bin", "/log.txt"));
  const std::string& text = files.at(runs_[0].uuid() + "/log.txt");
  EXPECT_LT(text.size(), 20000u);
  EXPECT_THAT(text, HasSubstr("line 9999\n"));
}

TEST_F(Pack, LeavesOutADamagedRunAndNamesIt) {
  publish_file(runs_[0].path + "/ranks.bin", "no ranks");
  const PackExport exported = export_experiment(from_.path(), "study", from_.beside("sound"));
  ASSERT_THAT(exported.packs, SizeIs(1));
  EXPECT_THAT(exported.packs[0].path, HasSubstr(runs_[1].uuid()));
  EXPECT_THAT(exported.damaged, ::testing::ElementsAre(HasSubstr(runs_[0].path + "/ranks.bin")));
  EXPECT_TRUE(fs::exists(from_.beside("sound") + "/study.json"));
  fs::remove(runs_[1].path + "/cell.json");
  EXPECT_THAT(message_of([&] { export_experiment(from_.path(), "study", from_.beside("none")); }),
              AllOf(HasSubstr("study: no run has finished and is sound, so nothing was exported:"),
                    HasSubstr(runs_[0].uuid()), HasSubstr(runs_[1].uuid())));
  EXPECT_FALSE(fs::exists(from_.beside("none")));
}

TEST_F(Pack, RefusesPathsOutsideItsFolder) {
  auto files = read_tar_xz(read_file(pack(0)), "pack");
  const std::string uuid = runs_[0].uuid();
  for (const std::string& name :
       {uuid + "/../../evil", std::string("/tmp/evil"), uuid + "/sub/run.yaml", uuid + "/evil.so",
        run::new_uuid() + "/run.yaml"}) {
    auto hostile = files;
    hostile[name] = "x";
    EXPECT_THAT(refusal(write_tar_xz(hostile)), HasSubstr("Nothing was imported")) << name;
  }
}

TEST_F(Pack, RefusesLinks) {
  std::string bytes;
  archive* handle = archive_write_new();
  archive_write_set_format_ustar(handle);
  archive_write_add_filter_xz(handle);
  const auto append = [](archive*, void* out, const void* data, size_t length) -> la_ssize_t {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), length);
    return static_cast<la_ssize_t>(length);
  };
  archive_write_open(handle, &bytes, nullptr, append, nullptr);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, (runs_[0].uuid() + "/log.txt").c_str());
  archive_entry_set_filetype(entry, AE_IFLNK);
  archive_entry_set_symlink(entry, "/etc/passwd");
  archive_write_header(handle, entry);
  archive_entry_free(entry);
  archive_write_free(handle);
  EXPECT_THAT(refusal(bytes), HasSubstr("no plain file"));
}

TEST_F(Pack, RefusesABomb) {
  const std::string bomb =
      write_tar_xz({{runs_[0].uuid() + "/log.txt", std::string(size_t{1} << 20, 'x')}});
  EXPECT_THAT(message_of([&] { read_tar_xz(bomb, "bomb", {.bytes = 100000, .entries = 16}); }),
              HasSubstr("more than the allowed size"));
}

TEST_F(Pack, RefusesDamageAnywhere) {
  const std::string whole = read_file(pack(0)), path = from_.beside("bad.tar.xz");
  // Imports the damaged pack alone, which is faster than refusal(), because there are thousands.
  const auto refuses = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    const std::string message = message_of([&] { import_packs(to_.path(), {path}); });
    return message.find(path) != std::string::npos && fs::is_empty(to_.path() + "/runs");
  };
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_TRUE(refuses(whole.substr(0, length))) << "cut at " << length;
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    ASSERT_TRUE(refuses(flipped)) << "flipped at " << at;
  }
  for (size_t length = 0; length < whole.size(); length += whole.size() / 10) {
    SCOPED_TRACE("cut at " + std::to_string(length));
    refusal(whole.substr(0, length));
  }
}

TEST_F(Pack, OneAlteredRunRefusesTheWholeStudyByName) {
  const std::string whole = read_file(pack(1));
  const auto refused_with = [&](const std::string& bytes) {
    publish_file(pack(1), bytes);
    const std::string message = refusal_of({from_.beside("packs")});
    publish_file(pack(1), whole);
    EXPECT_THAT(message, HasSubstr(runs_[1].uuid()));
    return message;
  };
  EXPECT_THAT(refused_with(with_json(1, "result.json", "/metrics/test/hr@10", 0.95)),
              HasSubstr(pack(1) + ": result.json: metrics: test: hr@10: must be"));
  EXPECT_THAT(refused_with(altered(1, "ranks.bin", [](std::string& ranks) { ranks.back() ^= 1; })),
              HasSubstr(pack(1) + ": ranks.bin: is not the file that result.json names"));
  EXPECT_THAT(refused_with(with_json(1, "cell.json", "/hash", std::string(64, '0'))),
              HasSubstr(pack(1) + ": cell.json: hash: does not belong to run.yaml"));
  std::string damaged = whole;
  damaged[damaged.size() / 2] ^= 0x10;
  EXPECT_THAT(refused_with(damaged), HasSubstr(pack(1) + ": "));
  EXPECT_EQ(import_packs(to_.path(), {from_.beside("packs")}).added, 2u);
}

TEST_F(Pack, ARunThatIsPackedTwiceCountsOnce) {
  // The second pack was made where the data lies elsewhere, after another attempt was closed, and
  // without what made it too large.
  auto files = read_tar_xz(read_file(pack(0)), "pack");
  const std::string uuid = runs_[0].uuid();
  files[uuid + "/log.txt"] = "another line\n";
  files[uuid + "/attempts.jsonl"] = "{}\n";
  files.erase(uuid + "/ranks-valid.bin");
  const std::string others = other_folder(write_tar_xz(files));
  const PackImport imported = import_packs(to_.path(), {others, from_.beside("packs")});
  EXPECT_EQ(imported.added, 2u);
  EXPECT_EQ(imported.present, 0u);
  EXPECT_THAT(run::list_runs(to_.path()), SizeIs(2));
  EXPECT_EQ(import_packs(to_.path(), {others}).present, 1u);
}

TEST_F(Pack, TwoPacksOfOneRunThatDifferAreRefusedWithBothNames) {
  auto ranks = fake_ranks(5);
  const std::string bytes = eval::encode_ranks(ranks);
  auto files = read_tar_xz(read_file(pack(0)), "pack");
  const std::string uuid = runs_[0].uuid();
  auto result = parse_json(files.at(uuid + "/result.json"), "result");
  result["ranks_sha256"] = sha256(bytes);
  result["metrics"]["test"] = eval::metrics(ranks.records, {});
  files[uuid + "/ranks.bin"] = bytes;
  files[uuid + "/result.json"] = result.dump();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with_json(0, "result.json", "/wall_seconds", 1), "result.json at /wall_seconds"},
      {with_json(0, "cell.json", "/labels/behaviour", "x"), "cell.json at /labels/behaviour"},
      {altered(0, "run.yaml",
               [&](std::string& text) {
                 spec::RunSpec run = spec::load_run(runs_[0].path + "/run.yaml");
                 run.data.path = "/elsewhere/another";  // no hash covers it
                 text = spec::dump_yaml(spec::to_json(run));
               }),
       "run.yaml at /data/path"},
      {altered(0, "events.jsonl", [](std::string& text) { text.pop_back(); }), "events.jsonl"},
      {write_tar_xz(files), "result.json at /metrics/test"},
  };
  for (const auto& [pack_bytes, what] : cases) {
    const std::string others = other_folder(pack_bytes);
    EXPECT_THAT(refusal_of({from_.beside("packs"), others}),
                AllOf(HasSubstr(others + "/" + uuid + ".tar.xz"), HasSubstr(pack(0)),
                      HasSubstr("differ in " + what)));
  }
}

TEST_F(Pack, ASpecStandsForTheFolderBesideIt) {
  for (const std::string name : {"packs.yaml", "packs.yml"}) {
    publish_file(from_.beside(name), "name: study\n");
    const TemporaryLab lab;
    EXPECT_EQ(import_packs(lab.path(), {from_.beside(name)}).added, 2u);
  }
  publish_file(from_.beside("demo.yaml"), "name: demo\n");
  EXPECT_THAT(message_of([&] { import_packs(to_.path(), {from_.beside("demo.yaml")}); }),
              AllOf(HasSubstr(from_.beside("demo.yaml") + ": stands for the packed runs in"),
                    HasSubstr(from_.beside("demo") + ", but there is no such folder")));
}

TEST_F(Pack, AFolderThatIsNamedInSeveralWaysIsReadOnce) {
  publish_file(from_.beside("packs.yaml"), "name: study\n");
  fs::create_directory_symlink(from_.beside("packs"), from_.beside("link"));
  const PackImport imported =
      import_packs(to_.path(), {from_.beside("packs"), from_.beside("packs.yaml"),
                                from_.beside("./packs/"), from_.beside("link"), pack(0)});
  EXPECT_EQ(imported.added, 2u);
  EXPECT_EQ(imported.present, 0u);
  EXPECT_THAT(imported.plans, ElementsAre("study"));
}

TEST_F(Pack, RefusesWhatIsNeitherPackNorPlan) {
  publish_file(from_.beside("README.md"), "# Packs\n");
  EXPECT_THAT(message_of([&] { import_packs(to_.path(), {from_.beside("README.md")}); }),
              HasSubstr("README.md: is neither a packed run"));
  fs::create_directory(from_.beside("empty"));
  EXPECT_THAT(message_of([&] {
                import_packs(to_.path(), {from_.beside("packs"), from_.beside("empty")});
              }),
              HasSubstr("/empty: holds no packed run"));
  EXPECT_THAT(run::list_runs(to_.path()), IsEmpty());
}

TEST_F(Pack, TwoPlansOfOneNameMustBeEqual) {
  const std::string folder = other_folder(read_file(pack(0)));
  const std::string plan = read_file(from_.beside("packs") + "/study.json");
  publish_file(folder + "/study.json", plan);
  EXPECT_EQ(import_packs(to_.path(), {from_.beside("packs"), folder}).added, 2u);
  publish_file(folder + "/study.json", "{}");
  EXPECT_THAT(message_of([&] { import_packs(to_.path(), {folder}); }),
              HasSubstr(folder + "/study.json: name: "));
  auto other = parse_json(plan, "plan");
  other["created"] = "2020-01-01T00:00:00Z 0";
  publish_file(folder + "/study.json", other.dump());
  EXPECT_THAT(
      message_of([&] {
        import_packs(to_.path(), {from_.beside("packs"), folder});
      }),
      AllOf(HasSubstr(from_.beside("packs") + "/study.json"), HasSubstr(folder + "/study.json")));
}

TEST_F(Pack, WhatTheLabAlreadyHasMustBeTheSame) {
  import_packs(to_.path(), {pack(0)});
  const run::Folder run{to_.path() + "/runs/" + runs_[0].uuid()};
  const auto refused = [&] {
    const std::string message = message_of([&] { import_packs(to_.path(), {pack(0), pack(1)}); });
    EXPECT_THAT(run::list_runs(to_.path()), SizeIs(1));
    EXPECT_THAT(message, AllOf(HasSubstr(pack(0)), HasSubstr("Nothing was imported")));
    return message;
  };
  const std::string result = read_file(run.path + "/result.json");
  auto document = parse_json(result, "result");
  document["host"] = "elsewhere";
  publish_file(run.path + "/result.json", document.dump());
  EXPECT_THAT(refused(), HasSubstr("differ in result.json at /host"));
  fs::remove(run.path + "/result.json");
  EXPECT_THAT(refused(), HasSubstr("differ in result.json."));
  publish_file(run.path + "/result.json", result);
  fs::remove(run.path + "/events.jsonl");
  EXPECT_THAT(refused(), HasSubstr("differ in events.jsonl."));
}

TEST_F(Pack, AnImportedRunIsPackedToTheSameBytesAgain) {
  std::string log;
  for (int i = 0; i < 10000; ++i) log += "line " + std::to_string(i) + "\n";
  publish_file(runs_[0].path + "/log.txt", log);
  const std::string first = read_file(pack_run(runs_[0], from_.beside("packs")).path);
  import_packs(to_.path(), {pack(0)});
  const run::Folder imported{to_.path() + "/runs/" + runs_[0].uuid()};
  EXPECT_EQ(read_file(pack_run(imported, to_.beside("")).path), first);
}

TEST_F(Pack, AnExportedExperimentAloneRestoresAllOfItsRuns) {
  // Two of its three runs were made for the first experiment, which labels them in another way.
  spec::Experiment shared = experiment_;
  shared.name = "shared";
  for (spec::PlannedRun& run : shared.runs) run.labels = {{"behaviour", "as shared"}};
  run::save_plan(from_.path(), shared);
  finished_run(from_.path(), shared, 2);
  collect(from_.path());
  const PackExport exported =
      export_experiment(from_.path(), "shared", from_.beside("shared-packs"));
  EXPECT_THAT(exported.packs, SizeIs(3));
  EXPECT_THAT(exported.left_out, IsEmpty());
  import_packs(to_.path(), {from_.beside("shared-packs")});
  collect(to_.path());
  const db::Store before(from_.path(), db::Store::Mode::kReadOnly),
      after(to_.path(), db::Store::Mode::kReadOnly);
  const auto there = before.runs("shared"), here = after.runs("shared");
  ASSERT_THAT(here, SizeIs(3));
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ(here[i].uuid, there[i].uuid);
    EXPECT_EQ(here[i].state, "finished");
    EXPECT_EQ(here[i].labels.at("behaviour"), "as shared");
    EXPECT_EQ(here[i].result, there[i].result);
  }
}

TEST_F(Pack, ExportSaysHowManyPlannedRunsHaveNotBegun) {
  EXPECT_THAT(exported_.left_out,
              ElementsAre("planned runs that have not begun in this lab: 1 of 3"));
}

TEST_F(Pack, RefusesNamesThatLeadOutOfTheLab) {
  const std::string cell = "cell.json";
  EXPECT_THAT(refusal(with_json(0, cell, "/experiment", "../../evil")),
              HasSubstr("cell.json: experiment: must be letters, digits"));
  publish_file(from_.beside("x.json"), R"({"name": "study"})");
  EXPECT_THAT(message_of([&] { export_experiment(from_.path(), "../../x", from_.beside("o")); }),
              HasSubstr("has no such runs"))
      << "and the file beside the lab is not read";
}

TEST(Export, OfAGridAtWorkPacksWhatHasFinishedAndNamesTheRest) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish", "finish"});
  run::save_plan(lab.path(), experiment);
  const run::Folder running = new_run(lab.path(), experiment, experiment.runs[0]);
  const WorkerAt worker(running);
  EXPECT_THAT(message_of([&] { export_experiment(lab.path(), "study", lab.beside("out")); }),
              AllOf(HasSubstr("no run has finished yet, so nothing was exported"),
                    HasSubstr("run " + running.uuid() + " is running"),
                    HasSubstr("have not begun in this lab: 2 of 3")));
  EXPECT_FALSE(fs::exists(lab.beside("out")));
  finished_run(lab.path(), experiment, 1);
  const PackExport exported = export_experiment(lab.path(), "study", lab.beside("out"));
  EXPECT_THAT(exported.packs, SizeIs(1));
  EXPECT_THAT(exported.left_out,
              ElementsAre("run " + running.uuid() + " is running",
                          "planned runs that have not begun in this lab: 1 of 3"));
  EXPECT_TRUE(fs::exists(lab.beside("out") + "/study.json"));
}

TEST(Export, SaysWhichExperimentsThereAre) {
  const TemporaryLab lab;
  finished_run(lab.path(), experiment_of({"finish"}));
  collect(lab.path());
  EXPECT_THAT(message_of([&] { export_experiment(lab.path(), "studi", lab.beside("out")); }),
              HasSubstr("did you mean `study`?"));
}

}  // namespace
}  // namespace lea::lab
