// lealab lm: a language model's ids, probabilities and continuations. The worker computes them.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/commands.h"
#include "core/lab/process.h"
#include "core/spec/error.h"
#include "core/spec/json_field.h"
#include "core/spec/text.h"

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
  command.insert(command.end(), {"--text-file", options.text, "--dtype", options.dtype});
  command.insert(command.end(), {"--device", options.device});
  command.insert(command.end(), {"--max-new-tokens", std::to_string(options.new_tokens)});
  if (!options.adapter.empty()) command.insert(command.end(), {"--adapter", options.adapter});
  const auto ended = lab::run_process(command, kSeconds, kOutputLimit);
  if (ended.exit_code == 0) return ended.out;
  const std::string reason = printable(ended.err.substr(0, ended.err.find('\n')));
  if (ended.exit_code > 0 && !reason.empty())
    throw Error(static_cast<Exit>(ended.exit_code), reason);
  throw Error(Exit::kInternal, "the worker was ended by signal " + std::to_string(ended.signal) +
                                   (reason.empty() ? "" : ": " + reason));
}

void run(const std::string& task, const Options& options) {
  const std::string out = ask_worker(task, options);
  if (options.json) {
    std::printf("%s", out.c_str());
    return;
  }
  const nlohmann::json answer = parse_json(out, "the worker's answer");
  const auto ids = answer.at("ids").get<std::vector<int64_t>>();
  std::printf("%zu tokens\n", ids.size());
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

CLI::App* add(CLI::App* lm, const std::string& task, const std::string& meaning,
              const std::string& text_option, const std::shared_ptr<Options>& options) {
  CLI::App* command = lm->add_subcommand(task, meaning);
  command->add_option("folder", options->folder, "a Hugging Face folder")->required();
  command->add_option(text_option, options->text, "a file of UTF-8 text, read as it is")
      ->required();
  command->add_flag("--json", options->json, "for scripts");
  command->callback([task, options] { run(task, *options); });
  if (task == "tokenize") return command;
  command->add_option("--dtype", options->dtype, "what it computes in")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  command->add_option("--device", options->device, "cpu, cuda or cuda:N")->capture_default_str();
  command->add_option("--adapter", options->adapter,
                      "a folder with a LoRA adapter, as PEFT saves it");
  return command;
}

}  // namespace

void add_lm(CLI::App& app) {
  CLI::App* lm = app.add_subcommand("lm", "what a language model makes of a text");
  lm->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add(lm, "tokenize", "ids, with the special tokens that the folder adds", "--text-file", options);
  add(lm, "score", "ids, and the natural-log probability of each given those before it",
      "--text-file", options);
  add(lm, "generate", "ids of the most probable continuation", "--prompt-file", options)
      ->add_option("--max-new-tokens", options->new_tokens, "an end id stops it before")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

}  // namespace lea::cli
