#include "core/lab/run_record.h"

#include <cmath>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/links.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/lab/curve_points.h"
#include "core/run/header.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"

namespace lea::lab {
namespace {

constexpr double kMetricSlack = 1e-9;

using Metrics = std::map<std::string, double>;

// The stated metrics must be exactly those that the ranks give.
void verify_metrics(const Metrics& stated, const Metrics& recomputed, const std::string& where,
                    const std::string& file) {
  for (const auto& [name, value] : recomputed) {
    const auto found = stated.find(name);
    if (found == stated.end() || std::abs(found->second - value) > kMetricSlack) {
      throw DataError(where + ": " + name + ": must be " + std::to_string(value) +
                      ", which follows from " + file + ". The run's folder is damaged.");
    }
  }
  for (const auto& [name, value] : stated) {
    if (recomputed.contains(name)) continue;
    throw DataError(where + ": " + printable(name) + ": does not follow from " + file +
                    "; the run's cuts give other metrics. The run's folder is damaged.");
  }
}

// One of the two files of ranks, with the hash and the metrics in result.json.
struct StatedRanks {
  const char* part;
  const char* file;
  const char* hash_key;
  const std::string& hash;
  const Metrics& metrics;
};

// Returns the ranks.
eval::RankFile verify_ranks(const run::Folder& run, const run::Result& result,
                            const StatedRanks& stated, const eval::Protocol& protocol) {
  const std::string path = run.file(stated.file), where = run.file(run::kResultFile);
  const std::string bytes = read_file(path);
  if (sha256(bytes) != stated.hash) {
    throw DataError(path + ": is not the file that result.json names (" + stated.hash_key +
                    "). The run's folder is damaged; restore it from a copy.");
  }
  eval::RankFile ranks = eval::decode_ranks(bytes, path);
  const auto same = [&](const char* key, const std::string& states, const std::string& ranked) {
    if (states == ranked) return;
    throw DataError(where + ": " + key + ": is not that of " + stated.file +
                    ". The run's folder is damaged; restore it from a copy.");
  };
  same("data_fingerprint", result.data_fingerprint, ranks.data_fingerprint);
  same("split_fingerprint", result.split_fingerprint, ranks.split_fingerprint);
  verify_metrics(stated.metrics, eval::metrics(ranks.records, protocol),
                 where + ": metrics: " + stated.part, stated.file);
  return ranks;
}

// The top items must be those of the events in ranks.bin. Older results state none.
void verify_top(const run::Folder& run, const run::Result& result, const eval::RankFile& ranks) {
  if (result.top_sha256.empty()) return;
  const std::string path = run.file(run::kTopFile);
  const std::string bytes = read_file(path);
  const auto damaged = [&](const std::string& what) {
    return DataError(path + ": " + what + ". The run's folder is damaged; restore it from a copy.");
  };
  if (sha256(bytes) != result.top_sha256)
    throw damaged("is not the file that result.json names (top_sha256)");
  const eval::TopFile top = eval::decode_top(bytes, path);
  if (top.data_fingerprint != ranks.data_fingerprint ||
      top.split_fingerprint != ranks.split_fingerprint || top.items != ranks.items ||
      top.events() != ranks.records.size())
    throw damaged("does not have the data set, the split and the events of ranks.bin");
}

// The two files that are written before the first attempt must be of one run. The hash of imported
// ranks is that of their content.
void verify_header(const run::Folder& run, const run::Header& header, const spec::RunSpec& spec) {
  const std::string where = run.file(run::kHeaderFile);
  if (header.source != "lealab" && header.source != "imported") {
    throw DataError(where + ": source: must be lealab or imported, but is " +
                    in_backticks(header.source) + ". The run's folder is damaged.");
  }
  if (header.seed != spec.seed)
    throw DataError(where + ": seed: is not that of run.yaml. The run's folder is damaged.");
  if (header.source == "lealab" && spec::run_hash(spec) != header.hash)
    throw DataError(where + ": hash: does not belong to run.yaml. The run's folder is damaged.");
}

void verify_finished(const run::Folder& run, const run::Result& result,
                     const spec::EvaluateSection& evaluate) {
  const eval::Protocol protocol = eval::protocol_of(evaluate);
  if (!result.closed()) {
    const eval::RankFile ranks = verify_ranks(
        run, result, {"test", run::kRanksFile, "ranks_sha256", result.ranks_sha256, result.test},
        protocol);
    verify_top(run, result, ranks);
  } else if (!result.ranks_sha256.empty() || !result.top_sha256.empty() || result.valid.empty()) {
    throw DataError(
        run.file(run::kResultFile) +
        ": metrics: test: is missing. Only a run that states no ranks of the test part, "
        "and has validation metrics, may lack it. The run's folder is damaged.");
  }
  // A run without validation events has no such metrics and ranks. A pack may leave the ranks out.
  const bool stated = !result.valid.empty() || !result.ranks_valid_sha256.empty();
  if (!stated || !has_name(run.file(run::kValidRanksFile))) return;
  verify_ranks(run, result,
               {"valid", run::kValidRanksFile, "ranks_valid_sha256", result.ranks_valid_sha256,
                result.valid},
               protocol);
}

std::vector<db::ResultRow> results_of(const std::string& uuid, const run::Result& result) {
  std::vector<db::ResultRow> rows;
  for (const auto& [part, values] : {std::pair{"valid", &result.valid}, {"test", &result.test}}) {
    for (const auto& [name, value] : *values) {
      const auto [metric, k] = eval::parse_metric(name);
      rows.push_back({uuid, metric, part, k, value});
    }
  }
  return rows;
}

// A worker that is killed leaves no more than a last line that is cut, so other damage in the
// folder of a `finished` run is one. While a run is open, the file may be cut and written again as
// it is read.
std::vector<db::CurvePoint> curves_of(const run::Folder& run, bool finished) {
  const std::string path = run.file(run::kEventsFile);
  std::vector<db::CurvePoint> points;
  for (const nlohmann::json& record : finished ? read_whole_records(path) : read_records(path)) {
    const std::vector<db::CurvePoint> more = curve_points(record, path);
    points.insert(points.end(), more.begin(), more.end());
  }
  return points;
}

}  // namespace

RunRecord read_run(const run::Folder& run) {
  RunRecord record;
  record.run.stamp = run::files_stamp(run);  // before they are read: a later change is noticed
  run::require_plain_files(run);
  const run::Header header = run::read_header(run);
  const spec::RunSpec spec = spec::load_run(run.file(run::kSpecFile));
  verify_header(run, header, spec);
  record.run.uuid = header.uuid;
  record.run.experiment = header.experiment;
  record.run.run_hash = header.hash;
  record.run.seed = header.seed;
  record.run.created = header.created;
  record.run.labels = header.labels;
  record.run.axes = header.axes;
  record.run.source = header.source;
  record.run.spec = spec::to_json(spec);
  record.run.state = run::to_string(run::state_of(run));
  const std::string path = run.file(run::kResultFile);
  if (const auto document = run::read_result_document(run)) {
    const run::Result result = run::result_from(*document, path);
    record.run.result = *document;
    record.run.state = run::to_string(result.state);  // the run may have ended after state_of
    record.run.reason = result.reason;
    record.run.finished = result.finished_at;
    record.results = results_of(header.uuid, result);
    if (result.state == run::State::kFinished) verify_finished(run, result, spec.evaluate);
  }
  record.curves = curves_of(run, record.run.state == run::to_string(run::State::kFinished));
  return record;
}

}  // namespace lea::lab
