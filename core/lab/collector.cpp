#include "core/lab/collector.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kMetricSlack = 1e-9;

eval::Protocol protocol_of(const spec::EvaluateSection& section) {
  return {section.k, eval::ties_from(section.ties), section.remove_seen, section.first_event};
}

// A published number must follow from the ranks beside it, and from nothing else.
void verify_metrics(const JsonFields& stated, const std::map<std::string, double>& recomputed,
                    const nlohmann::json& names, const std::string& file) {
  for (const auto& [name, value] : recomputed) {
    if (!stated.has(name.c_str()) || std::abs(stated.number(name.c_str()) - value) > kMetricSlack) {
      throw DataError(stated.where() + ": " + name + ": must be " + std::to_string(value) +
                      ", which follows from " + file + ". The run's folder is damaged.");
    }
  }
  for (const auto& [name, value] : names.items()) {
    if (recomputed.contains(name)) continue;
    throw DataError(stated.where() + ": " + printable(name) + ": does not follow from " + file +
                    "; the run's cuts give other metrics. The run's folder is damaged.");
  }
}

// The ranks of one part. A run without a validation part has neither metrics nor ranks of it, and a
// pack may lack its ranks.
void verify_ranks(const RunFolder& run, const JsonFields& result,
                  const spec::EvaluateSection& evaluate, const std::string& part) {
  const bool test = part == "test";
  const std::string file = test ? "ranks.bin" : "ranks-valid.bin";
  const char* hash_key = test ? "ranks_sha256" : "ranks_valid_sha256";
  const std::string path = run.path + "/" + file;
  const JsonFields metrics = result.object("metrics");
  if (!test && !metrics.has("valid") && !result.has(hash_key)) return;
  const std::string hash = result.text(hash_key);
  if (!test && !fs::exists(path)) return;
  const std::string bytes = read_file(path);
  if (sha256(bytes) != hash) {
    throw DataError(path + ": is not the file that result.json names (" + hash_key +
                    "). The run's folder is damaged; restore it from a copy.");
  }
  const eval::RankFile ranks = eval::decode_ranks(bytes, path);
  for (const auto& [key, value] : {std::pair{"data_fingerprint", ranks.data_fingerprint},
                                   std::pair{"split_fingerprint", ranks.split_fingerprint}}) {
    if (result.text(key) == value) continue;
    throw DataError(run.path + "/result.json: " + key + ": is not that of " + file +
                    ". The run's folder is damaged; restore it from a copy.");
  }
  verify_metrics(metrics.object(part.c_str()), eval::metrics(ranks.records, protocol_of(evaluate)),
                 metrics.at(part.c_str()), file);
}

std::vector<db::ResultRow> results_of(const std::string& uuid, const JsonFields& result) {
  std::vector<db::ResultRow> rows;
  if (!result.has("metrics")) return rows;
  const JsonFields metrics = result.object("metrics");
  for (const char* part : {"valid", "test"}) {
    if (!metrics.has(part)) continue;
    const JsonFields values = metrics.object(part);
    for (const auto& [name, value] : metrics.at(part).items()) {
      const auto [metric, k] = eval::parse_metric(name);
      rows.push_back({uuid, metric, part, k, values.number(name.c_str())});
    }
  }
  return rows;
}

// Numbers of a record and of its "metrics" become points; what is not a finite number (a null that
// stands for NaN) is no point.
void add_points(const nlohmann::json& object, int64_t step, std::vector<db::CurvePoint>* points) {
  static const std::set<std::string> kNotMetrics = {"step", "time", "max_steps", "attempt"};
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() || kNotMetrics.contains(name)) continue;
    const double number = value.get<double>();
    if (std::isfinite(number)) points->push_back({name, step, number});
  }
}

std::vector<db::CurvePoint> curves_of(const RunFolder& run) {
  std::vector<db::CurvePoint> points;
  for (const nlohmann::json& record : read_records(run.path + "/events.jsonl")) {
    const JsonFields fields(record, run.path + "/events.jsonl");
    const std::string type = fields.text("type", "");
    if (type != "train" && type != "valid") continue;
    const int64_t step = fields.integer("step");
    add_points(record, step, &points);
    const auto metrics = record.find("metrics");
    if (metrics != record.end() && metrics->is_object()) add_points(*metrics, step, &points);
  }
  return points;
}

