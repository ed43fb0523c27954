// The commands `lealab export` and `lealab import`: results for and from other labs and systems.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "core/base/csv.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/lab/archive.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/pack.h"
#include "core/lab/process.h"
#include "core/lab/rank_exchange.h"
#include "core/run/result.h"

namespace lea::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kScoreSeconds = 24 * 3600;

// The positional arguments of `export ranks RUN` and `export EXPERIMENT` are parsed alike.
struct ExportOptions {
  std::string what, run, out, format = "csv";  // what: ranks, scores, topk or an experiment
  int64_t k = 20;
};

struct OpenRun {
  run::Folder folder;
  std::shared_ptr<const data::Dataset> data;
  eval::RankFile ranks;
};

OpenRun open_run(const std::string& lab, const std::string& prefix) {
  OpenRun open{run::find_run(lab, prefix), nullptr, {}};
  const spec::RunSpec spec = spec::load_run(open.folder.file(run::kSpecFile));
  open.data = data::Dataset::open(data::dataset_folder(lab, spec.data.name));
  const std::string path = open.folder.file(run::kRanksFile);
  // The ranks are published before the result, so an unfinished run can have ranks.
  if (run::state_of(open.folder) != run::State::kFinished || !fs::exists(path))
    throw DataError("run " + open.folder.uuid() + ": has not finished, so it has no ranks");
  open.ranks = eval::decode_ranks(read_file(path), path);
  if (open.ranks.data_fingerprint != open.data->fingerprint()) {
    throw DataError("run " + open.folder.uuid() + ": the lab's data set " + spec.data.name +
                    " is not the one that was ranked (fingerprint " +
                    open.data->fingerprint().substr(0, 12) + ", not " +
                    open.ranks.data_fingerprint.substr(0, 12) + ")");
  }
  return open;
}

// The path of the worker's temporary output file, which the destructor removes.
class RawFile {
 public:
  explicit RawFile(const std::string& out) : path_(out + ".raw-" + std::to_string(getpid())) {}
  ~RawFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Prints a note when scores do not give the stored ranks. The worker reports how many differ.
void note_differences(const std::string& said) {
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const auto message = nlohmann::json::parse(line, nullptr, false);
    if (!message.is_object()) continue;  // a plugin printed it
    const JsonFields fields(message, "worker");
    try {
      if (fields.text("type", "") != "scored" || fields.integer("differing") == 0) continue;
      std::fprintf(stderr,
                   "note: %lld of %lld events rank otherwise than in ranks.bin: a plugin, LibTorch "
                   "or the machine is another one\n",
                   static_cast<long long>(fields.integer("differing")),
                   static_cast<long long>(fields.integer("events")));
    } catch (const DataError&) {
      // A plugin printed this line, too.
    }
  }
}

void run_worker(const Globals& globals, const std::string& lab, const OpenRun& open,
                const ExportOptions& options, const std::string& raw) {
  std::vector<std::string> command = {lab::worker_path(),
                                      "score",
                                      "--lab",
                                      lab,
                                      "--run",
                                      open.folder.path,
                                      "--what",
                                      options.what,
                                      "--k",
                                      std::to_string(options.k),
                                      "--out",
                                      raw};
  for (const std::string& folder : globals.plugin_dirs)
    command.insert(command.end(), {"--plugin-dir", folder});
  const lab::ProcessResult ended = lab::run_process(command, kScoreSeconds);
  if (ended.exit_code == 0) return note_differences(ended.out);
  const std::string reason = printable(ended.err.substr(0, ended.err.find('\n')));
  // An error that the worker reports keeps its exit code. Anything else is taken for a plugin's
  // crash.
  const int code = ended.exit_code;
  const bool verdict = (code == int(Exit::kBadInput) || code == int(Exit::kEnvironment) ||
                        code == int(Exit::kInternal)) &&
                       !reason.empty();
  throw Error(verdict ? static_cast<Exit>(ended.exit_code) : Exit::kPlugin,
              "run " + open.folder.uuid() + ": cannot be scored: " +
                  (reason.empty() ? "the worker ended with code " + std::to_string(ended.exit_code)
                                  : reason));
}

// Adds the ids of the test events, in the order of the rows, and of all items.
void add_ids(lab::NpzWriter& npz, const OpenRun& open) {
  std::vector<std::string> sequences, targets;
  std::vector<int64_t> positions;
  for (const eval::RankRecord& record : open.ranks.records) {
    sequences.push_back(open.data->sequence_ids()[record.sequence]);
    targets.push_back(open.data->item_ids()[record.target - 1]);
    positions.push_back(record.position);
  }
  npz.add("sequence", sequences);
  npz.add("position", positions);
  npz.add("target", targets);
  npz.add("item", open.data->item_ids());  // column j of scores, or item number j + 1
}

