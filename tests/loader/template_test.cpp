// A plugin made outside the tree. The template is built with find_package(LeaLab), against the
// build tree and against an installation, and the result must be good.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "core/lab/plugins.h"
#include "tests/cli/lab_command.h"
#include "tests/loader/folder.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Folder;
using testing::HasSubstr;

constexpr double kBuildSeconds = 580;

std::string succeed(const std::vector<std::string>& arguments) {
  const ProcessResult result = run_process(arguments, kBuildSeconds);
  EXPECT_EQ(result.exit_code, 0) << arguments[0] << " " << arguments[1] << "\n"
                                 << result.out << result.err;
  return result.out;
}

// Builds these targets, or all, with these variables.
void build(const std::string& source, const std::string& into, const std::string& package,
           const std::vector<std::string>& targets = {},
           const std::vector<std::string>& variables = {}) {
  std::vector<std::string> configure = {"cmake", "-G", "Ninja", "-S", source, "-B", into},
                           compile = {"cmake", "--build", into};
  configure.push_back("-DCMAKE_PREFIX_PATH=" + package);
  for (const std::string& variable : variables) configure.push_back("-D" + variable);
  if (!targets.empty()) compile.push_back("--target");
  compile.insert(compile.end(), targets.begin(), targets.end());
  succeed(configure);
  succeed(compile);
}

// Checks the plugin `file` with the `lealab` that it was built for.
void expect_good(const std::string& program, const std::string& file) {
  const ProcessResult checked = run_process({program, "plugins", "check", file}, 120);
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("enabled"));
}

const std::string kTemplate = LEA_SOURCE_DIR "/docs/plugin-template";

class Template : public testing::Test {
 protected:
  Template() {
    setenv("XDG_CACHE_HOME", folder_.at("cache").c_str(), 1);
    setenv("XDG_DATA_HOME", folder_.at("data").c_str(), 1);
  }
  // Puts a plugin where the user's plugins are.
  void install_plugin(const std::string& file) const {
    const std::string folder = folder_.at("data/lealab/plugins");
    fs::create_directories(folder);
    fs::copy_file(file, folder + "/" + fs::path(file).filename().string());
  }
  Folder folder_;
};

TEST_F(Template, BuildsAgainstTheBuildTree) {
  const std::vector<std::string> kinds = {"backbone", "framework", "environment", "augmenter"};
  build(kTemplate, folder_.at("build"), LEA_BINARY_DIR, kinds);
  for (const std::string& kind : kinds) {
    const PluginRecord record = probe_file(folder_.at("build/" + kind + ".so"));
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
  install_plugin(folder_.at("mine/build/my_model.so"));
  const std::string shown = succeed({lealab, "plugins", "show", "my_model"});
  EXPECT_THAT(shown, HasSubstr("backbone my.my_model 0.1.0-dev"));
  EXPECT_THAT(succeed({lealab, "plugins", "show", "lea.gru4rec"}),
              HasSubstr("/prefix/lib/lealab/plugins/gru4rec.so"));
  // It finds its presets too, wherever a spec lies.
  const std::string spec = folder_.write("spec.yaml", "extends: [paper, papr]\n");
  fs::create_directory(folder_.at("lab"));
  const ProcessResult refused =
      run_process({lealab, "--lab", folder_.at("lab"), "plan", spec}, 120);
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("no preset is called `papr`, did you mean `paper`? (there "
                                     "are: anchor, "));
}

// A plugin that computes with a language model finds the headers and the library here.
TEST_F(Template, InstallationOffersTheLanguageModelToo) {
  succeed({"cmake", "--install", LEA_BINARY_DIR, "--prefix", folder_.at("prefix")});
  const std::string headers = folder_.at("prefix/include/lealab/"), source = folder_.at("language");
  std::set<std::string> installed;
  for (const auto& entry : fs::recursive_directory_iterator(headers + "core/lm")) {
    if (entry.is_regular_file()) installed.insert(fs::relative(entry.path(), headers).string());
  }
  EXPECT_TRUE(installed.contains("core/lm/decoder.h"));
  EXPECT_TRUE(installed.contains("core/lm/tokenizer/tokenizer.h"));
  EXPECT_FALSE(installed.contains("core/lm/row_loops.h")) << "it is no part of the interface";
  std::string all;
  for (const std::string& header : installed) all += "#include \"" + header + "\"\n";
  fs::copy(LEA_SOURCE_DIR "/tests/loader/language", source);
  folder_.write("language/all_of_lm.h", all);
  const std::string golden = LEA_SOURCE_DIR "/tests/golden/lm/";
  build(source, source + "/build", folder_.at("prefix"), {},
        {"MODEL=" + golden + "models/smollm2", "TOKENIZER=" + golden + "tokenizers/smollm2"});
  const std::string lealab = folder_.at("prefix/bin/lealab");
  expect_good(lealab, source + "/build/language.so");
  install_plugin(source + "/build/language.so");
  const json plugins = json::parse(succeed({lealab, "plugins", "--json"}));
  const auto found = std::find_if(plugins.begin(), plugins.end(), [](const json& record) {
    return record.at("plugins").size() == 1 && record.at("plugins")[0].at("id") == "test.language";
  });
  ASSERT_NE(found, plugins.end());
  EXPECT_EQ(found->at("state"), "enabled") << *found;
  EXPECT_TRUE(found->value("warnings", json::array()).empty()) << "it was tried: " << *found;
}

