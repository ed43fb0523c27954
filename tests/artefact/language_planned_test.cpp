// What a plan says of the artefacts of the language-model environment before they are made.
#include "tests/artefact/language.h"

namespace lea {
namespace {

using testing::HasSubstr;

class PlannedLanguage : public LanguageStudy {
 protected:
  // The message with which `plan` and `run` refuse the spec, having made nothing.
  std::string refusal(const std::string& setting = "") const {
    std::vector<std::string> command = {"plan", path("spec.yaml")};
    if (!setting.empty()) command.insert(command.end(), {"--set", setting});
    const auto planned = call(command);
    command[0] = "run";
    const auto ran = call(command);
    EXPECT_EQ(planned.exit_code, 3) << planned.out;
    EXPECT_EQ(ran.exit_code, 3) << ran.out;
    EXPECT_EQ(planned.err, ran.err);
    EXPECT_EQ(list(), json::array()) << "something was made";
    return planned.err;
  }
};

TEST_F(PlannedLanguage, IsRefusedForTheSettingsThatTheMakingWouldRefuse) {
  write_study("reward: le\n");
  import_data();
  EXPECT_THAT(refusal("environments.le.item_sentence=\"{item} is called {name}.\""),
              HasSubstr("tokens of lea.le, for 1 run: le: item_sentence: the item texts have no "
                        "column `name`"));
  EXPECT_EQ(refusal("environments.le.hoisted_prompt=\"bought {item}\""),
            "adapter, rewards, quality of lea.le, for 1 run: le: hoisted_prompt: must hold "
            "{history} once, but does not\n");
  std::string separator;
  for (int i = 0; i < 100; ++i) separator += " in order";
  EXPECT_THAT(refusal("environments.le.separator=\"" + separator + "\""),
              HasSubstr("le: data.history: with 4 items the prompt of a state or a reward has "));
  EXPECT_THAT(refusal("environments.le.targets=q_porj"),
              HasSubstr("adapter of lea.le, for 1 run: le: targets: the model has no module "
                        "`q_porj`, did you mean `q_proj`?"));
  EXPECT_THAT(refusal("environments.le.batch_size=1"), HasSubstr("le: batch_size: 1 leaves L_sm "));
}

TEST_F(PlannedLanguage, IsRefusedForAModelWhosePartsContradictEachOther) {
  fs::copy(LEA_SOURCE_DIR "/tests/golden/le/model", path("model"));
  write_study("reward: le\n", "",
              "{le: {model: " + path("model") + ", item_sentence: \"{item} is titled {title}.\"}}");
  import_data();
  const std::string file = path("model/config.json"), sound = read_file(file);
  const auto set = [&](const char* key, int64_t value) {
    json config = json::parse(sound);
    config[key] = value;
    publish_file(file, config.dump());
  };
  set("hidden_size", 32);
  const std::string shapes = refusal();
  EXPECT_THAT(shapes, HasSubstr("lea.le, for 1 run: "));
  EXPECT_THAT(shapes, HasSubstr("model.safetensors: model."));
  EXPECT_THAT(shapes, HasSubstr(": must be ["));
  EXPECT_EQ(std::count(shapes.begin(), shapes.end(), '\n'), 1) << "one message: " << shapes;
  publish_file(file, sound);
  json tokenizer = json::parse(read_file(path("model/tokenizer.json")));
  json& words = tokenizer.at("model").at("vocab");
  for (int id = static_cast<int>(words.size()); id <= 400; ++id)
    words["word" + std::to_string(id)] = id;
  publish_file(path("model/tokenizer.json"), tokenizer.dump());
  EXPECT_THAT(refusal(), HasSubstr("the tokenizer has ids up to 400, but config.json a vocab_size "
                                   "of 400. They are of different models."));
}

TEST_F(PlannedLanguage, HasAnEstimateOfPromptsWithTitles) {
  write_study("reward: le\n", ", items: titles");
  import_data();
  const json artefacts = plan().at("artefacts");
  ASSERT_EQ(artefacts.size(), 4u);
  for (const json& artefact : artefacts) EXPECT_FALSE(artefact.at("seconds").is_null()) << artefact;
}

TEST_F(PlannedLanguage, IsRefusedWithoutAnythingToLearnOrToValidate) {
  write_study("reward: le\n", ", reward_weight: 0, state_weight: 0");
  import_data();
  EXPECT_EQ(refusal(),
            "adapter of lea.le, for 1 run: le: reward_weight and state_weight are both 0, so there "
            "is nothing to learn\n");
  write_study("reward: le\n", ", keep: best, validation_sequences: 0");
  EXPECT_THAT(refusal(), HasSubstr("adapter of lea.le, for 1 run: le: keep: `best` needs training "
                                   "sequences outside of the portion, which validate."));
  write_study("reward: le\n", "", "{text_gru: {reward_weight: 0, state_weight: 0}}");
  EXPECT_THAT(refusal(), HasSubstr("text_gru: reward_weight and state_weight are both 0, so there "
                                   "is nothing to learn"));
}

TEST_F(PlannedLanguage, IsRefusedForLabelsWhereAnAugmenterChoosesByThem) {
  const std::string augment =
      "augment: {supervised_weight: 0.1, q_weight: 0.01, of: {le: {of: le, select: ";
  write_study("reward: le\n" + augment + "labels}}}\n",
              ", labels: \" first| first| third| fourth| fifth\"");
  import_data();
  EXPECT_THAT(refusal(),
              HasSubstr("choices of lea.le, for 1 run: le: labels: ` first` and ` first` "
                        "are the same token of this model"));
  write_study("reward: le\n" + augment + "reward}}}\n",
              ", labels: \" first| first| third| fourth| fifth\"");
  EXPECT_EQ(call({"plan", path("spec.yaml")}).exit_code, 0);
}

TEST_F(PlannedLanguage, IsRefusedForWhatItsAugmenterAsksBeforeTheDataIsInTheLab) {
  fs::create_directory(path("lab"));  // --lab names it, so it must be there
  const auto refused = [&](const std::string& augment) {
    write_study("reward: le\naugment: {" + augment + "}\n");
    const auto planned = call({"plan", path("spec.yaml")});
    EXPECT_EQ(planned.exit_code, planned.err.empty() ? 0 : 3) << planned.out;
    return planned.err;
  };
  EXPECT_THAT(refused("candidates: 7, of: {le: {of: le}}"),
              testing::ContainsRegex("spec.yaml:[0-9]+:[0-9]+: augment.candidates: must be at most "
                                     "5, but is 7: `select: labels` asks lea.le to read lists, and "
                                     "its `labels` has 5 words"));
  EXPECT_THAT(refused("of: {le: {of: {shuffled: {of: le}}}}"),
              HasSubstr("augment.le.of: lea.shuffled cannot choose from a list, as `select: "
                        "labels` asks: name an environment that can, itself and not a wrapper "
                        "around it (there are: lea.le), or state another `select`"));
  EXPECT_THAT(refused("of: {le: {of: {shuffled: {of: le}}, select: state_token}}"),
              HasSubstr("lea.shuffled cannot choose from a list, as `select: state_token` asks"));
  EXPECT_EQ(refused("candidates: 7, of: {le: {of: {shuffled: {of: le}}, select: reward}}"), "");
  EXPECT_TRUE(fs::is_empty(path("lab")));
}

TEST_F(PlannedLanguage, WarnsOfAWideStateThatIsJoinedAsItIs) {
  write_study("state: le\n");
  import_data();
  const auto planned = [&](const std::string& width, const std::string& form = "") {
    std::vector<std::string> command = {"plan", path("spec.yaml"), "--set",
                                        "backbone.width=" + width};
    if (!form.empty()) command.push_back(form);
    const auto result = call(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  const std::string warning =
      "warning: in 1 run the environment's state of width 16 is joined as it is to a hidden state "
      "of width 3, so most of what the Q-head reads, and its scale, are the environment's. `state: "
      "{of: NAME, project: 3}` projects it first.\n";
  EXPECT_THAT(planned("3"), HasSubstr(warning));
  const json as_json = json::parse(planned("3", "--json"));
  EXPECT_EQ(as_json.at("wide_states"),
            json::parse(R"([{"state_width": 16, "backbone_width": 3, "tasks": [0]}])"));
  EXPECT_THAT(planned("4"), testing::Not(HasSubstr("joined as it is"))) << "16 is four times 4";
  ASSERT_NO_FATAL_FAILURE(run_study());
  const std::string made = planned("3");
  EXPECT_THAT(made, HasSubstr("artefact states of lea.le: 1 done ("));
  EXPECT_THAT(made, HasSubstr(warning)) << "the states are there, but the run is not";
  for (const char* form : {"project: 4", "combine: replace"}) {
    write_study(std::string("state: {of: le, ") + form + "}\n");
    EXPECT_THAT(planned("3"), testing::Not(HasSubstr("joined as it is"))) << form;
  }
}

TEST_F(PlannedLanguage, IsRefusedForEachVariantWithItsOwnReason) {
  std::string wordless = language_environment();
  const std::string place = ": {history} next";
  wordless.replace(wordless.find(place), place.size(), "");
  std::string nameless = language_environment();
  nameless.replace(nameless.find("{title}"), 7, "{name}");
  write_study("grid: {reward: [le, wordless, nameless]}\n", "",
              language_environment() + ", wordless: " + wordless + ", nameless: " + nameless);
  import_data();
  const std::string both = refusal();
  EXPECT_THAT(both, HasSubstr("adapter, rewards, quality of lea.le, for 1 run (wordless): le: "
                              "hoisted_prompt: must hold {history} once, but does not\n"));
  EXPECT_THAT(both, HasSubstr("tokens of lea.le, for 1 run (nameless): le: item_sentence: the item "
                              "texts have no column `name`"));
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2) << both;
}

TEST_F(PlannedLanguage, StatesTheMemoryAndTheDiskOfEachArtefact) {
  write_study("reward: le\nstate: {of: le, project: 4}\n");
  import_data();
  const auto text = call({"plan", path("spec.yaml")});
  // large_language_test.cpp compares the bytes of memory with arithmetic of its own.
  for (const char* kind : {"tokens", "adapter", "states", "rewards", "quality"}) {
    EXPECT_THAT(text.out, testing::ContainsRegex(std::string("artefact ") + kind +
                                                 " of lea.le: 1 to make, for 1 run, "
                                                 "about .+ of disk, [0-9.]+ .?B of memory\n"));
  }
  std::map<std::string, json> planned;
  const json all = plan();
  for (const json& artefact : all.at("artefacts")) planned[artefact.at("name")] = artefact;
  ASSERT_EQ(planned.size(), 5u);
  EXPECT_EQ(planned.at("tokens of lea.le").at("bytes"), 40 * 16 * 4);
  ASSERT_NO_FATAL_FAILURE(run_study());
  for (const char* kind : {"states", "rewards"}) {
    const auto size =
        static_cast<int64_t>(fs::file_size(folder(key(kind)) + "/files/" + kind + ".safetensors"));
    const int64_t bytes = planned.at(std::string(kind) + " of lea.le").at("bytes");
    EXPECT_GT(size, bytes) << kind;
    EXPECT_LT(size, bytes + 300) << kind << " with its header";
  }
}

}  // namespace
}  // namespace lea
