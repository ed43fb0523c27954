// The lab, each folder in it, and every output path may be a symbolic link. With the real worker.
#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Linked : public LabCommand {
 protected:
  Linked() {
    write("spec.yaml", R"(name: small
data: {name: toy, path: interactions.tsv}
backbone: gru4rec
framework: popularity
seeds: [1]
)");
  }

  // lab is a link to a folder, whose folders are links to other folders.
  void link_all() const {
    fs::create_directory(path("real"));
    fs::create_directory_symlink(path("real"), path("lab"));
    for (const char* name : {"data", "runs", "experiments", "artefacts", "grids", "claims"}) {
      fs::create_directories(path("disk/" + std::string(name)));
      fs::create_directory_symlink(path("disk/" + std::string(name)),
                                   path("real/" + std::string(name)));
    }
  }
  std::vector<std::string> runs() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path("disk/runs")))
      names.push_back(entry.path().filename());
    return names;
  }
};

TEST_F(Linked, LabAndItsFoldersHoldARunAndNoneIsLeftOver) {
  link_all();
  for (int repeated = 0; repeated < 2; ++repeated) {
    const auto run = lealab({"run", path("spec.yaml")});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    EXPECT_EQ(runs().size(), 1u);
  }
  EXPECT_THAT(lealab({"ls"}).out, HasSubstr("1 run\n"));
  const auto check = lealab({"db", "check"});
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("1 run, no problem"));
  EXPECT_EQ(lealab({"db", "rebuild"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(path("lab")) && fs::is_symlink(path("real/runs")));
}

TEST_F(Linked, OutputIsWrittenWhereTheLinkLeads) {
  link_all();
  ASSERT_EQ(lealab({"run", path("spec.yaml")}).exit_code, 0);
  const std::string run = runs().at(0);
  fs::create_directory(path("out"));
  for (const char* what : {"ranks", "topk"}) {
    for (const char* format : {"csv", "npz"}) {
      const std::string name = std::string(what) + "." + format;
      fs::create_symlink(path("out/" + name), path(name));
      if (format == std::string("npz")) publish_file(path("out/" + name), "old");
      const auto exported = lealab({"export", what, run, "--out", path(name), "--format", format});
      EXPECT_EQ(exported.exit_code, 0) << exported.err;
      EXPECT_TRUE(fs::is_symlink(path(name))) << "the link stays";
      EXPECT_GT(fs::file_size(path("out/" + name)), 100u);
    }
  }
  fs::create_directory(path("out/packs"));
  fs::create_directory_symlink(path("out/packs"), path("packs"));
  EXPECT_EQ(lealab({"export", "small", "--out", path("packs")}).exit_code, 0);
  EXPECT_TRUE(fs::exists(path("out/packs/small.json")));
  fs::create_symlink(path("out/data"), path("data"));
  EXPECT_EQ(lealab({"data", "export", "toy", "--out", path("data")}).exit_code, 0);
  EXPECT_TRUE(fs::exists(path("out/data/interactions.tsv")));
  fs::create_symlink(path("out/mine"), path("mine"));
  EXPECT_EQ(lealab({"plugins", "new", "backbone", "mine", "--out", path("mine")}).exit_code, 0);
  EXPECT_TRUE(fs::exists(path("out/mine/mine.cpp")));
}

}  // namespace
}  // namespace lea
