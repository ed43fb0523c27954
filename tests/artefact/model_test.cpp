// A plugin with a language model through the whole program, and what it would send to the model.
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class Speaking : public LabCommand {
 protected:
  Speaking() {
    fs::create_directories(path("lab/models/tiny"));
    write("lab/models/tiny/config.json", "{\"words\": 7}");
    write("lab/models/tiny/model.safetensors", "weights");
  }
  void write_spec(const std::string& environments,
                  const std::string& more = "state: spoken\n") const {
    write("spec.yaml", R"(name: study
data: {name: toy, path: interactions.tsv, history: 5}
train: {batch_size: 32, max_steps: 20, validate_every: 5, patience: 20}
backbone: gru4rec
framework: snqn
seeds: [1]
environments: {)" + environments +
                           "}\n" + more);
  }
  lab::ProcessResult call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--plugin-dir", LEA_ARTEFACT_PLUGINS});
    return lealab(arguments);
  }
  lab::ProcessResult run() const { return call({"run", path("spec.yaml")}); }
  lab::ProcessResult prompts(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"artefacts", "prompts", path("spec.yaml")});
    return call(more);
  }
  void import_data() const {
    ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  }
  json only_result() const {
    const auto run = fs::directory_iterator(path("lab/runs"))->path();
    return json::parse(read_file(run / "result.json"));
  }
};

TEST_F(Speaking, UsesAModelOfTheLabWhichMayMove) {
  write_spec("spoken: {test.speaking: {model: tiny}}");
  const auto first = run();
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  const json used = only_result().at("artefacts");
  ASSERT_EQ(used.size(), 1u) << "no rewards were asked for";
  EXPECT_EQ(used[0].at("name"), "words of test.speaking");
  EXPECT_EQ(used[0].at("quality"), (json{{"accuracy", 0.6713}})) << "the loss is not a number";
  const std::string made = path("lab/artefacts/") + used[0].at("key").get<std::string>();
  EXPECT_EQ(read_file(made + "/files/words"), "{\"words\": 7}");
  EXPECT_THAT(read_file(made + "/log.txt"), HasSubstr("the figure loss is not finite"));

  fs::rename(path("lab/models/tiny"), path("moved"));
  write_spec("spoken: {test.speaking: {model: " + path("moved") + "}}");
  EXPECT_THAT(run().out, HasSubstr("nothing to do"));
  write("moved/config.json", "{\"words\": 8}");
  const json planned = json::parse(call({"plan", path("spec.yaml"), "--json"}).out);
  EXPECT_NE(planned.at("artefacts")[0].at("key"), used[0].at("key"));
  EXPECT_EQ(planned.at("tasks")[0].at("status"), "to do");
}

TEST_F(Speaking, TellsTheTableHowGoodItsArtefactsAre) {
  write_spec("spoken: {test.speaking: {model: tiny}}");
  ASSERT_EQ(run().exit_code, 0);
  EXPECT_THAT(call({"table", "study"}).out,
              HasSubstr(": words of test.speaking: accuracy .671.\n"));
}

TEST_F(Speaking, NoticesAModelThatChangedAfterPlanning) {
  write_spec("spoken: {test.speaking: {model: tiny}}");
  const auto listed = call({"tasks", path("spec.yaml"), "--json"});
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  const auto command = [&](size_t task) {
    return json::parse(listed.out)[task].at("command").get<std::vector<std::string>>();
  };
  const auto changed = [&](size_t task) {
    write("lab/models/tiny/model.safetensors", "other weights");
    const auto result = lab::run_process(command(task), 100);
    write("lab/models/tiny/model.safetensors", "weights");
    EXPECT_NE(result.exit_code, 0);
    return result.out + result.err;
  };
  EXPECT_THAT(changed(0), HasSubstr("test.speaking: model: " + path("lab/models/tiny") +
                                    ": has changed since the run was planned"));
  // A list of the tasks makes what failed ready for another try.
  ASSERT_EQ(call({"tasks", path("spec.yaml"), "--json"}).exit_code, 0);
  ASSERT_EQ(lab::run_process(command(0), 100).exit_code, 0);
  EXPECT_THAT(changed(1), HasSubstr("Restore the model, or run the spec again."));
  fs::remove(path("lab/models/tiny/config.json"));
  const auto gone = lab::run_process(command(1), 100);
  EXPECT_THAT(gone.out + gone.err, HasSubstr(": has changed since the run was planned"));
}

TEST_F(Speaking, ShowsItsParameterAsAModel) {
  const auto shown = call({"plugins", "show", "test.speaking"});
  EXPECT_THAT(shown.out, testing::ContainsRegex("model +model +\\(required\\) +- +what speaks"))
      << shown.out << shown.err;
}

TEST_F(Speaking, ShowsWhatItWouldSayForEachDifferentEnvironment) {
  import_data();
  write_spec(
      "spoken: {test.speaking: {model: tiny}}, loud: {test.speaking: {model: tiny, greeting: HO}}, "
      "mixed: {shuffled: {of: spoken}}",
      "grid: {state: [spoken, loud], reward: [mixed, predefined]}\n");
  const auto three = prompts();
  EXPECT_EQ(three.exit_code, 0) << three.err;
  EXPECT_THAT(three.out,
              testing::ContainsRegex(
                  "^environment test.speaking greeting=hello, data toy:\n"
                  "hello item [0-9]+ of 5\nhello item [0-9]+ of 5\nhello item [0-9]+ of 5\n"
                  "\nenvironment test.speaking greeting=HO, data toy:\n"
                  "HO item [0-9]+ of 5\n"));
  const auto one = prompts({"--limit", "1", "--set", "grid.state=[spoken]"});
  EXPECT_EQ(std::count(one.out.begin(), one.out.end(), '\n'), 2) << one.out;
  EXPECT_THAT(one.out, testing::StartsWith("environment test.speaking, data toy:\nhello item "));
  EXPECT_EQ(json::parse(call({"artefacts", "list", "--json"}).out), json::array())
      << "something was made";
}

TEST_F(Speaking, ShowsTheOthersWhenOneCannot) {
  import_data();
  write_spec(
      "spoken: {test.speaking: {model: tiny}}, mute: {test.speaking: {model: tiny, greeting: "
      "throw}}",
      "grid: {state: [mute, spoken]}\n");
  const auto result = prompts({"--limit", "1"});
  EXPECT_EQ(result.exit_code, 6);
  EXPECT_THAT(result.out, HasSubstr("hello item "));
  EXPECT_THAT(result.err,
              HasSubstr("environment test.speaking greeting=throw, data toy: environment "
                        "test.speaking at show() threw: has nothing to say"));
  EXPECT_THAT(result.err, Not(HasSubstr("backtrace")));
}

TEST_F(Speaking, ShowsNothingWithoutTheDataOrWithoutAnEnvironmentThatCan) {
  write_spec("spoken: {test.speaking: {model: tiny}}");
  const auto early = prompts();
  EXPECT_EQ(early.exit_code, 3);
  EXPECT_THAT(early.err, HasSubstr("the data set toy is not in the lab yet. Import it with `lealab "
                                   "data import toy SOURCE`."));
  import_data();
  write_spec("made: test.making", "reward: made\n");
  const auto none = prompts();
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_EQ(none.out, "No environment or augmenter of the spec has prompts to show.\n");
}

}  // namespace
}  // namespace lea