void write_npz(const OpenRun& open, const ExportOptions& options, std::ifstream& raw,
               int64_t columns) {
  const auto rows = std::ssize(open.ranks.records);
  lab::NpzWriter npz(options.out);
  add_ids(npz, open);
  const uint64_t bytes = static_cast<uint64_t>(rows * columns) * 4;
  npz.begin(options.what, options.what == "scores" ? "<f4" : "<i4", {rows, columns}, bytes);
  std::vector<char> block(size_t{1} << 20);
  for (uint64_t left = bytes; left > 0;) {
    const size_t count = std::min<uint64_t>(left, block.size());
    raw.read(block.data(), static_cast<std::streamsize>(count));
    npz.write(block.data(), count);
    left -= count;
  }
  npz.finish();
}

// Writes one line for each event: sequence, position, target, then the score of each item, or the
// items of the k highest scores.
void write_csv(const OpenRun& open, const ExportOptions& options, std::ifstream& raw,
               int64_t columns) {
  const bool scores = options.what == "scores";
  const std::string temporary = options.out + ".part";
  std::ofstream out(temporary, std::ios::binary);
  out << "sequence,position,target";
  for (int64_t j = 0; j < columns; ++j) {
    out << ','
        << (scores ? csv_field(open.data->item_ids()[static_cast<size_t>(j)])
                   : "item_" + std::to_string(j + 1));
  }
  out << '\n';
  std::vector<char> row(static_cast<size_t>(columns) * 4);
  for (const eval::RankRecord& record : open.ranks.records) {
    raw.read(row.data(), static_cast<std::streamsize>(row.size()));
    out << csv_field(open.data->sequence_ids()[record.sequence]) << ',' << record.position << ','
        << csv_field(open.data->item_ids()[record.target - 1]);
    for (int64_t j = 0; j < columns; ++j) {
      if (scores) {
        float value = 0;
        std::memcpy(&value, row.data() + j * 4, 4);
        char text[32];
        std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
        out << ',' << text;
        continue;
      }
      int32_t item = 0;
      std::memcpy(&item, row.data() + j * 4, 4);
      if (item < 1 || item > open.data->items())
        throw DataError("the worker named an item that does not exist");
      out << ',' << csv_field(open.data->item_ids()[static_cast<size_t>(item - 1)]);
    }
    out << '\n';
  }
  if (!out.flush() || std::rename(temporary.c_str(), options.out.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw StoreError(options.out + ": cannot be written; is the disk full?");
  }
}

void export_scores(const Globals& globals, const std::string& lab, const ExportOptions& options) {
  const OpenRun open = open_run(lab, options.run);
  const RawFile file(options.out);
  run_worker(globals, lab, open, options, file.path());
  const int64_t columns =
      options.what == "scores" ? open.data->items() : std::min(options.k, open.data->items());
  const auto bytes = static_cast<uintmax_t>(std::ssize(open.ranks.records) * columns * 4);
  if (fs::file_size(file.path()) != bytes) {
    throw DataError("run " + open.folder.uuid() + ": the worker wrote " +
                    std::to_string(fs::file_size(file.path())) + " bytes, not " +
                    std::to_string(bytes));
  }
  std::ifstream raw(file.path(), std::ios::binary);
  options.format == "npz" ? write_npz(open, options, raw, columns)
                          : write_csv(open, options, raw, columns);
  std::printf("%s: %zu events x %lld\n", options.out.c_str(), open.ranks.records.size(),
              static_cast<long long>(columns));
}

void export_packs(const std::string& lab, const ExportOptions& options) {
  const lab::PackExport exported = lab::export_experiment(lab, options.what, options.out);
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
  std::printf("%zu runs in %s, %zu bytes\n", exported.packs.size(), options.out.c_str(), bytes);
}

void export_command(const ExportOptions& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const bool of_run = options.what == "ranks" || options.what == "scores" || options.what == "topk";
  if (!of_run) {
    if (!options.run.empty()) {
      throw UsageError("export " + printable(options.what) +
                       " RUN: is not known; export ranks, scores or topk RUN");
    }
    return export_packs(lab, options);
  }
  if (options.run.empty())
    throw UsageError("export " + options.what + ": which run? Give a uuid or its first digits.");
  if (options.what != "ranks") return export_scores(globals, lab, options);
  const OpenRun open = open_run(lab, options.run);
  const bool unseen = run::read_result(open.folder)->unseen_ranks.value_or(true);
  lab::export_ranks({open.ranks, unseen}, *open.data, options.format, options.out);
  std::printf("%s: %zu events\n", options.out.c_str(), open.ranks.records.size());
}

struct ImportOptions {
  std::vector<std::string> paths;
  std::string experiment, name, data, split_of;
  int64_t seed = 0;
  spec::SplitSection split;
  spec::EvaluateSection evaluate;
};

spec::RunSpec protocol_of(const std::string& lab, const ImportOptions& options) {
  if (!options.split_of.empty())
    return spec::load_run(run::find_run(lab, options.split_of).file(run::kSpecFile));
  spec::RunSpec protocol;
  protocol.data.name = options.data;
  protocol.split = options.split;
  if (!options.split.path.empty()) {
    protocol.split.path = fs::absolute(options.split.path).string();
    protocol.split_sha256 = sha256_file(protocol.split.path);
  }
  protocol.evaluate = options.evaluate;
  return protocol;
}

// Throws DataError unless data and split are still those of the run.
void check_split(const std::string& lab, const std::string& prefix, const data::Dataset& data,
                 const data::Split& split) {
  const run::Folder folder = run::find_run(lab, prefix);
  const auto result = run::read_result(folder);
  if (!result) throw DataError("--split-of: run " + folder.uuid() + " has not finished");
  const auto same = [&](const char* key, const std::string& was, const std::string& now) {
    if (was == now) return;
    throw DataError("--split-of: run " + folder.uuid() + ": " + key + " was " + was.substr(0, 12) +
                    ", but the lab now gives " + now.substr(0, 12) +
                    "; the data set or the split's file was replaced since");
  };
  same("data_fingerprint", result->data_fingerprint, data.fingerprint());
  same("split_fingerprint", result->split_fingerprint, split.fingerprint);
}

void import_ranks(const std::string& lab, const ImportOptions& options) {
  if (options.paths.size() != 2) throw UsageError("import ranks FILE: needs exactly one file");
  if (options.experiment.empty() || options.name.empty()) {
    throw UsageError(
        "import ranks FILE: needs --experiment E and --name LABEL, its row in the table");
  }
  const spec::RunSpec protocol = protocol_of(lab, options);
  if (protocol.data.name.empty())
    throw UsageError("import ranks FILE: needs --data NAME or --split-of RUN");
  if (!options.data.empty() && options.data != protocol.data.name) {
    throw UsageError("import ranks: --data is " + printable(options.data) +
                     ", but the run of --split-of used " + protocol.data.name);
  }
  const auto data = data::Dataset::open(data::dataset_folder(lab, protocol.data.name));
  const data::Split split = data::make_split(*data, protocol.split);
  if (!options.split_of.empty()) check_split(lab, options.split_of, *data, split);
  const lab::EventRanks ranks =
      lab::read_foreign_ranks(options.paths[1], *data, split, protocol.evaluate.first_event);
  const run::Folder run =
      lab::add_foreign_run(lab, {options.experiment, options.name, options.seed, protocol}, ranks);
  db::Store store(lab, db::Store::Mode::kWrite);
  lab::collect_run(store, run);
  std::printf("run %s: %zu events, split %s\n", run.uuid().c_str(), ranks.file.records.size(),
              ranks.file.split_fingerprint.substr(0, 12).c_str());
}

void import_command(const ImportOptions& options, const Globals& globals) {
  const std::string lab = lab::open_lab(globals.lab);
  if (options.paths.front() == "ranks") return import_ranks(lab, options);
  const lab::PackImport imported = lab::import_packs(lab, options.paths);
  const lab::Collected collected = lab::collect(lab);
  for (const std::string& plan : imported.plans)
    std::printf("plan of %s added\n", printable(plan).c_str());
  std::printf("%zu runs added, %zu were here already\n", imported.added, imported.present);
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
      "EXPERIMENT as small packed runs, or ranks | scores | topk of one RUN with original ids");
  exports->add_option("what", out->what, "an experiment; or ranks, scores, topk")->required();
  exports->add_option("run", out->run,
                      "for ranks, scores, topk: the run's uuid or its first digits");
  exports->add_option("--out", out->out, "folder of the packs, or the file to write")->required();
  exports->add_option("--format", out->format, "of ranks, scores, topk")
      ->check(CLI::IsMember({"csv", "npz"}));
  exports->add_option("--k", out->k, "items of topk")->check(CLI::Range(1, 1000000));
  exports->callback([out, &globals] { export_command(*out, globals); });

  auto in = std::make_shared<ImportOptions>();
  CLI::App* imports = app.add_subcommand("import",
                                         "packed runs (DIR, DIR.yaml or FILE ...), or `ranks "
                                         "FILE`: the ranks that another system gave");
  imports
      ->add_option("paths", in->paths,
                   "folders, the specs beside them, or files; or `ranks` and a CSV")
      ->required();
  imports->add_option("--experiment", in->experiment,
                      "ranks: the experiment whose table gets the row");
  imports->add_option("--name", in->name, "ranks: the row's label");
  imports->add_option("--seed", in->seed, "ranks: which repetition of the system this is")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 53));
  imports->add_option("--data", in->data, "ranks: the data set in the lab");
  imports->add_option("--split-of", in->split_of,
                      "ranks: take data, split and protocol of this run");
  imports->add_option("--split-by", in->split.by, "ranks: what decides the parts")
      ->check(CLI::IsMember({"sequence", "file", "last_one", "time"}));
  imports->add_option("--split-path", in->split.path, "ranks: the file of --split-by file");
  imports->add_option("--split-seed", in->split.seed, "ranks: the seed of --split-by sequence");
  imports->add_option("--k", in->evaluate.k, "ranks: cuts of the metrics");
  imports->callback([in, &globals] { import_command(*in, globals); });
}

}  // namespace lea::cli
