// What a plan finds out about artefacts before they are made: settings that their plugins refuse,
// and the memory that they take.
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;

class PlannedArtefacts : public Artefacts {
 protected:
  void import_data() const {
    ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  }
  lab::ProcessResult plan_text() const { return call({"plan", path("spec.yaml")}); }
  // Whether the lab has nothing of the study: no run, artefact, plan or grid.
  bool nothing_is_made() const {
    for (const char* folder : {"runs", "artefacts", "experiments", "grids"}) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(path("lab/") + folder, none)) {
        if (entry.is_directory() || entry.path().extension() == ".json") return false;
      }
    }
    return true;
  }
};

TEST_F(PlannedArtefacts, AreAllRefusedOnceAndNothingIsMade) {
  write_spec(
      "good: test.making, a: {test.making: {counting: refuse, room: 1}}, "
      "b: {test.making: {counting: refuse, room: 2}}, "
      "c: {test.making: {counting: refuse, room: 2, pause: 1}}",
      "grid: {reward: [good, a, b, c]}\n", "");
  import_data();
  const std::vector<std::vector<std::string>> commands = {
      {"plan"}, {"plan", "--json"}, {"run"}, {"run", "--json"}, {"run", "--detach"}, {"tasks"}};
  for (std::vector<std::string> command : commands) {
    SCOPED_TRACE(command.front() + command.back());
    command.insert(command.begin() + 1, path("spec.yaml"));
    const auto refused = call(command);
    EXPECT_EQ(refused.exit_code, 3);
    EXPECT_EQ(refused.out, "");
    // The environments b and c share their artefacts, which do not depend on `pause`.
    EXPECT_EQ(refused.err,
              "vectors, rewards of test.making, for 2 runs (a): making: room: 1 is refused\n"
              "vectors, rewards of test.making, for 4 runs (b, c): making: room: 2 is refused\n");
    EXPECT_TRUE(nothing_is_made());
  }
  const auto rest = run({"--set", "grid.reward=[good]"});
  EXPECT_EQ(rest.exit_code, 0) << rest.out << rest.err;
}

TEST_F(PlannedArtefacts, AreRefusedAfterTheirWorkWasCountedWithOtherSettings) {
  import_data();
  // `counting` is in no key, so both environments have the same artefacts.
  const auto code_with = [&](const std::string& counting) {
    write_spec("made: {test.making: {counting: " + counting + "}}");
    return plan_text().exit_code;
  };
  EXPECT_EQ(code_with("sound"), 0);
  EXPECT_EQ(code_with("refuse"), 3);
  EXPECT_EQ(code_with("refuse"), 3) << "a refusal is found out again";
  EXPECT_EQ(code_with("sound"), 0);
}

TEST_F(PlannedArtefacts, AreCheckedOnceTheDataIsInTheLab) {
  write_spec("made: {test.making: {counting: refuse}}");
  fs::create_directory(path("lab"));
  const auto before = plan_text();
  EXPECT_EQ(before.exit_code, 0) << before.err;
  EXPECT_THAT(before.out, HasSubstr("the settings of artefacts are checked once their data set is "
                                    "in the lab\n"));
  EXPECT_TRUE(fs::is_empty(path("lab")));
  const auto refused = run();
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_EQ(refused.err,
            "vectors, rewards of test.making, for 2 runs: making: room: 0 is refused\n");
  EXPECT_TRUE(nothing_is_made());
  const auto after = plan_text();
  EXPECT_EQ(after.err, refused.err);
  EXPECT_EQ(after.out, "");
}

TEST_F(PlannedArtefacts, HaveNoEstimateWhenTheCountingFailsOtherwise) {
  write_spec("made: {test.making: {counting: throw}}");
  import_data();
  const json planned = plan();
  EXPECT_TRUE(planned.at("artefacts")[0].at("seconds").is_null());
  EXPECT_EQ(run().exit_code, 0);
}

TEST_F(PlannedArtefacts, SayHowManyAreEstimatedWhenTheCountingEndsEarly) {
  // The worker counts in the order of the plan.
  write_spec("a: test.making, b: {test.making: {counting: crash, portion: 0.5}}",
             "grid: {reward: [a, b]}\n", "");
  import_data();
  const auto planned = plan_text();
  ASSERT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, testing::ContainsRegex("artefact vectors of test.making: 2 to make, for "
                                                  "4 runs, about [^,]+ \\(1 of 2 estimated\\)"));
  EXPECT_THAT(planned.out, HasSubstr("; 2 of 4 artefacts estimated, because the worker that "
                                     "counted their work was ended by SIGKILL, so all of it takes "
                                     "longer)\n"));
  write_spec("made: test.making");
  EXPECT_THAT(plan_text().out, testing::Not(HasSubstr("estimated,"))) << "all is counted";
}

TEST_F(PlannedArtefacts, StateTheMemoryAndTheDiskThatTheyTake) {
  write_spec("made: {test.making: {memory: 1000000}}");
  import_data();
  EXPECT_THAT(plan_text().out, testing::ContainsRegex(
                                   "artefact vectors of test.making: 1 to make, for 2 runs, about "
                                   ".+, 656 B of disk, 1.0 MB of memory\n"));
  const json planned = plan();
  EXPECT_EQ(planned.at("artefacts")[1].at("memory_bytes"), 1000000);
  EXPECT_EQ(planned.at("memory").at("needed_bytes"), 1000000);
  EXPECT_EQ(run().exit_code, 0);
  EXPECT_TRUE(plan().at("memory").at("needed_bytes").is_null()) << "they are made";
}

TEST_F(PlannedArtefacts, ThatTakeMoreMemoryThanThereIsAreWarnedOfAndNotBegunHere) {
  write_spec("made: {test.making: {memory: 4000000000000000}}");
  import_data();
  const std::string problem =
      "vectors, rewards of test.making, for 2 runs: the making needs about 4.0 PB of memory, but ";
  const auto planned = plan_text();
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("warning: " + problem));
  const auto refused = run();
  EXPECT_EQ(refused.exit_code, 4) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr(problem));
  EXPECT_THAT(refused.err, HasSubstr(" are available on this machine\nNothing was made. Free some "
                                     "memory, name a smaller model, or do the tasks"));
  EXPECT_TRUE(nothing_is_made());
  const auto tasks = call({"tasks", path("spec.yaml")});
  EXPECT_EQ(tasks.exit_code, 0) << "they may be done elsewhere: " << tasks.err;
}

TEST_F(PlannedArtefacts, WhoseCountingRunsOutOfMemoryAreNotBegunHere) {
  write_spec("made: {test.making: {counting: exhaust}}");
  import_data();
  const std::string problem =
      "vectors, rewards of test.making, for 2 runs: out of memory while its work was counted";
  EXPECT_THAT(plan_text().out, HasSubstr("warning: " + problem));
  const auto refused = run();
  EXPECT_EQ(refused.exit_code, 4) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr(problem));
}

}  // namespace
}  // namespace lea
