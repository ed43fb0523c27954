// Packs are small, the same every time, and checked when they come back.
#include "core/lab/pack.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>

#include "core/lab/archive.h"
#include "core/lab/collector.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

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
    save_plan(from_.path(), experiment_);
    for (size_t i : {0, 1}) runs_.push_back(finished_run(from_.path(), experiment_, i));
    collect(from_.path());
    exported_ = export_experiment(from_.path(), "study", from_.beside("packs"));
  }
  std::string pack(size_t i) const {
    return from_.beside("packs") + "/" + runs_[i].uuid() + ".tar.xz";
  }
  // The message that an import of hostile bytes gives. Fails the test when anything was imported.
  std::string refusal(const std::string& bytes) {
    const std::string path = from_.beside("bad.tar.xz");
    publish_file(path, bytes);
    const std::string message = message_of([&] {
      import_packs(to_.path(), {from_.beside("packs"), path});
    });
    EXPECT_THAT(list_runs(to_.path()), IsEmpty());
    for (const auto& entry : std::filesystem::directory_iterator(to_.path() + "/runs")) {
      ADD_FAILURE() << "left behind: " << entry.path();
    }
    EXPECT_THAT(message, ::testing::AnyOf(HasSubstr("bad.tar.xz"), HasSubstr(runs_[0].uuid())))
        << "refused for another reason";
    return message;
  }

  TemporaryLab from_, to_;
  const spec::Experiment experiment_ = experiment_of({"finish", "finish", "finish"});
  std::vector<RunFolder> runs_;
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
  EXPECT_THAT(check(to_.path()), IsEmpty());
}

TEST_F(Pack, IsSmallAndTheSameEveryTime) {
  EXPECT_THAT(times_in(read_file(pack(0))), ::testing::AllOf(SizeIs(6), ::testing::Each(0)));
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
                                                     "/events.jsonl", "/ranks.bin",
                                                     "/ranks-valid.bin", "/log.txt"));
  const std::string& text = files.at(runs_[0].uuid() + "/log.txt");
  EXPECT_LT(text.size(), 20000u);
  EXPECT_THAT(text, HasSubstr("line 9999\n"));
}

TEST_F(Pack, RefusesPathsOutsideItsFolder) {
  auto files = read_tar_xz(read_file(pack(0)), "pack");
  const std::string uuid = runs_[0].uuid();
  for (const std::string& name :
       {uuid + "/../../evil", std::string("/tmp/evil"), uuid + "/sub/run.yaml", uuid + "/evil.so",
        new_uuid() + "/run.yaml"}) {
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
    return !message.empty() && std::filesystem::is_empty(to_.path() + "/runs");
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
    EXPECT_NE(refusal(whole.substr(0, length)), "") << "cut at " << length;
  }
}

TEST_F(Pack, RefusesAResultThatWasEdited) {
  auto files = read_tar_xz(read_file(pack(0)), "pack");
  std::string& result = files.at(runs_[0].uuid() + "/result.json");
  auto document = parse_json(result, "result");
  document["metrics"]["test"]["hr@10"] = 0.95;
  result = document.dump();
  EXPECT_THAT(refusal(write_tar_xz(files)), HasSubstr("hr@10"));
}

TEST_F(Pack, RefusesARunWithOtherResultsUnderTheSameName) {
  import_packs(to_.path(), {pack(0)});
  const RunFolder run{to_.path() + "/runs/" + runs_[0].uuid()};
  auto result = *read_json(run.path + "/result.json");
  result["host"] = "elsewhere";
  publish_file(run.path + "/result.json", result.dump());
  EXPECT_THAT(message_of([&] {
                import_packs(to_.path(), {pack(0), pack(1)});
              }),
              HasSubstr("other results"));
  EXPECT_THAT(list_runs(to_.path()), SizeIs(1));
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