std::vector<std::string> plan_files(const std::string& lab) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lab + "/experiments", error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
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
  for (const std::string& file : plan_files(lab)) {
    guarded([&] {
      const db::ExperimentRow plan = read_plan(file);
      const auto old = store.experiment(plan.name);
      if (!old || old->created != plan.created) store.put_experiment(plan);
    });
  }
  const auto states = store.states();
  for (const RunFolder& run : list_runs(lab)) {
    const auto known = states.find(run.uuid());
    if (known != states.end() && (known->second == "finished" || known->second == "failed")) {
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

RunRecord read_run(const RunFolder& run) {
  const Cell cell = read_cell(run);
  const spec::RunSpec spec = spec::load_run(run.path + "/run.yaml");
  RunRecord record;
  record.run.uuid = cell.uuid;
  record.run.experiment = cell.experiment;
  record.run.run_hash = cell.hash;
  record.run.seed = cell.seed;
  record.run.created = cell.created;
  record.run.labels = cell.labels;
  record.run.axes = cell.axes;
  record.run.source = cell.source;
  record.run.spec = spec::to_json(spec);
  record.run.state = to_string(state_of(run));
  record.curves = curves_of(run);
  const std::string path = run.path + "/result.json";
  if (const auto document = read_json(path)) {
    const JsonFields result(*document, path);
    record.run.result = *document;
    record.run.reason = result.text("reason", "");
    record.run.finished = result.text("finished_at", "");
    record.results = results_of(cell.uuid, result);
    if (record.run.state == "finished") {
      for (const char* part : {"test", "valid"}) verify_ranks(run, result, spec.evaluate, part);
    }
  }
  return record;
}

void save_plan(const std::string& lab, const spec::Experiment& experiment) {
  const std::string& name = experiment.name;
  const bool safe = !name.empty() && name.size() <= 100 && name[0] != '.' &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) || c == '.' || c == '_' || c == '-';
                    });
  if (!safe) {
    throw ConfigError(experiment.path + ": name: `" + printable(name.substr(0, 100)) +
                      "` cannot name a file. Use letters, digits, `_`, `-` and `.`, at most 100.");
  }
  nlohmann::json cells = nlohmann::json::array();
  for (const spec::PlannedRun& run : experiment.runs) {
    cells.push_back({{"hash", run.hash}, {"seed", run.run.seed}, {"labels", run.labels}});
  }
  nlohmann::json plan = {{"name", name},
                         {"axes", experiment.axes},
                         {"spec", experiment.resolved},
                         {"cells", std::move(cells)}};
  const std::string path = lab + "/experiments/" + name + ".json";
  if (auto old = read_json(path); old && old->is_object()) {
    // The same plan keeps its date, so that a repeated command changes nothing.
    old->erase("created");
    if (*old == plan) return;
  }
  // Two plans of one second must differ: the index compares this text.
  plan["created"] = utc_now() + " " + sha256(plan.dump()).substr(0, 8);
  publish_file(path, plan.dump(1) + "\n");
}

db::ExperimentRow read_plan(const std::string& path) {
  const auto document = read_json(path);
  if (!document) throw DataError(path + ": is missing");
  const JsonFields fields(*document, path);
  db::ExperimentRow row;
  row.name = fields.text("name");
  row.created = fields.text("created");
  row.axes = fields.texts("axes");
  row.spec = fields.at("spec");
  const nlohmann::json& cells = fields.at("cells");
  if (!cells.is_array()) throw DataError(path + ": cells: must be a list");
  if (fs::path(path).stem() != row.name) {
    throw DataError(path + ": name: must be the file's name, but is " + printable(row.name));
  }
  std::set<std::pair<std::string, int64_t>> seen;
  for (const auto& element : cells) {
    const JsonFields cell(element, path + ": cells");
    db::ExperimentRow::Cell planned{cell.text("hash"), cell.integer("seed"),
                                    cell.text_map("labels")};
    if (seen.emplace(planned.hash, planned.seed).second) row.cells.push_back(std::move(planned));
  }
  return row;
}

void collect_run(db::Store& store, const RunFolder& run) {
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
  for (const RunFolder& run : list_runs(lab)) {
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
