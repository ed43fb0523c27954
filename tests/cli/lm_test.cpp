// `lealab lm` as a user calls it, on the tiny models of tests/golden/lm.
#include <nlohmann/json.hpp>

#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
namespace fs = std::filesystem;

class LmCommand : public LabCommand {
 protected:
  // A tiny model whose tokenizer has ids below its vocabulary of 48: single letters.
  LmCommand() {
    fs::copy(LEA_SOURCE_DIR "/tests/golden/lm/models/llama3_new", path("model"));
    nlohmann::json vocabulary = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
    for (char c = 'a'; c <= 'z'; ++c) vocabulary[std::string(1, c)] = 3 + (c - 'a');
    write("model/tokenizer.json",
          nlohmann::json{
              {"model",
               {{"type", "BPE"},
                {"unk_token", "<unk>"},
                {"vocab", vocabulary},
                {"merges", nlohmann::json::array()}}},
              {"added_tokens",
               {{{"id", 2},
                 {"content", "</s>"},
                 {"single_word", false},
                 {"lstrip", false},
                 {"rstrip", false},
                 {"normalized", false},
                 {"special", true}}}},
              {"post_processor",
               {{"type", "TemplateProcessing"},
                {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                {"special_tokens", {{"<s>", {{"ids", {1}}}}}}}}}
              .dump());
    write("text", "abc</s>d?");
  }
  lab::ProcessResult lm(const std::string& task, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"lm", task, path("model"),
                               task == "generate" ? "--prompt-file" : "--text-file", path("text")});
    return lealab(more);
  }
  nlohmann::json json(const std::string& task, std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    const auto result = lm(task, more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }
  void expect_refused(int code, const std::string& why, std::vector<std::string> more = {}) const {
    const auto result = lm("score", std::move(more));
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
    const bool is_usage = code == 2;  // a second line names --help
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), is_usage ? 2 : 1)
        << result.err;
  }
  // Changes one key of config.json; null removes it.
  void configure(const std::string& key, const nlohmann::json& value) const {
    std::ifstream in(path("model/config.json"));
    nlohmann::json config = nlohmann::json::parse(in);
    config[key] = value;
    if (value.is_null()) config.erase(key);
    write("model/config.json", config.dump());
  }
};

TEST_F(LmCommand, TokenizesScoresAndGenerates) {
  const nlohmann::json ids = {1, 3, 4, 5, 2, 6, 0};
  EXPECT_EQ(json("tokenize").at("ids"), ids);
  const auto score = json("score");
  EXPECT_EQ(score.at("ids"), ids);
  ASSERT_EQ(score.at("logprobs").size(), 6);
  for (const auto& value : score.at("logprobs")) EXPECT_LT(value.get<double>(), 0);
  const auto generated = json("generate", {"--max-new-tokens", "5"}).at("ids");
  EXPECT_GE(generated.size(), 1);
  EXPECT_LE(generated.size(), 5);
  EXPECT_THAT(lm("score").out, HasSubstr("mean log-probability -"));
}

TEST_F(LmCommand, PrintsTheTextThatItGenerates) {
  const auto answer = json("generate", {"--max-new-tokens", "6"});
  // Without a `decoder` in tokenizer.json the tokens are separated by spaces. The tokenizer has no
  // token for ids above 28, and `</s>` is a special one.
  std::string text;
  for (const int64_t id : answer.at("ids")) {
    if (id == 2 || id > 28) continue;
    if (!text.empty()) text += ' ';
    text += id == 0 ? "<unk>" : id == 1 ? "<s>" : std::string(1, static_cast<char>('a' + id - 3));
  }
  EXPECT_EQ(answer.at("text"), text);
  EXPECT_EQ(lm("generate", {"--max-new-tokens", "6"}).out, text + "\n");
}

