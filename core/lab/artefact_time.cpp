#include "core/lab/artefact_time.h"

#include <filesystem>
#include <map>
#include <optional>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/machine.h"
#include "core/base/user_cache.h"
#include "core/lab/artefact_worker.h"
#include "core/lab/process.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using Amounts = std::map<std::string, double>;  // by sort of work

constexpr double kMeasureSeconds = 60;  // limit of the worker's task
constexpr double kStartSeconds = 2;     // of the worker that makes an artefact

Amounts amounts_in(const nlohmann::json& document, const char* key) {
  Amounts amounts;
  const JsonFields fields(document, key);
  const JsonFields values = fields.object(key);
  for (const auto& [sort, value] : fields.at(key).items())
    amounts[sort] = values.number(sort.c_str());
  return amounts;
}

// The size of the files; 0 when the plugin does not count it.
int64_t bytes_in(const Amounts& amounts) {
  constexpr double kMost = 1e18;
  const auto found = amounts.find("bytes");
  const bool sound = found != amounts.end() && found->second > 0 && found->second < kMost;
  return sound ? static_cast<int64_t>(found->second) : 0;
}

std::string cache_file(const char* folder, const std::string& name) {
  const std::string cache = user_cache(folder);
  return cache.empty() ? "" : cache + "/" + name + ".json";
}

std::optional<nlohmann::json> cached(const std::string& file) {
  try {
    return file.empty() ? std::nullopt : read_json(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void keep(const std::string& file, const nlohmann::json& document) {
  try {
    if (!file.empty()) publish_file(file, document.dump() + "\n");
  } catch (const Error&) {
    // It is measured again the next time.
  }
}

Amounts pace_of(const TimeOptions& options, const spec::PrepareSection& prepare) {
  const auto threads = static_cast<int>(prepare.threads);
  const std::string file =
      cache_file("pace", this_machine("", threads, prepare.device).short_kind());
  if (const auto known = cached(file)) return amounts_in(*known, "pace");
  options.on_wait("measuring how fast this machine is, which takes ten seconds, once");
  const std::string folder =
      fs::exists(options.lab) ? options.lab : fs::temp_directory_path().string();
  const auto lines =
      json_lines(run_process({worker_path(), "measure", "--threads", std::to_string(threads),
                              "--device", prepare.device, "--folder", folder},
                             kMeasureSeconds)
                     .out,
                 "pace");
  if (lines.empty()) return {};
  keep(file, lines.front());
  return amounts_in(lines.front(), "pace");
}

// Asks one worker for the counts of all artefacts that the cache lacks.
std::map<std::string, Amounts> counts_of(const TimeOptions& options,
                                         const spec::Experiment& experiment,
                                         const std::vector<PlannedArtefact>& artefacts) {
  std::map<std::string, Amounts> counts;
  nlohmann::json missing = nlohmann::json::array();
  for (size_t i = 0; i < artefacts.size(); ++i) {
    const PlannedArtefact& artefact = artefacts[i];
    if (artefact.done || artefact.key.empty()) continue;
    if (const auto known = cached(cache_file("counts", artefact.key))) {
      counts[artefact.key] = amounts_in(*known, "counts");
    } else {
      missing.push_back(run::to_json(header_of(artefacts, i, experiment)));
    }
  }
  if (missing.empty()) return counts;
  const ProcessResult worker = ask_worker({"count", missing, options.lab, options.plugin_dirs});
  for (const nlohmann::json& line : json_lines(worker.out, "counts")) {
    const std::string key = line.at("key").get<std::string>();
    counts[key] = amounts_in(line, "counts");
    keep(cache_file("counts", key), line);
  }
  return counts;
}

}  // namespace

void estimate_artefacts(const TimeOptions& options, const spec::Experiment& experiment,
                        std::vector<PlannedArtefact>* artefacts) {
  try {
    const auto counts = counts_of(options, experiment, *artefacts);
    Amounts pace;
    for (PlannedArtefact& artefact : *artefacts) {
      const auto found = counts.find(artefact.key);
      if (artefact.done || found == counts.end() || found->second.empty()) continue;
      if (pace.empty()) pace = pace_of(options, experiment.prepare);
      double seconds = kStartSeconds;
      for (const auto& [sort, amount] : found->second) {
        const auto speed = pace.find(sort);
        if (speed != pace.end() && speed->second > 0) seconds += amount / speed->second;
      }
      artefact.seconds = seconds;
      artefact.bytes = bytes_in(found->second);
    }
  } catch (const std::exception&) {
    // The plan shows no time then.
  }
}

}  // namespace lea::lab
