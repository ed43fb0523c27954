// `lealab-worker`: the only program that loads plugins. One process a task; JSON lines on stdout,
// text for people on stderr, exit codes of core/base/error.h.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "core/base/error.h"
#include "core/run/open_call.h"
#include "core/train/plugin_call.h"
#include "core/worker/artefact_questions.h"
#include "core/worker/language.h"
#include "core/worker/measure.h"
#include "core/worker/prepare.h"
#include "core/worker/probe.h"
#include "core/worker/provenance.h"
#include "core/worker/table_export.h"
#include "core/worker/tasks.h"

int main(int argc, char** argv) {
  // Step-sized buffers are freed and asked for again all the time: keep them instead of returning
  // them to the kernel, which would zero every page anew.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // Without a workspace of its own cuBLAS is not deterministic, and LibTorch refuses to use it.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);

  CLI::App app{"Runs one task for lealab"};
  app.name("lealab-worker");
  app.require_subcommand(1);
  int exit_code = 0;

  std::string file;
  auto* probe = app.add_subcommand("probe", "check one plugin library and print what it registers");
  probe->add_option("file", file, "the library")->required();
  probe->callback([&] { exit_code = lea::worker::run_probe(file); });

  lea::worker::TaskOptions options;
  const auto add_common = [&](CLI::App* command) {
    command->add_option("--lab", options.lab, "the lab's folder")->required();
    command->add_option("--run", options.run, "the folder of the run or artefact")->required();
    command->add_option("--plugin-dir", options.plugin_dirs,
                        "one more folder with plugins (repeatable)");
  };
  auto* train = app.add_subcommand("train", "train and test the run, or resume it");
  add_common(train);
  train->add_option("--parent", options.parent, "stop when this process is gone at the start");
  train->add_option("--claim", options.claim, "the inherited descriptor of the run's claim");
  train
      ->add_option_function<std::string>(
          "--test", [&options](const std::string& test) { options.test = test == "open"; },
          "rank the test part, also of a run that has finished without, or keep it closed")
      ->check(CLI::IsMember({"open", "closed"}));
  train->callback([&] { exit_code = lea::worker::run_training(options); });

  auto* prepare = app.add_subcommand("prepare", "make the artefact, or go on with it");
  add_common(prepare);
  prepare->add_option("--parent", options.parent, "stop when this process is gone at the start");
  prepare->add_option("--claim", options.claim, "the inherited descriptor of the artefact's claim");
  prepare->callback([&] { exit_code = lea::worker::run_preparing(options); });

  // A task notes the plugin's method that runs in its folder. Other commands are given a file for it.
  std::string call;
  const auto add_call = [&](CLI::App* command) {
    command->add_option("--call", call, "a file: notes there which method of a plugin runs");
  };
  std::optional<lea::run::OpenCallFile> call_file;
  const auto note_calls = [&] {
    if (call.empty()) return;
    call_file.emplace(call);
    lea::train::show_calls_in(call_file->memory(), lea::run::kCallBytes);
  };

  lea::worker::ScoreOptions score_options;
  auto* score =
      app.add_subcommand("score", "write the scores or top items of a finished run's test events");
  add_common(score);
  score
      ->add_option("--what", score_options.what,
                   "scores: float32 [events, N]; topk: int32 [events, K]")
      ->check(CLI::IsMember({"scores", "topk"}));
  score->add_option("--k", score_options.k, "K of topk");
  score->add_option("--out", score_options.out, "raw little-endian file")->required();
  add_call(score);
  score->callback([&] {
    note_calls();
    exit_code = lea::worker::run_scoring(options, score_options);
  });

  std::string table_name, table_out;
  auto* table = app.add_subcommand(
      "table", "write the rewards or states of an artefact for the environment `table`");
  add_common(table);
  table->add_option("--what", table_name, "rewards or states")
      ->check(CLI::IsMember({"rewards", "states"}))
      ->required();
  table->add_option("--out", table_out, "safetensors file")->required();
  add_call(table);
  table->callback(
      [&] { exit_code = lea::worker::run_table_export(options, table_name, table_out); });

  lea::worker::LanguageOptions language;
  auto* lm = app.add_subcommand(
      "lm", "show a language model, or tokenize, score or continue a text with it");
  lm->add_option("task", language.task)
      ->check(CLI::IsMember({"show", "tokenize", "score", "generate"}))
      ->required();
  lm->add_option("folder", language.folder, "a Hugging Face folder")->required();
  lm->add_option("--text-file", language.text, "UTF-8; show needs none");
  lm->add_option("--dtype", language.dtype)->check(CLI::IsMember({"float32", "bfloat16"}));
  lm->add_option("--device", language.device);
  lm->add_option("--adapter", language.adapter);
  lm->add_option("--max-new-tokens", language.new_tokens);
  lm->callback([&] { exit_code = lea::worker::run_language(language); });

  int threads = 1;
  std::string device = "cpu";
  auto* machine = app.add_subcommand(
      "machine", "print the kind of this machine, which results depend on, as one line of JSON");
  machine->add_option("--threads", threads, "threads of a run")->check(CLI::Range(1, 1024));
  machine->add_option("--device", device, "cpu, cuda or cuda:N");
  machine->callback([&] { exit_code = lea::worker::print_machine(threads, device); });

  std::string folder = ".";
  auto* measure = app.add_subcommand(
      "measure", "measure the pace of this machine for the making of artefacts, in 15 seconds");
  measure->add_option("--threads", threads)->check(CLI::Range(1, 1024));
  measure->add_option("--device", device, "cpu, cuda or cuda:N");
  measure->add_option("--folder", folder, "where bytes are written, to measure that");
  measure->callback([&] { exit_code = lea::worker::run_measuring(threads, device, folder); });

  std::string artefacts;
  const auto add_question = [&](CLI::App* command) {
    command->add_option("--lab", options.lab, "the lab's folder")->required();
    command->add_option("--artefacts", artefacts, "a file: a list of artefact.json")->required();
    command->add_option("--plugin-dir", options.plugin_dirs, "one more folder with plugins");
  };
  auto* count = app.add_subcommand("count", "count the work of making artefacts");
  add_question(count);
  count->callback(
      [&] { exit_code = lea::worker::run_counting(options.lab, artefacts, options.plugin_dirs); });

  int64_t limit = 1;
  auto* show =
      app.add_subcommand("show", "show what the plugins of artefacts would compute, for people");
  add_question(show);
  show->add_option("--limit", limit, "examples of each plugin")->check(CLI::PositiveNumber);
  add_call(show);
  show->callback([&] {
    note_calls();
    exit_code = lea::worker::run_showing(options.lab, artefacts, options.plugin_dirs, limit);
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(lea::Exit::kUsage);
  } catch (const lea::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    exit_code = static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "internal error: %s\n", error.what());
    exit_code = static_cast<int>(lea::Exit::kInternal);
  }
  std::fflush(nullptr);
  // Plugins and LibTorch's registries are never torn down: no destructor of theirs may run at exit.
  std::_Exit(exit_code);
}
