#include "core/lab/imported_run.h"

#include <filesystem>
#include <optional>

#include "core/base/as_error.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/lab/rank_reader.h"
#include "core/run/header.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"

namespace lea::lab {
namespace {

constexpr size_t kLongestLabel = 100;
constexpr const char* kLabelRule =
    "UTF-8 text of at most 100 bytes without `/`, `\\`, control characters, a leading `.` or `-`, "
    "and a space at either end, and not `none`";

// A name is UTF-8 text without control characters, as a label of a spec is, and it is no path. A label
// `none` stands for no plugin, which lists leave out.
bool is_label(const std::string& text) {
  if (text.empty() || text.size() > kLongestLabel || printable(text) != text) return false;
  if (text.find_first_of("/\\") != std::string::npos || equal_without_case(text, "none"))
    return false;
  return text[0] != '.' && text[0] != '-' && text[0] != ' ' && text.back() != ' ';
}

// Checks the names before anything is read or written: a run with a wrong one could not be read back.
void check_names(const ImportedRun& run) {
  const auto refuse = [](const char* option, const char* rule, const std::string& name) {
    throw UsageError(std::string("import ranks: ") + option + " must be " + rule + ", but is " +
                     in_backticks(name));
  };
  if (!is_name(run.experiment)) refuse("--experiment", kNameRule, run.experiment);
  if (!is_label(run.name)) refuse("--name", kLabelRule, run.name);
  if (!is_name(run.protocol.data.name)) refuse("--data", kNameRule, run.protocol.data.name);
  const std::string& split = run.protocol.split.path;
  if (printable(split) == split) return;
  refuse("--split-path", "UTF-8 text without control characters, because the run records it",
         split);
}

run::Result result_of(const ImportedRun& run, const EventRanks& ranks, const std::string& bytes) {
  size_t tied = 0;
  for (const eval::RankRecord& record : ranks.file.records) tied += record.ties > 0;
  run::Result result;
  result.finished_at = utc_now();
  result.test = eval::metrics(ranks.file.records, eval::protocol_of(run.protocol.evaluate));
  result.data_fingerprint = ranks.file.data_fingerprint;
  result.split_fingerprint = ranks.file.split_fingerprint;
  result.ranks_sha256 = sha256(bytes);
  result.tie_share = static_cast<double>(tied) / static_cast<double>(ranks.file.records.size());
  result.unseen_ranks = ranks.unseen;
  return result;
}

run::Header header_of(const ImportedRun& run, bool unseen, const std::string& bytes) {
  run::Header header;
  header.experiment = run.experiment;
  // The hash identifies the ranks and their name, so that a second import finds this run.
  header.hash = sha256("imported\n" + run.experiment + "\n" + run.name + "\n" + sha256(bytes) +
                       (unseen ? "" : "\nunseen ranks not known"));
  header.seed = run.seed;
  header.labels = {{"framework", run.name}};
  header.axes = {"framework"};
  header.source = "imported";
  return header;
}

// The run that an earlier import of the same ranks has made.
std::optional<run::Folder> earlier_import(const std::string& lab, const run::Header& header) {
  for (const run::Folder& old : run::list_runs(lab)) {
    try {
      const run::Header known = as_error(old.path, [&] { return run::read_header(old); });
      if (known.hash == header.hash && known.seed == header.seed) return old;
    } catch (const Error&) {
      // `lealab db check` reports damaged folders.
    }
  }
  return std::nullopt;
}

spec::RunSpec spec_of(const ImportedRun& run) {
  spec::RunSpec spec = run.protocol;
  spec.framework = {"imported." + run.name, nlohmann::json::object()};
  spec.backbone = spec.reward = spec.state = spec.augment = {};
  spec.reads_train = spec.reads_negatives = false;
  spec.evaluate.test = true;  // the run of --split-of may keep it closed
  spec.seed = run.seed;
  return spec;
}

spec::RunSpec protocol_of(const std::string& lab, const RankImport& request) {
  if (!request.split_of.empty()) {
    const run::Folder folder = run::find_run(lab, request.split_of);
    run::require_plain_files(folder);
    return spec::load_run(folder.file(run::kSpecFile));
  }
  spec::RunSpec protocol;
  protocol.data.name = request.data;
  protocol.split = request.split;
  if (!request.split.path.empty()) {
    protocol.split.path = std::filesystem::absolute(request.split.path).string();
    protocol.split_sha256 = sha256_file(protocol.split.path);
  }
  protocol.evaluate = request.evaluate;
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

}  // namespace

run::Folder add_imported_run(const std::string& lab, const ImportedRun& run,
                             const EventRanks& ranks) {
  check_names(run);
  if (run.protocol.evaluate.remove_seen && !ranks.unseen) {
    throw DataError(
        "import ranks: the protocol removes seen items, so the file needs the column "
        "rank_unseen: the rank among the items that the sequence has not had");
  }
  const std::string bytes = eval::encode_ranks(ranks.file);
  run::Header header = header_of(run, ranks.unseen, bytes);
  if (const auto old = earlier_import(lab, header)) return *old;
  header.uuid = run::new_uuid();
  header.created = utc_now();
  return run::make_run(
      lab, header, spec_of(run),
      {{run::kRanksFile, bytes},
       {run::kResultFile, run::to_json(result_of(run, ranks, bytes)).dump(1) + "\n"}});
}

ImportedRanks import_ranks(const std::string& lab, const RankImport& request) {
  const spec::RunSpec protocol = protocol_of(lab, request);
  if (protocol.data.name.empty())
    throw UsageError("import ranks FILE: needs --data NAME or --split-of RUN");
  if (!request.data.empty() && request.data != protocol.data.name) {
    throw UsageError("import ranks: --data is " + printable(request.data) +
                     ", but the run of --split-of used " + protocol.data.name);
  }
  const ImportedRun described{request.experiment, request.name, request.seed, protocol};
  check_names(described);
  const auto data = data::Dataset::open(data::dataset_folder(lab, protocol.data.name));
  const data::Split split = data::make_split(*data, protocol.split);
  if (!request.split_of.empty()) check_split(lab, request.split_of, *data, split);
  const EventRanks ranks =
      read_foreign_ranks(request.path, *data, split, protocol.evaluate.first_event);
  const run::Folder run = add_imported_run(lab, described, ranks);
  return {run, ranks.file.records.size(), ranks.file.split_fingerprint};
}

}  // namespace lea::lab
