// What `lealab artefacts` refuses to prune, verify or export.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "core/run/folder.h"
#include "core/run/grid_folder.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;

class ArtefactCommands : public Artefacts {
 protected:
  // Makes the vectors alone, without a run that needs them. Returns their key.
  std::string make_vectors() const {
    write_spec("made: test.making");
    const json tasks = json::parse(call({"tasks", path("spec.yaml"), "--json"}).out);
    const std::string key = tasks.at(0).at("task");
    const auto made = call({"work", key});
    EXPECT_EQ(made.exit_code, 0) << made.out << made.err;
    return key;
  }
};

TEST_F(ArtefactCommands, PruneNothingWhileAPlanAGridOrARunCannotBeRead) {
  write_spec("made: test.making");
  ASSERT_EQ(run({"--set", "seeds=[1]"}).exit_code, 0);
  const run::Folder made{fs::directory_iterator(path("lab/runs"))->path()};
  const run::Folder grid = run::list_grids(path("lab")).at(0);
  const std::string plan = path("lab/experiments/study.json");
  const auto expect_refused = [&](const std::string& file) {
    SCOPED_TRACE(file);
    const std::string whole = read_file(file);
    publish_file(file, "{");
    const auto refused = call({"artefacts", "prune"});
    EXPECT_EQ(refused.exit_code, 3) << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(fs::path(file).filename().string() + ": "));
    EXPECT_THAT(refused.err,
                HasSubstr("So it is unknown which artefacts it needs, and nothing was pruned."));
    EXPECT_EQ(list().size(), 2u);
    publish_file(file, whole);
  };
  expect_refused(plan);
  {
    const FileLock live(grid.file(run::kGridLockFile), /*seconds=*/0, "the grid");
    expect_refused(grid.file(run::kGridFile));
  }
  fs::remove(plan);
  expect_refused(made.file(run::kHeaderFile));
}

TEST_F(ArtefactCommands, PruneKeepsWhatTheHeaderOfARunWithADamagedResultNames) {
  write_spec("made: test.making");
  ASSERT_EQ(run({"--set", "seeds=[1]"}).exit_code, 0);
  const run::Folder made{fs::directory_iterator(path("lab/runs"))->path()};
  fs::remove(path("lab/experiments/study.json"));
  publish_file(made.file(run::kResultFile), "{");
  const auto kept = call({"artefacts", "prune"});
  EXPECT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_THAT(kept.out, HasSubstr("removed 0 artefacts"));
  EXPECT_EQ(list().size(), 2u);
  fs::remove_all(made.path);
  EXPECT_THAT(call({"artefacts", "prune"}).out, HasSubstr("removed 2 artefacts"));
}

TEST_F(ArtefactCommands, PruneKeepsWhatANewerVersionWrote) {
  write_spec("made: test.making");
  ASSERT_EQ(run({"--set", "seeds=[1]"}).exit_code, 0);
  const std::string key = key_of("rewards"), file = folder(key) + "/artefact.json";
  fs::remove_all(fs::directory_iterator(path("lab/runs"))->path());
  fs::remove(path("lab/experiments/study.json"));
  const std::string header = read_file(file);
  std::string newer = header;
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 2");
  publish_file(file, newer);
  const auto kept = call({"artefacts", "prune"});
  EXPECT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_THAT(kept.out, HasSubstr(key.substr(0, 12) +
                                  "  was written by a newer version of LEA Lab, and stays\n"
                                  "removed 1 artefact, "))
      << "the vectors, which nothing that can be read is made from";
  EXPECT_EQ(read_file(file), newer);
  publish_file(file, header);
  EXPECT_THAT(call({"artefacts", "prune"}).out, HasSubstr("removed 1 artefact, "));
}

TEST_F(ArtefactCommands, VerifyNoticesALinkWhereverItLeads) {
  const std::string link = folder(make_vectors()) + "/files/more";
  ASSERT_EQ(call({"artefacts", "verify"}).exit_code, 0);
  for (const char* target : {"interactions.tsv", "lab", "nowhere"}) {
    SCOPED_TRACE(target);
    fs::create_symlink(path(target), link);
    const auto verify = call({"artefacts", "verify"});
    EXPECT_EQ(verify.exit_code, 3) << verify.out;
    EXPECT_THAT(verify.err, HasSubstr("files/more: was not there when the artefact was made"));
    fs::remove(link);
  }
}

