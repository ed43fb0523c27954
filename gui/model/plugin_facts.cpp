#include "gui/model/plugin_facts.h"

#include "core/base/text.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr std::string_view kApi = ", API ";

std::string listed(const std::vector<std::string>& words) { return printable(joined(words)); }

// Who made a plugin is the first part of its id.
std::string vendor_of(const std::string& id) { return printable(id.substr(0, id.find('.'))); }

void add(Facts* facts, const char* name, const std::string& text) {
  if (!text.empty()) facts->emplace_back(name, to_qt(text));
}

std::string reads_of(const spec::PluginInfo& plugin) {
  std::string text = plugin.uses.empty() ? "nothing of a run but its data" : listed(plugin.uses);
  if (plugin.min_negatives > 0)
    text += "; needs at least " + counted(plugin.min_negatives, "sampled item");
  return text;
}

std::string artefacts_of(const spec::PluginInfo& plugin) {
  std::vector<std::string> kinds;
  for (const Artefact& artefact : plugin.artefacts) kinds.push_back(artefact.kind);
  return kinds.empty() ? "" : listed(kinds);
}

void add_plugin(Facts* facts, const spec::PluginInfo& plugin) {
  add(facts, "Summary", printable(plugin.summary));
  add(facts, "Vendor", vendor_of(plugin.id));
  add(facts, "Version", printable(plugin.version));
  if (plugin.kind == "framework") add(facts, "Reads", reads_of(plugin));
  if (plugin.gives_state) add(facts, "Gives", "states");
  if (plugin.needs_pool) add(facts, "As a reward", "needs negatives: {from: pool, pool: P}");
  if (plugin.chooses) add(facts, "Can", "choose from a list");
  if (!plugin.asks.empty()) add(facts, "Asks of `of`", listed(plugin.asks));
  add(facts, "Makes once", artefacts_of(plugin));
}

void add_file(Facts* facts, const lab::PluginRecord& record) {
  add(facts, "File", printable(record.file));
  add(facts, "SHA-256", printable(record.sha256));
  add(facts, "Built with", printable(record.built_with));
}

}  // namespace

Look plugin_look(lab::PluginState state) {
  switch (state) {
    case lab::PluginState::kEnabled:
      return Look::kFinished;
    case lab::PluginState::kFailed:
      return Look::kFailed;
    case lab::PluginState::kConflict:
      return Look::kInterrupted;
    case lab::PluginState::kDisabled:
      break;
  }
  return Look::kSkipped;
}

std::string compiler_part(const lab::PluginRecord& record) {
  return printable(record.built_with.substr(0, record.built_with.find(kApi)));
}

std::string api_part(const lab::PluginRecord& record) {
  const size_t at = record.built_with.find(kApi);
  return at == std::string::npos ? "" : printable(record.built_with.substr(at + kApi.size()));
}

Facts plugin_facts(const lab::PluginRecord& record, const spec::PluginInfo* plugin,
                   lab::PluginPlace place) {
  Facts facts;
  add(&facts, "State", to_string(record.state));
  if (plugin != nullptr) add_plugin(&facts, *plugin);
  add_file(&facts, record);
  add(&facts, "Trust", to_string(place));
  for (const std::string& warning : record.warnings) add(&facts, "Warning", printable(warning));
  return facts;
}

Facts install_facts(const lab::PluginRecord& record, const lab::InstallPlan& plan) {
  Facts facts;
  for (const spec::PluginInfo& plugin : record.plugins) {
    add(&facts, "Registers",
        plugin.kind + " " + printable(plugin.id) + " " + printable(plugin.version));
    add_plugin(&facts, plugin);
  }
  for (const lab::ReplacedPlugin& one : plan.replaces) {
    add(&facts, "Replaces",
        one.kind + " " + printable(one.id) + " " +
            (one.version.empty() ? "of unknown version" : printable(one.version)) + " of " +
            printable(one.file));
  }
  if (plan.replaces.empty() && plan.obstacle.empty()) add(&facts, "Replaces", "nothing");
  add_file(&facts, record);
  if (plan.obstacle.empty()) add(&facts, "Installs as", printable(plan.target));
  add(&facts, "Renamed", plan.renamed);
  for (const std::string& warning : record.warnings) add(&facts, "Warning", printable(warning));
  return facts;
}

}  // namespace lea::gui
