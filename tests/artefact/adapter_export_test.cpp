// The adapter of a language-model environment as a folder for transformers and PEFT, with a card.
#include "tests/artefact/language.h"

namespace lea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class AdapterExport : public LanguageStudy {
 protected:
  lab::ProcessResult export_of(const std::string& key, const std::string& out) const {
    return call({"export", "adapter", key, "--out", path(out)});
  }
  // The message of a refusal that leaves nothing behind.
  std::string refused(const std::string& key) const {
    const auto result = export_of(key, "refused");
    EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
    EXPECT_FALSE(fs::exists(path("refused")));
    return result.err;
  }
};

TEST_F(AdapterExport, HasTheFilesOfPeftAtTheTopAndTheOthersBesideThem) {
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(run_study());
  const std::string adapter = key("adapter");
  const auto exported = export_of(adapter.substr(0, 12), "adapter");
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_THAT(exported.out, HasSubstr(path("adapter") + ": adapter of lea.le, 6 files, "));
  const auto files = files_below(path("adapter"));
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("README.md", "adapter_config.json", "adapter_model.safetensors",
                                 "figures.safetensors", "head.safetensors", "tokens.safetensors"));
  const auto of_artefact = files_below(folder(adapter) + "/files");
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"})
    EXPECT_TRUE(files.at(name) == of_artefact.at(std::string("adapter/") + name)) << name;
  for (const char* name : {"figures.safetensors", "head.safetensors", "tokens.safetensors"})
    EXPECT_TRUE(files.at(name) == of_artefact.at(name)) << name;

  ASSERT_EQ(export_of(adapter, "again").exit_code, 0);
  EXPECT_TRUE(files_below(path("again")) == files);
}

TEST_F(AdapterExport, HasACardThatSaysHowItWasMadeAndHowToOpenIt) {
  write_study("reward: le\n", ", seed: 7");
  ASSERT_NO_FATAL_FAILURE(run_study());
  const std::string adapter = key("adapter");
  ASSERT_EQ(export_of(adapter, "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  EXPECT_THAT(card, testing::StartsWith("---\nlibrary_name: peft\nbase_model: \"model\"\n---\n"));
  EXPECT_THAT(card, HasSubstr("- Made: adapter of lea.le, artefact " + adapter));
  EXPECT_THAT(card, HasSubstr("- Made from: tokens of lea.le, artefact " + key("tokens")));
  for (const char* kind : {"adapter", "tokens"}) {
    const json header = json::parse(read_file(folder(key(kind)) + "/artefact.json"));
    for (const auto& [name, sum] : header.at("reads").items())
      EXPECT_THAT(card, HasSubstr("read " + name + ": sha256 " + sum.get<std::string>()));
  }
  EXPECT_THAT(card, HasSubstr("- Data set: toy, histories of at most 4 items\n"));
  EXPECT_THAT(card, HasSubstr("- Split: `{\"by\":\"sequence\""));
  for (const char* setting :
       {"\"portion\": 0.5", "\"seed\": 7", "\"steps\": 4", "\"path\": \"model\"",
        "\"item_sentence\": \"{item} is titled {title}.\"", "\"order\": \"hoisted\""})
    EXPECT_THAT(card, HasSubstr(setting));
  EXPECT_THAT(card, Not(HasSubstr("selection_prompt"))) << "the adapter does not depend on it";
  EXPECT_THAT(card, Not(HasSubstr(LEA_SOURCE_DIR))) << "a path of this machine";
  const json quality = json::parse(call({"artefacts", "show", key("quality")}).out).at("quality");
  char accuracy[32];
  std::snprintf(accuracy, sizeof accuracy, "%.6g", quality.at("reward_accuracy").get<double>());
  EXPECT_THAT(card, HasSubstr(std::string("| quality | reward_accuracy | ") + accuracy + " |\n"));
  EXPECT_THAT(card, HasSubstr("| adapter | steps | 4 |\n"));
  EXPECT_THAT(card, HasSubstr("- `head.safetensors`: `bias` F32 [1], `weight` F32 [16]\n"));
  EXPECT_THAT(card, HasSubstr("- `tokens.safetensors`: `tokens` F32 [40, 16]\n"));
  EXPECT_THAT(card, HasSubstr("PeftModel.from_pretrained(model, folder)"));
  EXPECT_THAT(card, HasSubstr("at the prompt's last position, plus `bias`"));
  EXPECT_THAT(card, HasSubstr("state = found.hidden_states[-1][0, -1]\n"));
  EXPECT_THAT(card, HasSubstr("reward = state @ head[\"weight\"] + head[\"bias\"]\n"));
}

