#include "core/lab/artefact_time.h"

#include <filesystem>

#include "core/base/machine.h"
#include "core/lab/artefact_worker.h"
#include "core/lab/process.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

constexpr double kMeasureSeconds = 60;  // limit of the worker's task
constexpr double kStartSeconds = 2;     // of the worker that makes an artefact
// What an older program cached lacks the pace of newer sorts of work, or was measured otherwise.
constexpr const char* kPaceFile = "pace-4";

// A whole number; 0 when the plugin does not count it.
int64_t amount_in(const Amounts& amounts, const char* sort) {
  constexpr double kMost = 1e18;
  const auto found = amounts.find(sort);
  const bool sound = found != amounts.end() && found->second > 0 && found->second < kMost;
  return sound ? static_cast<int64_t>(found->second) : 0;
}

Amounts pace_of(const TimeOptions& options, const spec::PrepareSection& prepare) {
  const auto threads = static_cast<int>(prepare.threads);
  const std::string file =
      cache_file(kPaceFile, this_machine("", threads, prepare.device).short_kind());
  if (const auto known = cached_amounts(file, "pace")) return *known;
  if (options.only_known) return {};
  options.on_wait("measuring how fast this machine is, which takes 15 seconds, once");
  const std::string folder =
      fs::exists(options.lab) ? options.lab : fs::temp_directory_path().string();
  const auto lines =
      json_lines(run_process({worker_path(), "measure", "--threads", std::to_string(threads),
                              "--device", prepare.device, "--folder", folder},
                             kMeasureSeconds)
                     .out,
                 "pace");
  if (lines.empty()) return {};
  cache_answer(file, lines.front());
  return amounts_in(lines.front(), "pace");
}

}  // namespace

void estimate_artefacts(const TimeOptions& options, const spec::Experiment& experiment,
                        std::vector<PlannedArtefact>* artefacts) {
  try {
    const auto answers = ask_about_artefacts(options, experiment, *artefacts);
    bool refused = false;
    for (const auto& [index, answer] : answers) {
      PlannedArtefact& artefact = (*artefacts)[index];
      artefact.state_width = amount_in(answer.counts, "state_width");
      if (artefact.done) continue;
      artefact.bytes = amount_in(answer.counts, "bytes");
      artefact.memory = amount_in(answer.counts, "memory_bytes");
      artefact.refused = answer.refused;
      artefact.no_memory = answer.no_memory;
      refused = refused || !answer.refused.empty();
    }
    if (refused) return;  // nobody will see how long it would take
    Amounts pace;
    for (const auto& [index, answer] : answers) {
      if (answer.counts.empty() || (*artefacts)[index].done) continue;
      if (pace.empty()) pace = pace_of(options, experiment.prepare);
      if (pace.empty()) return;  // nobody knows how long it takes
      double seconds = kStartSeconds;
      for (const auto& [sort, amount] : answer.counts) {
        const auto speed = pace.find(sort);
        if (speed != pace.end() && speed->second > 0) seconds += amount / speed->second;
      }
      (*artefacts)[index].seconds = seconds;
    }
  } catch (const std::exception&) {
    // The plan shows no time then.
  }
}

}  // namespace lea::lab