// A plugin could otherwise link what another version of LEA Lab does not have.
TEST_F(Template, LanguageModelOffersOnlyItsInterface) {
  const std::string symbols =
      succeed({"nm", "-DC", "--defined-only", LEA_BINARY_DIR "/lib/liblea_lm.so"});
  EXPECT_THAT(symbols, HasSubstr(" lea::lm::Decoder::forward("));
  EXPECT_THAT(symbols, HasSubstr(" lea::lm::Tokenizer::encode("));
  const std::regex other(" lea::(?!lm::).*| nlohmann::.*| lea::lm::.*(Pipeline|Pattern)::.*");
  std::smatch match;
  EXPECT_FALSE(std::regex_search(symbols, match, other)) << match[0];
}

TEST_F(Template, SkeletonRefusesBadNamesAndOverwriting) {
  const std::string lealab = LEA_BINARY_DIR "/bin/lealab";
  const auto begin = [&](const std::string& kind, const std::string& name,
                         const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {lealab,  "plugins",         "new", kind, name,
                                        "--out", folder_.at("mine")};
    command.insert(command.end(), more.begin(), more.end());
    return run_process(command, 20);
  };
  const ProcessResult name = begin("backbone", "../x"), kind = begin("model", "x");
  EXPECT_EQ(name.exit_code, 2);
  EXPECT_THAT(name.err, HasSubstr("`../x` cannot name a plugin"));
  EXPECT_EQ(kind.exit_code, 2);
  EXPECT_THAT(kind.err, HasSubstr("kind: model not in {"));
  const ProcessResult artefact = begin("augmenter", "x", {"--artefact"});
  EXPECT_EQ(artefact.exit_code, 2);
  EXPECT_THAT(artefact.err, HasSubstr("--artefact: only the skeleton of an environment shows an "
                                      "artefact. An augmenter declares one in the same way; a "
                                      "backbone and a framework cannot have any."));
  EXPECT_FALSE(fs::exists(folder_.at("mine")));
  EXPECT_EQ(begin("augmenter", "x").exit_code, 0);
  const std::string before = test::read_all(folder_.at("mine/x.cpp"));
  ASSERT_NE(before, "");
  const ProcessResult again = begin("augmenter", "x");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(test::read_all(folder_.at("mine/x.cpp")), before);
}

TEST_F(Template, SkeletonOfAnEnvironmentHasAnArtefactOnRequest) {
  const auto source_of = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> command = {LEA_BINARY_DIR "/bin/lealab",
                                        "plugins",
                                        "new",
                                        "environment",
                                        name,
                                        "--out",
                                        folder_.at(name)};
    command.insert(command.end(), more.begin(), more.end());
    succeed(command);
    EXPECT_THAT(test::read_all(folder_.at(name + "/CMakeLists.txt")),
                HasSubstr("\nlealab_plugin(" + name + " " + name + ".cpp)\n"));
    return test::read_all(folder_.at(name + "/" + name + ".cpp"));
  };
  std::string expected = test::read_all(kTemplate + "/environment_artefact.cpp");
  const std::string id = "\"my.environment_artefact\"";
  expected.replace(expected.find(id), id.size(), "\"my.shares\"");
  EXPECT_EQ(source_of("shares", {"--artefact"}), expected);
  EXPECT_EQ(source_of("plain", {}).find("artefacts()"), std::string::npos);
}

class TemplateWithAnArtefact : public LabCommand {
 protected:
  TemplateWithAnArtefact() { setenv("XDG_CACHE_HOME", path("cache").c_str(), 1); }

  // Half of the users take 5 popular items, the others take 35 rare ones.
  void write_two_tastes() const {
    std::string text = "user_id\titem_id\ttimestamp\n";
    std::mt19937 random(1);
    for (int user = 0; user < 120; ++user) {
      for (int t = 0; t < 10; ++t) {
        const unsigned item = user % 2 == 0 ? random() % 5 : 5 + random() % 35;
        text += "u" + std::to_string(user) + "\ti" + std::to_string(item) + "\t" +
                std::to_string(t) + "\n";
      }
    }
    write("interactions.tsv", text);
  }
  ProcessResult call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--plugin-dir", path("build")});
    return lealab(arguments);
  }
};

TEST_F(TemplateWithAnArtefact, MakesItOnceForAllRuns) {
  build(kTemplate, path("build"), LEA_BINARY_DIR, {"environment_artefact"});
  write_two_tastes();
  write("spec.yaml", R"(name: study
data: {name: toy, path: interactions.tsv, history: 5}
train: {batch_size: 32, max_steps: 10, validate_every: 5, patience: 20}
negatives: {count: 2, from: pool, pool: 10}
backbone: gru4rec
framework: snqn
environments: {mine: my.environment_artefact}
reward: mine
grid: {state: [none, mine]}
seeds: [1]
)");
  const ProcessResult result = call({"run", path("spec.yaml")});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json artefacts = json::parse(call({"artefacts", "list", "--json"}).out);
  ASSERT_EQ(artefacts.size(), 2u) << artefacts;
  for (const json& artefact : artefacts) {
    EXPECT_EQ(artefact.at("state"), "finished");
    EXPECT_EQ(artefact.at("users"), 2);
    const std::string attempts = test::read_all(
        path("lab/artefacts/" + artefact.at("key").get<std::string>() + "/attempts.jsonl"));
    EXPECT_EQ(std::count(attempts.begin(), attempts.end(), '\n'), 2) << "one attempt\n" << attempts;
    if (artefact.at("name") != "rewards of my.environment_artefact") continue;
    // Whoever likes popular items took one of 5, and the pool has one of 40.
    const json& quality = artefact.at("quality");
    EXPECT_GT(quality.at("logged").get<double>(), 1.3 * quality.at("pool").get<double>());
    EXPECT_LT(quality.at("logged").get<double>(), 1);
  }
  EXPECT_THAT(call({"run", path("spec.yaml")}).out, HasSubstr("nothing to do"));
}

}  // namespace
}  // namespace lea::lab
