// The command `lealab lm`: a language model's shape, ids, probabilities and continuations of texts.
// The worker computes them.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/commands.h"
#include "core/base/device_name.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lab/process.h"

namespace lea::cli {
namespace {

constexpr double kSeconds = 24 * 3600;
constexpr size_t kOutputLimit = size_t{1} << 30;

struct Options {
  std::string folder, text, dtype = "float32", device = "cpu", adapter;
  int64_t new_tokens = 64;
  bool json = false;
};

std::string ask_worker(const std::string& task, const Options& options) {
  std::vector<std::string> command = {lab::worker_path(), "lm", task, options.folder};
  if (task != "show") command.insert(command.end(), {"--text-file", options.text});
  command.insert(command.end(), {"--dtype", options.dtype, "--device", options.device});
  command.insert(command.end(), {"--max-new-tokens", std::to_string(options.new_tokens)});
  if (!options.adapter.empty()) command.insert(command.end(), {"--adapter", options.adapter});
  return lab::output_of(lab::run_process(command, kSeconds, kOutputLimit));
}

// Lines and tabs stay; other characters that would control a terminal are printed as \xNN.
void print_text(const std::string& text) {
  std::string shown;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find_first_of("\n\t", begin), text.size());
    shown += printable(std::string_view(text).substr(begin, end - begin));
    if (end < text.size()) shown += text[end];
    begin = end + 1;
  }
  std::printf("%s\n", shown.c_str());
}

void run(const std::string& task, const Options& options) {
  const std::string out = ask_worker(task, options);
  if (options.json) {
    std::printf("%s", out.c_str());
    return;
  }
  const nlohmann::json answer = parse_json(out, "the worker's answer");
  if (task == "generate") {
    print_text(answer.at("text").get<std::string>());
    return;
  }
  const auto ids = answer.at("ids").get<std::vector<int64_t>>();
  std::printf("%s\n", counted(std::ssize(ids), "token").c_str());
  const bool scored = answer.contains("logprobs");
  const auto scores =
      scored ? answer["logprobs"].get<std::vector<double>>() : std::vector<double>();
  for (size_t i = 0; i < ids.size(); ++i) {
    std::printf("%lld", static_cast<long long>(ids[i]));
    if (scored && i > 0) std::printf("\t%.6f", scores[i - 1]);
    std::printf("%s", scored || i + 1 == ids.size() ? "\n" : " ");
  }
  if (scores.empty()) return;
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  std::printf("mean log-probability %.6f\n", sum / static_cast<double>(scores.size()));
}

std::string mib(const nlohmann::json& bytes) {
  return std::to_string((bytes.get<int64_t>() + (1 << 20) - 1) >> 20) + " MiB";
}

void print_line(const char* name, const std::string& text) {
  std::printf("%-12s%s\n", name, printable(text).c_str());
}

