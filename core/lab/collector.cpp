#include "core/lab/collector.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/result.h"

namespace lea::lab {
namespace fs = std::filesystem;
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

void verify_ranks(const run::Folder& run, const run::Result& result, const StatedRanks& stated,
                  const eval::Protocol& protocol) {
  const std::string path = run.file(stated.file), where = run.file(run::kResultFile);
  const std::string bytes = read_file(path);
  if (sha256(bytes) != stated.hash) {
    throw DataError(path + ": is not the file that result.json names (" + stated.hash_key +
                    "). The run's folder is damaged; restore it from a copy.");
  }
  const eval::RankFile ranks = eval::decode_ranks(bytes, path);
  const auto same = [&](const char* key, const std::string& states, const std::string& ranked) {
    if (states == ranked) return;
    throw DataError(where + ": " + key + ": is not that of " + stated.file +
                    ". The run's folder is damaged; restore it from a copy.");
  };
  same("data_fingerprint", result.data_fingerprint, ranks.data_fingerprint);
  same("split_fingerprint", result.split_fingerprint, ranks.split_fingerprint);
  verify_metrics(stated.metrics, eval::metrics(ranks.records, protocol),
                 where + ": metrics: " + stated.part, stated.file);
}

void verify_finished(const run::Folder& run, const run::Result& result,
                     const spec::EvaluateSection& evaluate) {
  const eval::Protocol protocol = eval::protocol_of(evaluate);
  verify_ranks(run, result,
               {"test", run::kRanksFile, "ranks_sha256", result.ranks_sha256, result.test},
               protocol);
  // A run without validation events has no such metrics and ranks. A pack may leave the ranks out.
  const bool stated = !result.valid.empty() || !result.ranks_valid_sha256.empty();
  if (!stated || !fs::exists(run.file(run::kValidRanksFile))) return;
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

// Adds a point for each finite number. Training writes NaN as null, which is skipped.
void add_points(const nlohmann::json& object, int64_t step, std::vector<db::CurvePoint>* points) {
  static const std::set<std::string> kNotMetrics = {"step", "time", "max_steps", "attempt"};
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() || kNotMetrics.contains(name)) continue;
    const double number = value.get<double>();
    if (std::isfinite(number)) points->push_back({name, step, number});
  }
}

std::vector<db::CurvePoint> curves_of(const run::Folder& run) {
  const std::string path = run.file(run::kEventsFile);
  std::vector<db::CurvePoint> points;
  for (const nlohmann::json& record : read_records(path)) {
    const JsonFields fields(record, path);
    const std::string type = fields.text("type", "");
    if (type != "train" && type != "valid") continue;
    const int64_t step = fields.integer("step");
    add_points(record, step, &points);
    const auto metrics = record.find("metrics");
    if (metrics != record.end() && metrics->is_object()) add_points(*metrics, step, &points);
  }
  return points;
}

db::ExperimentRow row_of(run::ExperimentPlan plan) {
  db::ExperimentRow row{plan.name, plan.created, plan.axes, plan.spec, {}};
  for (run::ExperimentPlan::Run& run : plan.runs) {
    row.runs.push_back({std::move(run.hash), run.seed, std::move(run.labels)});
  }
  return row;
}

Collected collect_into(db::Store& store, const std::string& lab) {
  Collected collected;
  const auto guarded = [&](const auto& work) {
    try {
      work();
    } catch (const Error& error) {
      collected.refused.emplace_back(error.what());
    }
  };
  for (const std::string& file : run::plan_files(lab)) {
    guarded([&] {
      const db::ExperimentRow plan = row_of(run::read_plan(file));
      const auto old = store.experiment(plan.name);
      if (!old || old->created != plan.created) store.put_experiment(plan);
    });
  }
  const auto states = store.states();
  for (const run::Folder& run : run::list_runs(lab)) {
    const auto known = states.find(run.uuid());
    const auto state = known == states.end() ? std::nullopt : run::state_from(known->second);
    if (state && run::is_final(*state)) {
      ++collected.unchanged;
      continue;
    }
    guarded([&] {
      collect_run(store, run);
      ++collected.runs;
    });
  }
  return collected;
}

}  // namespace

RunRecord read_run(const run::Folder& run) {
  const run::Header header = run::read_header(run);
  const spec::RunSpec spec = spec::load_run(run.file(run::kSpecFile));
  RunRecord record;
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
  record.curves = curves_of(run);
  const std::string path = run.file(run::kResultFile);
  if (const auto document = read_json(path)) {
    const run::Result result = run::result_from(*document, path);
    record.run.result = *document;
    record.run.state = run::to_string(result.state);  // the run may have ended after state_of
    record.run.reason = result.reason;
    record.run.finished = result.finished_at;
    record.results = results_of(header.uuid, result);
    if (result.state == run::State::kFinished) verify_finished(run, result, spec.evaluate);
  }
  return record;
}

void collect_run(db::Store& store, const run::Folder& run) {
  const RunRecord record = read_run(run);
  store.put(record.run, record.results, record.curves);
}

Collected collect(const std::string& lab) {
  db::Store store(lab, db::Store::Mode::kWrite);
  return collect_into(store, lab);
}

Collected rebuild(const std::string& lab, std::string* set_aside) {
  *set_aside = db::set_damaged_aside(lab);
  db::Store store(lab, db::Store::Mode::kWrite);
  store.clear();
  return collect_into(store, lab);
}

std::vector<std::string> check(const std::string& lab) {
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  std::vector<std::string> problems = store.problems();
  std::map<std::string, db::RunRow> rows;
  for (db::RunRow& row : store.runs()) rows.emplace(row.uuid, std::move(row));
  for (const run::Folder& run : run::list_runs(lab)) {
    const auto row = rows.find(run.uuid());
    try {
      const RunRecord record = read_run(run);
      if (row == rows.end()) {
        problems.push_back("run " + run.uuid() +
                           ": is not in the index. `lealab db rebuild` adds it.");
      } else if (record.run.state != row->second.state || record.run.result != row->second.result) {
        problems.push_back("run " + run.uuid() + ": folder (" + record.run.state + ") and index (" +
                           row->second.state + ") differ. `lealab db rebuild` mends it.");
      }
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
    if (row != rows.end()) rows.erase(row);
  }
  for (const auto& [uuid, row] : rows) {
    problems.push_back("run " + uuid +
                       ": is in the index, but has no folder. `lealab db rebuild` drops it.");
  }
  return problems;
}

}  // namespace lea::lab
