// The commands `lealab export` and `lealab import`: results for and from other labs and systems.
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/lab/adapter_export.h"
#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/imported_run.h"
#include "core/lab/lab_folder.h"
#include "core/lab/pack.h"
#include "core/lab/rank_writer.h"
#include "core/lab/score_export.h"
#include "core/lab/table_export.h"
#include "core/run/artefact_folder.h"

namespace lea::cli {
namespace {

// The positional arguments of `export ranks RUN` and `export EXPERIMENT` are parsed alike.
struct ExportOptions {
  // what: ranks, scores or topk of a run; rewards, states or adapter of an artefact; or an
  // experiment
  std::string what, run, out, format;
  int64_t k = 20;
};

// The format of what a run gives.
std::string csv_or_npz(const ExportOptions& options) {
  if (options.format == "safetensors")
    throw UsageError("export " + options.what +
                     ": --format must be csv or npz, but is safetensors.");
  return options.format.empty() ? "csv" : options.format;
}

void export_scores(const Globals& globals, const std::string& lab, const ExportOptions& options) {
  lab::ScoreExport request;
  request.what = options.what == "scores" ? lab::ScoreExport::What::kScores
                                          : lab::ScoreExport::What::kTopItems;
  request.k = options.k;
  request.format = csv_or_npz(options);
  request.out = options.out;
  request.plugin_dirs = globals.plugin_dirs;
  const lab::ExportedScores exported =
      lab::export_scores(lab, lab::open_ranked_run(lab, options.run), request);
  if (exported.differing > 0) {
    std::fprintf(stderr,
                 "note: %lld of %s %s otherwise than in ranks.bin: a plugin, LibTorch or the "
                 "machine is another one\n",
                 static_cast<long long>(exported.differing),
                 counted(exported.compared, "event").c_str(),
                 exported.differing == 1 ? "ranks" : "rank");
  }
  print_about(options.out,
              counted(exported.events, "event") + " x " + std::to_string(exported.columns));
}

void export_table(const std::string& lab, const ExportOptions& options) {
  std::string text;
  for (const auto& [name, shape] : lab::export_table(lab, run::find_artefact(lab, options.run),
                                                     options.what, options.out, options.format)) {
    std::vector<std::string> sizes;
    for (const int64_t size : shape) sizes.push_back(std::to_string(size));
    text += (text.empty() ? "" : ", ") + name + " [" + joined(sizes) + "]";
  }
  print_about(options.out, text);
}

// Returns the folder of --out, where its links lead.
std::string folder_of(const ExportOptions& options) {
  require_folder_name(options.out);
  return follow_links(options.out);
}

// The files of a folder have formats of their own.
void require_no_format(const ExportOptions& options) {
  if (options.format.empty()) return;
  throw UsageError("export " + printable(options.what) +
                   ": --format is for ranks, scores, topk, rewards and states. Leave it out.");
}

void export_adapter(const std::string& lab, const ExportOptions& options) {
  require_no_format(options);
  const std::string out = folder_of(options);
  const lab::AdapterExport exported =
      lab::export_adapter(lab, run::find_artefact(lab, options.run), out);
  std::printf("%s: %s, %s, %s\n", out.c_str(), printable(exported.artefact.needed.name()).c_str(),
              counted(std::ssize(exported.files), "file").c_str(),
              lab::size_text(exported.bytes).c_str());
}

void export_packs(const std::string& lab, const ExportOptions& options) {
  require_no_format(options);
  const std::string out = folder_of(options);
  const lab::PackExport exported = lab::export_experiment(lab, options.what, out);
  size_t bytes = 0;
  for (const lab::Packed& pack : exported.packs) {
    bytes += pack.bytes;
    if (pack.without_valid_ranks)
      std::printf("%s: without the ranks of valid, to stay small\n", pack.path.c_str());
    if (pack.bytes > lab::kPackBytes)
      std::printf("%s: has %zu bytes; a pack should stay under %zu\n", pack.path.c_str(),
                  pack.bytes, lab::kPackBytes);
  }
  for (const std::string& sentence : exported.left_out)
    std::printf("left out: %s\n", sentence.c_str());
  std::printf("%s in %s, %zu bytes\n", counted(exported.packs.size(), "run").c_str(), out.c_str(),
              bytes);
  if (exported.damaged.empty()) return;
  std::string message;
  for (const std::string& damaged : exported.damaged) message += damaged + "\n";
  throw DataError(message + "What is damaged was left out; the rest is exported.");
}

void export_command(const ExportOptions& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const bool of_run = options.what == "ranks" || options.what == "scores" || options.what == "topk";
  const bool of_artefact =
      options.what == "rewards" || options.what == "states" || options.what == "adapter";
  if (!of_run && !of_artefact) {
    if (!options.run.empty()) {
      const std::string meant =
          did_you_mean(options.what, {"ranks", "scores", "topk", "rewards", "states", "adapter"});
      throw UsageError("export " + printable(options.what) + " RUN: is not known" +
                       (meant.empty() ? "; export" : meant + " Export") +
                       " ranks, scores or topk RUN, or rewards, states or adapter ARTEFACT");
    }
    return export_packs(lab, options);
  }
  if (of_artefact) {
    if (options.run.empty()) {
      throw UsageError(
          "export " + options.what +
          ": which artefact? Give its key or the first digits, which `lealab artefacts "
          "list` shows.");
    }
    return options.what == "adapter" ? export_adapter(lab, options) : export_table(lab, options);
  }
  if (options.run.empty())
    throw UsageError("export " + options.what + ": which run? Give a uuid or its first digits.");
  if (options.what != "ranks") return export_scores(globals, lab, options);
  const lab::RankedRun run = lab::open_ranked_run(lab, options.run);
  lab::export_ranks(run.ranks, *run.data, csv_or_npz(options), options.out);
  print_about(options.out, counted(std::ssize(run.ranks.file.records), "event"));
}

struct ImportOptions {
  std::vector<std::string> paths;
  lab::RankImport ranks;  // of `ranks FILE`
};

void import_ranks(const std::string& lab, const ImportOptions& options) {
  if (options.paths.size() != 2) throw UsageError("import ranks FILE: needs exactly one file");
  lab::RankImport request = options.ranks;
  request.path = options.paths[1];
  if (request.experiment.empty() || request.name.empty()) {
    throw UsageError(
        "import ranks FILE: needs --experiment E and --name LABEL, its row in the table");
  }
  const lab::ImportedRanks imported = lab::import_ranks(lab, request);
  db::Store store(lab, db::Store::Mode::kWrite);
  lab::collect_run(store, imported.run);
  std::printf("run %s: %s, split %s\n", imported.run.uuid().c_str(),
              counted(imported.events, "event").c_str(),
              imported.split_fingerprint.substr(0, 12).c_str());
}

// Packs say themselves what they are of, so an option of ranks would have no effect.
void refuse_rank_options(const CLI::App& imports) {
  for (const CLI::Option* option : imports.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || name == "paths" || name == "--help") continue;
    throw UsageError("import: " + name + " is for `import ranks FILE`. Packs need no options.");
  }
}

void import_command(const ImportOptions& options, const CLI::App& imports, const Globals& globals) {
  const std::string& first = options.paths.front();
  // Ranks are of a data set that the lab has, so they never begin one.
  if (first == "ranks") return import_ranks(lab::existing_lab(globals.lab), options);
  const std::string meant = did_you_mean(first, {"ranks"});
  if (!meant.empty() && !is_there(first))
    throw UsageError("import: there is no file or folder " + printable(first) + meant);
  refuse_rank_options(imports);
  lab::OpenedLab opened(globals.lab);
  const std::string& lab = opened.folder();
  const lab::PackImport imported = lab::import_packs(lab, options.paths);
  opened.keep();
  const lab::Collected collected = lab::collect(lab);
  for (const std::string& plan : imported.plans)
    std::printf("plan of %s added\n", printable(plan).c_str());
  std::printf("%s added, %zu %s here already\n", counted(imported.added, "run").c_str(),
              imported.present, imported.present == 1 ? "was" : "were");
  if (imported.opened > 0)
    std::printf("%s got the test part from a pack\n", counted(imported.opened, "run").c_str());
  if (collected.refused.empty()) return;
  std::string message;
  for (const std::string& refused : collected.refused) message += refused + "\n";
  throw DataError(
      message +
      "The packs are in the lab, but the folders above are damaged and not in its index. "
      "`lealab db check` lists all that is wrong.");
}

}  // namespace

