#include "core/report/measure.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/dataset.h"
#include "core/report/json_path.h"
#include "core/run/folder.h"
#include "core/spec/section_json.h"

namespace lea::report {

eval::Protocol protocol_of(const db::RunRow& run) {
  const nlohmann::json* section = find_path(run.spec, "evaluate");
  if (section == nullptr) return {};
  return eval::protocol_of(
      spec::section_from_json<spec::EvaluateSection>(*section, "run " + run.uuid + ": evaluate"));
}

eval::Protocol protocol_of(const db::RunRow& run, const TableOptions& options) {
  eval::Protocol protocol = protocol_of(run);
  if (!options.k.empty()) protocol.k = options.k;
  if (options.ties) protocol.ties = *options.ties;
  if (options.remove_seen) protocol.remove_seen = *options.remove_seen;
  return protocol;
}

bool has_ranks_for(const db::RunRow& run, const eval::Protocol& protocol) {
  return !protocol.remove_seen || flag_at(run.result, "unseen_ranks").value_or(true);
}

nlohmann::json lab_data(const std::string& lab, const std::string& name) {
  if (lab.empty() || name.empty()) return {};
  try {
    return data::describe_dataset(lab, name).value_or(nlohmann::json());
  } catch (const Error&) {
    return {};
  }
}

std::optional<eval::RankFile> read_ranks(const std::string& lab, const std::string& uuid,
                                         const std::string& part) {
  const run::Folder run = run::folder_of(lab, uuid);
  const std::string path = run.file(part == "valid" ? run::kValidRanksFile : run::kRanksFile);
  std::error_code error;
  if (lab.empty() || !std::filesystem::exists(path, error)) return std::nullopt;
  return eval::decode_ranks(read_file(path), path);
}

void Measured::add(const db::ResultRow& result) {
  auto& metrics = result.part == "valid" ? valid : test;
  metrics[result.metric + "@" + std::to_string(result.k)] = result.value;
}

std::map<std::string, Measured> stored_metrics(const db::Store& store,
                                               const std::string& experiment) {
  std::map<std::string, Measured> stored;
  for (const db::ResultRow& result : store.results(experiment)) stored[result.uuid].add(result);
  return stored;
}

bool is_closed(const db::RunRow& run, const Measured& stored) {
  return run.state == "finished" && stored.test.empty() &&
         find_path(run.result, "metrics.test") == nullptr;
}

std::string main_metric(const db::RunRow& run, const std::map<std::string, double>& test) {
  const std::string stop = text_at(run.spec, "train.stop_on");
  if (test.count(stop) != 0) return stop;
  int64_t largest = 0;
  for (const auto& [name, value] : test) {
    const auto [metric, k] = eval::parse_metric(name);
    if (metric == "ndcg") largest = std::max(largest, k);
  }
  if (largest == 0) {
    const std::vector<int64_t> k = protocol_of(run).k;
    largest = *std::max_element(k.begin(), k.end());
  }
  return "ndcg@" + std::to_string(largest);
}

Measured measure(const db::RunRow& run, const Measured& stored, const TableOptions& options,
                 bool closed) {
  const eval::Protocol wanted = protocol_of(run, options);
  if (!has_ranks_for(run, wanted)) return {};
  const eval::Protocol own = protocol_of(run);
  const auto& known = closed ? stored.valid : stored.test;
  bool again = wanted.ties != own.ties || wanted.remove_seen != own.remove_seen;
  for (const int64_t k : wanted.k) {
    for (const char* metric : {"hr@", "ndcg@"}) {
      again = again || known.count(metric + std::to_string(k)) == 0;
    }
  }
  if (!again) return closed ? Measured{{}, stored.valid} : stored;
  const char* part = closed ? "valid" : "test";
  const std::optional<eval::RankFile> ranks = read_ranks(options.lab, run.uuid, part);
  if (!ranks) {
    throw DataError(
        "run " + run.uuid + ": no " + (closed ? run::kValidRanksFile : run::kRanksFile) +
        " in its folder, so that " +
        "metrics under another protocol than the stored one cannot be computed; leave out " +
        "--k, --ties and --remove-seen, or restore " + run::folder_of(options.lab, run.uuid).path);
  }
  auto metrics = eval::metrics(ranks->records, wanted);
  if (!closed) return {metrics, stored.valid};
  metrics.insert(stored.valid.begin(), stored.valid.end());  // the metric that selected the model
  return {{}, metrics};
}

}  // namespace lea::report
