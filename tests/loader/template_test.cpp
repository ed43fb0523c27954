// A plugin made outside the tree. The template is built with find_package(LeaLab), against the
// build tree and against an installation, and the result must be good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/lab/plugins.h"
#include "core/lab/process.h"
#include "tests/loader/folder.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using test::Folder;
using testing::HasSubstr;

constexpr double kBuildSeconds = 580;

std::string succeed(const std::vector<std::string>& arguments) {
  const ProcessResult result = run_process(arguments, kBuildSeconds);
  EXPECT_EQ(result.exit_code, 0) << arguments[0] << " " << arguments[1] << "\n"
                                 << result.out << result.err;
  return result.out;
}

void build(const std::string& source, const std::string& into, const std::string& package) {
  succeed({"cmake", "-G", "Ninja", "-S", source, "-B", into, "-DCMAKE_PREFIX_PATH=" + package});
  succeed({"cmake", "--build", into});
}

// Checks the plugin `file` with the `lealab` that it was built for.
void expect_good(const std::string& program, const std::string& file) {
  const ProcessResult checked = run_process({program, "plugins", "check", file}, 120);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("enabled"));
}

class Template : public testing::Test {
 protected:
  Template() {
    setenv("XDG_CACHE_HOME", folder_.at("cache").c_str(), 1);
    setenv("XDG_DATA_HOME", folder_.at("data").c_str(), 1);
  }
  Folder folder_;
};

TEST_F(Template, BuildsAgainstTheBuildTree) {
  build(LEA_SOURCE_DIR "/docs/plugin-template", folder_.at("build"), LEA_BINARY_DIR);
  for (const char* kind : {"backbone", "framework", "environment", "augmenter"}) {
    const PluginRecord record = probe_file(folder_.at("build/" + std::string(kind) + ".so"));
    EXPECT_EQ(record.reason, "");
    ASSERT_EQ(record.plugins.size(), 1U) << kind;
    EXPECT_EQ(record.plugins[0].kind, kind);
    EXPECT_FALSE(record.plugins[0].params.empty());
  }
}

TEST_F(Template, SkeletonBuildsAgainstAnInstallation) {
  succeed({"cmake", "--install", LEA_BINARY_DIR, "--prefix", folder_.at("prefix")});
  const std::string lealab = folder_.at("prefix/bin/lealab");
  const std::string printed =
      succeed({lealab, "plugins", "new", "backbone", "my_model", "--out", folder_.at("mine")});
  EXPECT_THAT(printed, HasSubstr("my_model.cpp"));
  build(folder_.at("mine"), folder_.at("mine/build"), folder_.at("prefix"));
  expect_good(lealab, folder_.at("mine/build/my_model.so"));
  // The installed host finds its own plugins, and the new one in the user's folder.
  fs::create_directories(folder_.at("data/lealab/plugins"));
  fs::copy_file(folder_.at("mine/build/my_model.so"),
                folder_.at("data/lealab/plugins/my_model.so"));
  const std::string shown = succeed({lealab, "plugins", "show", "my_model"});
  EXPECT_THAT(shown, HasSubstr("backbone my.my_model 0.1.0-dev"));
  EXPECT_THAT(succeed({lealab, "plugins", "show", "lea.gru4rec"}),
              HasSubstr("/prefix/lib/lealab/plugins/gru4rec.so"));
  // It finds its presets too, wherever a spec lies.
  const std::string spec = folder_.write("spec.yaml", "extends: [paper, papr]\n");
  const ProcessResult refused =
      run_process({lealab, "--lab", folder_.at("lab"), "plan", spec}, 120);
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("no preset is called `papr`, did you mean `paper`? (there "
                                     "are: anchor, "));
}

TEST_F(Template, SkeletonRefusesBadNamesAndOverwriting) {
  const std::string lealab = LEA_BINARY_DIR "/bin/lealab";
  const auto begin = [&](const std::string& kind, const std::string& name) {
    return run_process({lealab, "plugins", "new", kind, name, "--out", folder_.at("mine")}, 20);
  };
  const ProcessResult name = begin("backbone", "../x"), kind = begin("model", "x");
  EXPECT_EQ(name.exit_code, 2);
  EXPECT_THAT(name.err, HasSubstr("`../x` cannot name a plugin"));
  EXPECT_EQ(kind.exit_code, 2);
  EXPECT_THAT(kind.err, HasSubstr("kind: model not in {"));
  EXPECT_FALSE(fs::exists(folder_.at("mine")));
  EXPECT_EQ(begin("augmenter", "x").exit_code, 0);
  const std::string before = test::read_all(folder_.at("mine/x.cpp"));
  ASSERT_NE(before, "");
  const ProcessResult again = begin("augmenter", "x");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(test::read_all(folder_.at("mine/x.cpp")), before);
}

}  // namespace
}  // namespace lea::lab