TEST_F(ArtefactCommands, VerifyRefusesALinkInThePlaceOfAFile) {
  const std::string files = folder(make_vectors()) + "/files";
  const fs::path file = fs::directory_iterator(files)->path();
  fs::rename(file, path("moved"));
  fs::create_symlink(path("moved"), file);
  const auto verify = call({"artefacts", "verify"});
  EXPECT_EQ(verify.exit_code, 3) << verify.out;
  EXPECT_THAT(verify.err, HasSubstr(": is a link, and not the file that was made"));
}

TEST_F(ArtefactCommands, VerifyNoticesAChangeInWhatIsRecorded) {
  const std::string key = make_vectors();
  const auto refusal_of = [&](const std::string& name, const auto& change) {
    const std::string file = folder(key) + "/" + name, sound = read_file(file);
    json document = json::parse(sound);
    change(document);
    publish_file(file, document.dump());
    const auto verify = call({"artefacts", "verify"});
    publish_file(file, sound);
    EXPECT_EQ(verify.exit_code, 3) << name;
    return verify.err;
  };
  EXPECT_THAT(refusal_of("result.json", [](json& result) { result["seconds"] = 1e6; }),
              HasSubstr("result.json: checksum: is not that of the rest of the file, which was "
                        "changed"));
  EXPECT_THAT(
      refusal_of("artefact.json", [](json& header) { header["run"]["data"]["history"] = 6; }),
      HasSubstr("artefact.json: is not the file of which "));
  EXPECT_THAT(refusal_of("result.json", [](json& result) { result["sha256"] = "00"; }),
              HasSubstr("result.json: sha256: is not that of the files which it lists"));
  // An older program wrote no sums.
  const std::string file = folder(key) + "/result.json";
  json older = json::parse(read_file(file));
  older.erase("checksum");
  older.erase("header_sha256");
  publish_file(file, older.dump());
  EXPECT_EQ(call({"artefacts", "verify"}).exit_code, 0);
}

TEST_F(ArtefactCommands, VerifyOfAKeyThatNoArtefactHasIsAMistake) {
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  EXPECT_EQ(call({"artefacts", "verify"}).exit_code, 0) << "none is damaged";
  const auto verify = call({"artefacts", "verify", "zz"});
  EXPECT_EQ(verify.exit_code, 2) << verify.out;
  EXPECT_THAT(verify.err, HasSubstr("artefact zz: the lab "));
  EXPECT_THAT(verify.err, HasSubstr(" has no such artefact."));
}

TEST_F(ArtefactCommands, ExportWritesIntoAFifoAndToStandardOutput) {
  const std::string key = make_vectors(), fifo = path("fifo");
  const auto exported = call({"artefacts", "export", key, "--out", path("file.tar")});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const std::string archive = read_file(path("file.tar"));
  const auto standard = call({"artefacts", "export", key, "--out", "-"});
  EXPECT_EQ(standard.exit_code, 0) << standard.err;
  EXPECT_TRUE(standard.out == archive);
  EXPECT_THAT(standard.err, HasSubstr("standard output: 1 artefact, "));
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GT(fcntl(reader, F_SETPIPE_SZ, 1 << 20), std::ssize(archive)) << "nobody reads meanwhile";
  const auto into = call({"artefacts", "export", key, "--out", fifo});
  EXPECT_EQ(into.exit_code, 0) << into.err;
  std::string read_back(archive.size() + 1, '\0');
  const ssize_t size = read(reader, read_back.data(), read_back.size());
  close(reader);
  EXPECT_EQ(size, std::ssize(archive));
  EXPECT_TRUE(fs::is_fifo(fifo));
  EXPECT_FALSE(fs::exists(fifo + ".part"));
}

}  // namespace
}  // namespace lea
