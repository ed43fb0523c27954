#include "core/lab/shown_artefacts.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/lab/artefact_plan.h"
#include "core/lab/artefact_worker.h"
#include "core/lab/experiment_data.h"
#include "core/lab/worker_file.h"
#include "core/run/artefact_folder.h"

namespace lea::lab {
namespace {

constexpr double kSeconds = 3600;  // a model may be read from a slow disk

// What a worker is told of the plugin: a header without a key, whose artefact reads what any artefact
// of the plugin reads.
run::ArtefactHeader question_about(const spec::NeededArtefact& needed, const spec::RunSpec& run,
                                   const spec::ArtefactsOf& artefacts_of) {
  run::ArtefactHeader header;
  header.needed = needed;
  header.run = run;
  std::set<std::string> reads;
  for (const Artefact& artefact : artefacts_of(needed.plugin_kind, needed.use.id))
    reads.insert(artefact.reads.begin(), artefact.reads.end());
  header.needed.artefact.reads.assign(reads.begin(), reads.end());
  return header;
}

void require_data(const std::string& lab, const std::string& name) {
  if (data::describe_dataset(lab, name)) return;
  throw DataError("the data set " + printable(name) +
                  " is not in the lab yet. Import it with `lealab data import " + printable(name) +
                  " SOURCE`.");
}

// The parameters in which a plugin differs from the others of the same name in the list, as
// " portion=0.1"; empty for the only one.
std::string differences(const ShownPlugin& plugin, const std::vector<ShownPlugin>& all) {
  std::string text;
  for (const auto& param : plugin.params.items()) {
    const std::string& name = param.key();
    const nlohmann::json& value = param.value();
    const bool differs = std::any_of(all.begin(), all.end(), [&](const ShownPlugin& other) {
      return other.id == plugin.id && other.params.value(name, nlohmann::json()) != value;
    });
    if (!differs) continue;
    text += " " + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return printable(text);
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
  const spec::ArtefactsOf artefacts_of = artefacts_in(catalogue);
  std::vector<ShownPlugin> shown;
  nlohmann::json headers = nlohmann::json::array();
  std::set<std::string> known;
  for (const spec::PlannedRun& planned : experiment.runs) {
    const spec::RunSpec& run = planned.run;
    for (const spec::NeededArtefact& needed : spec::needed_artefacts(run, artefacts_of)) {
      const std::string& kind = needed.plugin_kind;
      const spec::PluginUse& use = needed.use;
      const std::string what = kind + " " + use.id + use.params.dump() + split_key(run) +
                               std::to_string(run.data.history);
      if (!known.insert(what).second) continue;
      require_data(options.lab, run.data.name);
      shown.push_back({kind, use.id, use.params, run.data.name, {}, "", 0});
      headers.push_back(run::to_json(question_about(needed, run, artefacts_of)));
    }
  }
  if (shown.empty()) return shown;
  const CallFile call;
  std::vector<std::string> more = call.arguments();
  more.insert(more.end(), {"--limit", std::to_string(options.limit)});
  ProcessResult worker = ask_worker(
      {"show", headers, options.lab, options.plugin_dirs, more, kSeconds, options.cancelled});
  if (worker.timed_out) throw PluginError("no plugin has answered for an hour" + call.where());
  if (worker.signal != 0) {
    throw PluginError("a plugin crashed" + call.where() +
                      " while it was asked what it would compute (" + signal_name(worker.signal) +
                      ")");
  }
  const std::string out = output_of(std::move(worker));
  for (const char* type : {"shown", "refused"}) {
    for (const nlohmann::json& line : json_lines(out, type)) take_answer(line, &shown);
  }
  return shown;
}

std::string text_of(const std::vector<ShownPlugin>& plugins, std::string* problems) {
  std::string text;
  for (const ShownPlugin& plugin : plugins) {
    const std::string name = plugin.plugin_kind + " " + printable(plugin.id) +
                             differences(plugin, plugins) + ", data " + printable(plugin.data);
    if (!plugin.problem.empty())
      *problems += (problems->empty() ? "" : "\n") + name + ": " + printable(plugin.problem);
    if (plugin.lines.empty()) continue;
    text += (text.empty() ? "" : "\n") + name + ":\n";
    for (const std::string& line : plugin.lines) text += printable(line) + "\n";
  }
  if (text.empty() && problems->empty())
    text = "No environment or augmenter of the spec has prompts to show.\n";
  return text;
}

}  // namespace lea::lab