void add_exchange(CLI::App& app, const Globals& globals) {
  auto out = std::make_shared<ExportOptions>();
  CLI::App* exports = app.add_subcommand(
      "export",
      "EXPERIMENT as small packed runs; ranks | scores | topk of one RUN with original ids; "
      "rewards | states of one ARTEFACT for the environment `table`; or its adapter for PEFT");
  exports
      ->add_option("what", out->what,
                   "an experiment; ranks, scores, topk; or rewards, states, adapter")
      ->required();
  exports->add_option("run", out->run,
                      "for ranks, scores, topk: the run's uuid or its first digits; for rewards, "
                      "states, adapter: the artefact's key or its first digits");
  exports
      ->add_option("--out", out->out,
                   "folder of the packs or of the adapter, or the file to write, - for standard "
                   "output; for rewards, states a file ends in .npz or .safetensors")
      ->required();
  exports
      ->add_option("--format", out->format,
                   "of ranks, scores, topk: csv (default) or npz; of rewards, states: npz or "
                   "safetensors (default: as --out ends)")
      ->check(CLI::IsMember({"csv", "npz", "safetensors"}));
  exports->add_option("--k", out->k, "items of topk")->check(CLI::Range(1, 1000000));
  exports->callback([out, &globals] { export_command(*out, globals); });

  auto in = std::make_shared<ImportOptions>();
  CLI::App* imports = app.add_subcommand("import",
                                         "packed runs (DIR, DIR.yaml or FILE ...), or `ranks "
                                         "FILE`: the ranks that another system gave");
  imports
      ->add_option("paths", in->paths,
                   "folders, the specs beside them, or files; or `ranks` and a CSV or npz file")
      ->required();
  imports->add_option("--experiment", in->ranks.experiment,
                      "ranks: the experiment whose table gets the row");
  imports->add_option("--name", in->ranks.name, "ranks: the row's label");
  imports->add_option("--seed", in->ranks.seed, "ranks: which repetition of the system this is")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 53));
  imports->add_option("--data", in->ranks.data, "ranks: the data set in the lab");
  CLI::Option* split_of =
      imports->add_option("--split-of", in->ranks.split_of,
                          "ranks: take data, split and protocol of this run, in place of the "
                          "options below");
  imports->add_option("--split-by", in->ranks.split.by, "ranks: what decides the parts")
      ->check(CLI::IsMember({"sequence", "file", "last_one", "time"}))
      ->excludes(split_of);
  imports->add_option("--split-path", in->ranks.split.path, "ranks: the file of --split-by file")
      ->excludes(split_of);
  imports
      ->add_option("--split-seed", in->ranks.split.seed, "ranks: the seed of --split-by sequence")
      ->check(CLI::NonNegativeNumber)
      ->excludes(split_of);
  imports->add_option("--k", in->ranks.evaluate.k, "ranks: cuts of the metrics")
      ->check(CLI::Range(1, 1000000))
      ->excludes(split_of);
  imports->callback([in, imports, &globals] { import_command(*in, *imports, globals); });
}

}  // namespace lea::cli