// When a part of the model is not supported, its facts are absent or have the form of the model's
// file.
void print_model(const nlohmann::json& model) {
  const auto has = [&](const char* key) { return model.contains(key); };
  const auto text = [&](const char* key) {
    if (!has(key)) return std::string("?");
    const nlohmann::json& value = model.at(key);
    return value.is_number_integer() ? std::to_string(value.get<int64_t>())
           : value.is_string()       ? value.get<std::string>()
                                     : value.dump();
  };
  const auto number_of = [&](const char* key, const std::string& noun) {
    return text(key) + " " + noun + (text(key) == "1" ? "" : "s");
  };
  print_line("family", text("family"));
  print_line("shape", number_of("layers", "layer") + ", " + text("width") + " wide, " +
                          number_of("heads", "head") + ", " + text("key_heads") + " of keys, " +
                          text("inner") + " inside the MLP");
  print_line("vocabulary", text("vocabulary") + " (the tokenizer has " + text("tokenizer") + ")" +
                               (has("tied") && model.at("tied") == true ? ", tied head" : ""));
  std::string windows;
  if (has("windows")) {
    const auto all = model.at("windows").get<std::vector<int64_t>>();
    const auto sliding = std::count_if(all.begin(), all.end(), [](int64_t w) { return w > 0; });
    if (sliding > 0) {
      windows = "; " + counted(sliding, "layer") + (sliding == 1 ? " sees" : " see") +
                " the last " + std::to_string(*std::max_element(all.begin(), all.end()));
    }
  }
  print_line("context", number_of("context", "token") + windows);
  if (has("parameters")) {
    std::string dtypes;
    for (const auto& [dtype, count] : model.at("dtypes").items())
      dtypes += (dtypes.empty() ? "" : ", ") + dtype;
    print_line("weights", number_of("parameters", "number") + " in " +
                              counted(model.at("files").get<int64_t>(), "file") + ", " +
                              mib(model.at("bytes")) + ", " + dtypes);
  }
  if (!has("memory")) return;
  std::printf("\n%-12s%16s%16s%18s%18s\n", "memory", "mapped", "copied", "inference", "LoRA");
  for (const auto& [dtype, of] : model.at("memory").items()) {
    std::printf("%-12s%16s%16s%18s%18s\n", dtype.c_str(), mib(of["inference"]["mapped"]).c_str(),
                mib(of["inference"]["copied"]).c_str(),
                ("+ " + mib(of["inference"]["working"])).c_str(),
                ("+ " + mib(of["training"]["working"])).c_str());
  }
  std::printf(
      "Mapped weights stay in their files. Inference: a pass of 4,096 rows. LoRA: a step of rank "
      "8\n"
      "on q_proj, k_proj and v_proj, 1,024 rows in prompts of 64. LibTorch itself takes some 300 "
      "MiB.\n");
}

// Throws DataError with all reasons for a refusal in one line, so that scripts see them, too.
void show(const Options& options) {
  const std::string out = ask_worker("show", options);
  const nlohmann::json model = parse_json(out, "the worker's answer");
  if (options.json)
    std::printf("%s", out.c_str());
  else
    print_model(model);
  std::string reasons;
  for (const auto& reason : model.at("refused"))
    reasons += (reasons.empty() ? "" : "; ") + reason.get<std::string>();
  std::fflush(stdout);
  if (!reasons.empty()) throw DataError(reasons);
}

// Refuses an empty argument, because it usually comes from an unset variable in a script.
std::string require_text(const std::string& text) { return text.empty() ? "is empty" : ""; }

CLI::App* add(CLI::App* lm, const std::string& task, const std::string& meaning,
              const std::string& text_option, const std::shared_ptr<Options>& options) {
  CLI::App* command = lm->add_subcommand(task, meaning);
  command->add_option("folder", options->folder, "a Hugging Face folder")
      ->required()
      ->check(require_text);
  command->add_option(text_option, options->text, "a file of UTF-8 text, read as it is")
      ->required();
  command->add_flag("--json", options->json, "for scripts");
  command->callback([task, options] { run(task, *options); });
  if (task == "tokenize") return command;
  command->add_option("--dtype", options->dtype, "what it computes in")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  command->add_option("--device", options->device, "cpu, cuda or cuda:N")
      ->check([](const std::string& name) {
        return is_device_name(name) ? "" : in_backticks(name) + " is not cpu, cuda or cuda:N";
      })
      ->capture_default_str();
  command
      ->add_option("--adapter", options->adapter, "a folder with a LoRA adapter, as PEFT saves it")
      ->check(require_text);
  return command;
}

}  // namespace

void add_lm(CLI::App& app) {
  CLI::App* lm = app.add_subcommand("lm", "what a language model is, and makes of a text");
  lm->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  CLI::App* shown =
      lm->add_subcommand("show", "its shape, what memory it needs, and what is not supported");
  shown->add_option("folder", options->folder, "a Hugging Face folder")
      ->required()
      ->check(require_text);
  shown->add_flag("--json", options->json, "for scripts");
  shown->callback([options] { show(*options); });
  add(lm, "tokenize", "ids, with the special tokens that the folder adds", "--text-file", options);
  add(lm, "score", "ids, and the natural-log probability of each given those before it",
      "--text-file", options);
  add(lm, "generate", "the most probable continuation", "--prompt-file", options)
      ->add_option("--max-new-tokens", options->new_tokens,
                   "an end id, or the end of the context, stops it before")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

}  // namespace lea::cli
