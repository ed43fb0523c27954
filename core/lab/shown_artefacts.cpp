#include "core/lab/shown_artefacts.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lab/artefact_plan.h"
#include "core/lab/artefact_worker.h"
#include "core/lab/experiment_data.h"

namespace lea::lab {
namespace {

constexpr double kSeconds = 3600;  // a model may be read from a slow disk

// What any artefact of the plugin reads.
std::vector<std::string> reads_of(const spec::PluginInfo& plugin) {
  std::set<std::string> reads;
  for (const Artefact& artefact : plugin.artefacts)
    reads.insert(artefact.reads.begin(), artefact.reads.end());
  return {reads.begin(), reads.end()};
}

void take_answer(const nlohmann::json& line, std::vector<ShownPlugin>* shown) {
  const JsonFields fields(line, "the worker's answer");
  const auto index = static_cast<size_t>(fields.integer("index"));
  if (index >= shown->size()) fields.fail("index", "is none of the question");
  ShownPlugin& plugin = (*shown)[index];
  if (fields.has("lines")) {
    plugin.lines = fields.texts("lines");
  } else {
    plugin.problem = fields.text("reason");
    plugin.code = static_cast<int>(fields.integer("code"));
  }
}

}  // namespace

std::vector<ShownPlugin> show_artefacts(const ShowOptions& options,
                                        const spec::Experiment& experiment,
                                        const spec::PluginCatalogue& catalogue) {
  std::vector<size_t> runs(experiment.runs.size());
  std::iota(runs.begin(), runs.end(), size_t{0});
  const auto artefacts = plan_artefacts(options.lab, experiment, catalogue, runs).artefacts;
  std::vector<ShownPlugin> shown;
  nlohmann::json headers = nlohmann::json::array();
  std::set<std::string> known;
  for (size_t i = 0; i < artefacts.size(); ++i) {
    const spec::NeededArtefact& needed = artefacts[i].needed;
    const spec::RunSpec& run = experiment.runs[artefacts[i].run].run;
    if (artefacts[i].key.empty()) {
      throw DataError("the data set " + printable(run.data.name) +
                      " is not in the lab yet. Import it with `lealab data import " +
                      printable(run.data.name) + " SOURCE`.");
    }
    const std::string what = needed.plugin_kind + " " + needed.use.id + needed.use.params.dump() +
                             split_key(run) + std::to_string(run.data.history);
    if (!known.insert(what).second) continue;
    shown.push_back(
        {needed.plugin_kind, needed.use.id, needed.use.params, run.data.name, {}, "", 0});
    run::ArtefactHeader header = header_of(artefacts, i, experiment);
    header.needed.artefact.reads = reads_of(*catalogue.find(needed.plugin_kind, needed.use.id));
    headers.push_back(run::to_json(header));
  }
  if (shown.empty()) return shown;
  ProcessResult worker = ask_worker({"show",
                                     headers,
                                     options.lab,
                                     options.plugin_dirs,
                                     {"--limit", std::to_string(options.limit)},
                                     kSeconds});
  if (worker.timed_out) throw PluginError("no plugin has answered for an hour");
  if (worker.signal != 0) {
    throw PluginError("a plugin crashed while it was asked what it would compute (signal " +
                      std::to_string(worker.signal) + ")");
  }
  const std::string out = output_of(std::move(worker));
  for (const char* type : {"shown", "refused"}) {
    for (const nlohmann::json& line : json_lines(out, type)) take_answer(line, &shown);
  }
  return shown;
}

}  // namespace lea::lab