TEST_F(AdapterExport, ShowsPromptsWithTitlesWhereTheyWereTrainedSo) {
  write_study("reward: le\n", ", items: titles, title: \"{title}\"");
  ASSERT_NO_FATAL_FAILURE(run_study());
  ASSERT_EQ(export_of(key("adapter"), "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  EXPECT_THAT(card,
              HasSubstr("Entry j - 1 of `titles.json` is the text that stands in a prompt for "
                        "item j"));
  EXPECT_THAT(card, HasSubstr("- `titles.json`: the text of each item in a prompt, as a list\n"));
  EXPECT_THAT(card, HasSubstr("import json\nimport torch\n"));
  EXPECT_THAT(card, HasSubstr("    return words(titles[number - 1]) or words(\"unknown\")\n"));
  EXPECT_THAT(card, HasSubstr("found = model(torch.tensor([ids]), output_hidden_states=True)\n"));
  EXPECT_THAT(card, HasSubstr("reward = state @ head[\"weight\"] + head[\"bias\"]\n"));
  EXPECT_THAT(card, Not(HasSubstr("inputs_embeds")));
  EXPECT_THAT(card, Not(HasSubstr("which stands in a prompt in the place of a word's embedding")));
}

TEST_F(AdapterExport, ListsManyTensorsByTheirModules) {
  write_study("reward: le\n", ", targets: \"q_proj v_proj down_proj\"");
  ASSERT_NO_FATAL_FAILURE(run_study());
  ASSERT_EQ(export_of(key("adapter"), "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  EXPECT_THAT(card, HasSubstr("- `adapter_model.safetensors`: 12 tensors, the matrices A and B of "
                              "`down_proj` (2 layers), `q_proj` (2 layers), `v_proj` (2 "
                              "layers)\n"));
  EXPECT_THAT(card, Not(HasSubstr("lora_A")));
}

TEST_F(AdapterExport, ShowsWhereStatesAndRewardsAreRead) {
  write_study("reward: le\n", ", hidden_state: mean");
  ASSERT_NO_FATAL_FAILURE(run_study());
  ASSERT_EQ(export_of(key("adapter"), "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  EXPECT_THAT(card, HasSubstr("\"hidden_state\": \"mean\""));
  EXPECT_THAT(card, HasSubstr("in the mean over the prompt's positions, plus `bias`"));
  EXPECT_THAT(card, HasSubstr("state = found.hidden_states[-1][0].mean(0)\n"));
}

TEST_F(AdapterExport, SaysThatAnAdapterOnRandomWeightsIsOfNoUseWithTheTrainedModel) {
  write_study("reward: le\n", ", weights: random, seed: 7");
  ASSERT_NO_FATAL_FAILURE(run_study());
  ASSERT_EQ(export_of(key("adapter"), "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  EXPECT_THAT(card, testing::StartsWith("---\nlibrary_name: peft\n---\n")) << "it names no base";
  EXPECT_THAT(card, HasSubstr("**The language model had random weights, so this adapter is of no "
                              "use with the trained model.**"));
  EXPECT_THAT(card,
              HasSubstr("normal with mean 0 and standard deviation 0.02; norms were 1 and "
                        "biases 0. The seed was 7, and the numbers were rounded to float32."));
  EXPECT_THAT(card, HasSubstr("- Language model: model, but with random weights\n"));
  EXPECT_THAT(card, Not(HasSubstr("from_pretrained")));
  EXPECT_THAT(card, HasSubstr("- `tokens.safetensors`: `tokens` F32 [40, 16]\n"));
}

TEST_F(AdapterExport, LeavesOutOfItsCardWhatChangedNothing) {
  write_study("reward: le\n", ", token_iterations: 0, token_start: closed_form, items: tokens");
  std::string spec = read_file(path("spec.yaml"));
  const std::string iterations = "token_iterations: 3, ";
  spec.erase(spec.find(iterations), iterations.size());
  write("spec.yaml", spec);
  ASSERT_NO_FATAL_FAILURE(run_study());
  ASSERT_EQ(export_of(key("adapter"), "adapter").exit_code, 0);
  const std::string card = read_file(path("adapter/README.md"));
  for (const char* name : {"title", "token_penalty", "user_prompt", "action_prompt", "epochs"})
    EXPECT_THAT(card, Not(HasSubstr("\"" + std::string(name) + "\""))) << name;
  for (const char* name : {"hoisted_prompt", "seed", "token_iterations"})
    EXPECT_THAT(card, HasSubstr("\"" + std::string(name) + "\"")) << name;
}

TEST_F(AdapterExport, RefusesWhatIsNoSoundFinishedAdapter) {
  write_study("reward: le\n");
  ASSERT_NO_FATAL_FAILURE(run_study());
  const std::string adapter = key("adapter"), rewards = key("rewards");
  fs::create_directory(path("there"));
  const auto there = export_of(adapter, "there");
  EXPECT_EQ(there.exit_code, 3) << there.out;
  EXPECT_EQ(there.err, path("there") + ": exists already; name a new folder, or remove it.\n");
  EXPECT_TRUE(fs::is_empty(path("there")));
  EXPECT_THAT(call({"export", "adapter", "--out", path("refused")}).err,
              HasSubstr("which artefact? Give its key or the first digits"));
  EXPECT_EQ(refused(rewards),
            "artefact " + rewards.substr(0, 12) +
                ": cannot be exported: it is the rewards of lea.le, which holds no adapter: that "
                "would be adapter_config.json and adapter_model.safetensors in one folder. It "
                "holds rewards.safetensors.\n");
  const std::string file = folder(adapter) + "/files/head.safetensors";
  const std::string bytes = read_file(file);
  std::string damaged = bytes;
  damaged.back() ^= 1;
  publish_file(file, damaged);
  EXPECT_THAT(refused(adapter), HasSubstr("is damaged: it has another checksum"));
  publish_file(file, bytes);
  fs::remove(folder(adapter) + "/result.json");
  EXPECT_THAT(refused(adapter), HasSubstr("it is not finished. `lealab run` makes it."));
}

}  // namespace
}  // namespace lea