TEST_F(LmCommand, PrintsNoCharacterThatControlsATerminal) {
  nlohmann::json tokenizer;
  std::ifstream(path("model/tokenizer.json")) >> tokenizer;
  nlohmann::json vocabulary;
  for (int id = 0; id < 48; ++id) vocabulary["\x1b\n\t" + std::to_string(id) + ";"] = id;
  tokenizer["model"] = {
      {"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}};
  tokenizer["decoder"] = {{"type", "Fuse"}};
  tokenizer["added_tokens"] = nlohmann::json::array();
  write("model/tokenizer.json", tokenizer.dump());
  write("text", "");
  const auto answer = json("generate", {"--max-new-tokens", "2"});
  std::string shown, text;
  for (const int64_t id : answer.at("ids")) {
    text += "\x1b\n\t" + std::to_string(id) + ";";
    shown += "\\x1b\n\t" + std::to_string(id) + ";";
  }
  EXPECT_EQ(answer.at("text"), text);
  EXPECT_EQ(lm("generate", {"--max-new-tokens", "2"}).out, shown + "\n");
}

TEST_F(LmCommand, NamesTheFileThatIsAGitLfsPointer) {
  const std::string adapter = LEA_SOURCE_DIR "/tests/golden/lm/adapters/list";
  fs::copy(adapter, path("adapter"));
  for (const char* file : {"model/config.json", "model/model.safetensors.index.json",
                           "model/model-00002-of-00002.safetensors", "model/tokenizer.json",
                           "adapter/adapter_config.json", "adapter/adapter_model.safetensors"}) {
    fs::rename(path(file), path("whole"));
    write(file, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
    std::string message(file);
    message += ": is a Git LFS pointer, not the file itself: run `git lfs pull`.";
    expect_refused(3, message, {"--adapter", path("adapter")});
    if (message.starts_with("model")) {
      const auto shown = lealab({"lm", "show", path("model")});
      EXPECT_EQ(shown.exit_code, 3) << file;
      EXPECT_THAT(shown.err, HasSubstr(message));
    }
    fs::rename(path("whole"), path(file));
  }
}

TEST_F(LmCommand, ShowsAModelAndItsMemory) {
  const auto text = lealab({"lm", "show", path("model")});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("3 layers, 16 wide, 4 heads, 2 of keys, 24 inside the MLP"));
  EXPECT_THAT(text.out, HasSubstr("48 (the tokenizer has 29)"));
  const auto result = lealab({"lm", "show", path("model"), "--json"});
  const auto model = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_EQ(model.at("family"), "llama");
  EXPECT_EQ(model.at("refused"), nlohmann::json::array());
  const int64_t stored = model.at("bytes");  // two bytes each
  EXPECT_EQ(model.at("memory").at("bfloat16").at("inference").at("mapped"), stored);
  EXPECT_EQ(model.at("memory").at("bfloat16").at("inference").at("copied"), 0);
  EXPECT_EQ(model.at("memory").at("float32").at("inference").at("copied"), 2 * stored);
}

TEST_F(LmCommand, ShowsEverythingThatWouldBeRefused) {
  configure("model_type", "gemma2");
  write("model/tokenizer.json", R"({"model": {"type": "WordPiece", "vocab": {}}})");
  const auto result = lealab({"lm", "show", path("model")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("`gemma2` is not supported; supported: llama, mistral"));
  EXPECT_THAT(result.err, HasSubstr("`WordPiece` is not supported; supported: BPE, Unigram"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
  EXPECT_THAT(result.out, HasSubstr("family      gemma2"));  // what can be told is
  EXPECT_THAT(result.out, HasSubstr("numbers in 2 files"));
  const auto json = lealab({"lm", "show", path("model"), "--json"});
  EXPECT_EQ(json.exit_code, 3);
  EXPECT_EQ(nlohmann::json::parse(json.out).at("refused").size(), 2);
}

TEST_F(LmCommand, ShowsThatAWeightWouldBeLeftOut) {
  configure("num_hidden_layers", 2);
  const auto result = lealab({"lm", "show", path("model")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("is no part of a llama model with this config.json"));
}

TEST_F(LmCommand, ShowsNothingOfAFolderThatIsNotThere) {
  const auto result = lealab({"lm", "show", path("nowhere")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, MatchesRegex(".*nowhere: there is no such folder\\.\n"));
  const auto file = lealab({"lm", "show", path("text")});
  EXPECT_EQ(file.exit_code, 3);
  EXPECT_THAT(file.err, HasSubstr("text: is a file, where a folder is needed."));
}

TEST_F(LmCommand, ScoresWithAnAdapter) {
  const std::string adapters = LEA_SOURCE_DIR "/tests/golden/lm/adapters/";
  const auto plain = json("score"), adapted = json("score", {"--adapter", adapters + "list"});
  EXPECT_EQ(plain.at("ids"), adapted.at("ids"));
  EXPECT_NE(plain.at("logprobs"), adapted.at("logprobs"));
  expect_refused(3, "The adapter is of another model", {"--adapter", adapters + "expression"});
  expect_refused(3, "has no adapter_config.json", {"--adapter", path("model")});
  expect_refused(2, "--adapter: is empty", {"--adapter", ""});
}

TEST_F(LmCommand, EndsAGenerationAfterAnEndId) {
  const auto generate = [&] { return json("generate", {"--max-new-tokens", "4"}).at("ids"); };
  const auto free = generate();
  ASSERT_EQ(free.size(), 4);
  const auto first = nlohmann::json::array({free[0]});
  configure("eos_token_id", free[0]);
  EXPECT_EQ(generate(), first);
  write("model/generation_config.json", R"({"eos_token_id": 47})");
  EXPECT_EQ(generate(), free) << "generation_config.json comes before config.json";
  write("model/generation_config.json", nlohmann::json{{"eos_token_id", {47, free[0]}}}.dump());
  EXPECT_EQ(generate(), first);
}

TEST_F(LmCommand, RefusesToGenerateByRulesThatItDoesNotHave) {
  write(
      "model/generation_config.json",
      R"({"do_sample": true, "top_k": 5, "num_beams": 1, "min_length": 0, "bad_words_ids": null})");
  EXPECT_EQ(lm("generate").exit_code, 0);  // none of which changes a greedy generation
  write("model/generation_config.json", R"({"suppress_tokens": [5]})");
  const auto result = lm("generate");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("generation_config.json: suppress_tokens would choose other"));
  EXPECT_EQ(lm("score").exit_code, 0);
  write("model/generation_config.json", R"({"forced_eos_token_id": 0})");
  EXPECT_THAT(lm("generate").err, HasSubstr("forced_eos_token_id would choose other"));
}

TEST_F(LmCommand, RefusesAPromptThatFillsTheContext) {
  write("text", std::string(127, 'a'));
  const auto result = lm("generate");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("text: has 128 tokens, all of the model's context of 128"));
}

TEST_F(LmCommand, SaysThatScoresAreNotFinite) {
  const auto made = lab::run_process({"python3", LEA_SOURCE_DIR "/tools/make_tiny_model", "llama2",
                                      path("huge"), "--dtype", "F32"},
                                     60, 1 << 20);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  std::ifstream in(path("huge/model.safetensors"), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  for (size_t i = bytes.size() - 260 * 32 * 4; i < bytes.size(); i += 4)  // the head
    bytes.replace(i, 4, "\xff\xff\x7f\x7f");                              // the largest number
  write("huge/model.safetensors", bytes);
  for (const char* task : {"score", "generate"}) {
    const std::string option = task == std::string("score") ? "--text-file" : "--prompt-file";
    const auto result = lealab({"lm", task, path("huge"), option, path("text"), "--json"});
    EXPECT_EQ(result.exit_code, 3) << task;
    EXPECT_THAT(result.err, HasSubstr("scores are not finite in Float"));
  }
}

TEST_F(LmCommand, TakesTheTinyModelOfEveryFamily) {
  write("text", "Hello \u00e9 <s>");
  for (const char* family : {"llama2", "llama3", "mistral", "qwen2", "qwen3", "smollm2"}) {
    const auto made = lab::run_process(
        {"python3", LEA_SOURCE_DIR "/tools/make_tiny_model", family, path(family)}, 60, 1 << 20);
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(lealab({"lm", "show", path(family)}).exit_code, 0) << family;
    const auto result =
        lealab({"lm", "score", path(family), "--text-file", path("text"), "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(nlohmann::json::parse(result.out).at("ids"),
              nlohmann::json({256, 72, 101, 108, 108, 111, 32, 195, 169, 32, 256}));
  }
}

TEST_F(LmCommand, SaysHowMuchMemoryIsMissingBeforeItLoads) {
  write("text", std::string(100, 'a'));
  configure("intermediate_size", 1 << 24);  // a pass of it would take gigabytes
  configure("vocab_size", 1 << 24);
  const auto result = lm("score");
  EXPECT_EQ(result.exit_code, 4) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("needs [0-9]+ MiB as float32 .* are available. Free some"));
}

TEST_F(LmCommand, SaysWhatIsWrongWithAModel) {
  expect_refused(2, "--device: `gpu` is not cpu, cuda or cuda:N", {"--device", "gpu"});
  write("text", "ab\xff");
  expect_refused(3, "text: byte 2 is not valid UTF-8");
  write("text", std::string(200, 'a'));
  expect_refused(3, "text: has 201 tokens, more than the model's context of 128");
  write("text", "ab");
  configure("model_type", "gemma2");
  expect_refused(3,
                 "model_type: `gemma2` is not supported; supported: llama, mistral, qwen2, qwen3");
  configure("model_type", "llama");
  configure("rope_parameters", {{"rope_type", "yarn"}, {"factor", 2}});
  expect_refused(3,
                 "rope_parameters: rope_type: `yarn` is not supported; supported: default, "
                 "linear, llama3");
  configure("rope_parameters", nullptr);
  configure("hidden_size", 24);
  expect_refused(3, "model.embed_tokens.weight: must be [48, 24], but is [48, 16]");
  configure("hidden_size", 16);
  configure("num_hidden_layers", 2);
  expect_refused(3, "is no part of a llama model with this config.json");
  configure("num_hidden_layers", 4);
  expect_refused(3, "no file has the tensor model.layers.3.");
  configure("num_hidden_layers", 3);
  configure("vocab_size", 28);
  expect_refused(3, "the tokenizer has ids up to 28, but config.json a vocab_size of 28");
  configure("vocab_size", 48);
  fs::remove(path("model/model-00002-of-00002.safetensors"));
  expect_refused(3, "names model-00002-of-00002.safetensors, which is not there");
  fs::remove(path("model/model.safetensors.index.json"));
  write("model/pytorch_model.bin", "");
  expect_refused(3, "Its *.bin files are pickles, which can run code");
  fs::remove(path("model/config.json"));
  expect_refused(3, "config.json: is missing");
  fs::remove_all(path("model"));
  expect_refused(3, "there is no such folder");
}

}  // namespace
}  // namespace lea
