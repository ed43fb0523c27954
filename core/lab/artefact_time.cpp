#include "core/lab/artefact_time.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/machine.h"
#include "core/lab/process.h"
#include "core/lab/user_cache.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using Amounts = std::map<std::string, double>;  // by sort of work

constexpr double kMeasureSeconds = 60, kCountSeconds = 300;  // limits of the worker's tasks
constexpr double kStartSeconds = 2;                          // of the worker that makes an artefact

Amounts amounts_in(const nlohmann::json& document, const char* key) {
  Amounts amounts;
  const JsonFields fields(document, key);
  const JsonFields values = fields.object(key);
  for (const auto& [sort, value] : fields.at(key).items())
    amounts[sort] = values.number(sort.c_str());
  return amounts;
}

// The JSON lines of this type that the worker printed.
std::vector<nlohmann::json> lines_of(const std::vector<std::string>& command, double seconds,
                                     const std::string& type) {
  std::vector<nlohmann::json> lines;
  const ProcessResult result = run_process(command, seconds);
  std::istringstream out(result.out);
  for (std::string line; std::getline(out, line);) {
    auto document = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (document.is_object() && document.value("type", "") == type)
      lines.push_back(std::move(document));
  }
  return lines;
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
  const auto lines = lines_of({worker_path(), "measure", "--threads", std::to_string(threads),
                               "--device", prepare.device, "--folder", folder},
                              kMeasureSeconds, "pace");
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
  std::string file = (fs::temp_directory_path() / "lea-count-XXXXXX").string();
  const int descriptor = mkstemp(file.data());
  if (descriptor < 0) return counts;
  close(descriptor);
  publish_file(file, missing.dump());
  std::vector<std::string> command = {worker_path(), "count",       "--lab",
                                      options.lab,   "--artefacts", file};
  for (const std::string& folder : options.plugin_dirs)
    command.insert(command.end(), {"--plugin-dir", folder});
  for (const nlohmann::json& line : lines_of(command, kCountSeconds, "counts")) {
    const std::string key = line.at("key").get<std::string>();
    counts[key] = amounts_in(line, "counts");
    keep(cache_file("counts", key), line);
  }
  fs::remove(file);
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
