// A spec that names a plugin whose library is not used.
#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using ::testing::HasSubstr;

class Refused : public SpecTest {
 protected:
  PluginCatalogue catalogue() const override {
    return PluginCatalogue(
        {backbone("lea.gru4rec"), framework("lea.snqn", {"backbone", "reward", "train"}),
         environment("lea.predefined", {}, false)},
        {{"/p/crashing.so",
          "/p/crashing.so: crashed in my.model at encode() (SIGSEGV). Ask its author, or remove "
          "it.",
          {{"backbone", "my.model"}, {"framework", "my.learner"}}},
         {"/p/twice.so",
          "environment my.values is also in /q/twice.so, so neither is used. Remove one of them.",
          {{"environment", "my.values"}}},
         {"/p/no_plugin.so", "/p/no_plugin.so: is no shared library.", {}}});
  }
  std::string with(const std::string& lines) const {
    return error_of("data: {name: small}\nseeds: [1]\n" + lines);
  }
};

TEST_F(Refused, AnswersThePluginsNameWithTheReasonAndTheFile) {
  EXPECT_EQ(with("backbone: model\nframework: snqn\n"),
            "spec.yaml:3:11: backbone: `model` cannot be used: /p/crashing.so: crashed in my.model "
            "at encode() (SIGSEGV). Ask its author, or remove it.");
  EXPECT_THAT(with("backbone: gru4rec\nframework: {MY.Learner: {}}\n"),
              HasSubstr("framework: `MY.Learner` cannot be used: /p/crashing.so: crashed"));
  EXPECT_THAT(with("backbone: gru4rec\nframework: snqn\nreward: values\n"),
              HasSubstr("reward: `values` cannot be used: /p/twice.so: environment my.values is "
                        "also in /q/twice.so, so neither is used."));
}

TEST_F(Refused, KnowsALibraryWithoutAManifestByTheNameOfItsFile) {
  EXPECT_THAT(with("backbone: my.no_plugin\nframework: snqn\n"),
              HasSubstr("`my.no_plugin` cannot be used: /p/no_plugin.so: is no shared library."));
}

TEST_F(Refused, IsAnsweredWhereverASpecNamesAPlugin) {
  for (const char* lines :
       {"grid: {backbone: [model]}\nframework: snqn\n",
        "backbone: gru4rec\ngrid: {variant: [{A: {framework: learner}}]}\n",
        "backbone: gru4rec\nframework: snqn\nenvironments: {e: values}\n",
        "backbone: gru4rec\nframework: snqn\noverrides: [{when: {backbone: model}, set: "
        "{train.patience: 3}}]\n"}) {
    EXPECT_THAT(with(lines), HasSubstr("cannot be used: /p/")) << lines;
  }
}

TEST_F(Refused, OfAnotherKindOrNameIsOnlyListed) {
  EXPECT_THAT(
      with("backbone: gru4rec\nframework: model\n"),
      HasSubstr("unknown framework `model` (there are: lea.snqn); not used, for reasons that "
                "`lealab plugins` lists: crashing.so, twice.so, no_plugin.so"));
}

}  // namespace
}  // namespace lea::spec
