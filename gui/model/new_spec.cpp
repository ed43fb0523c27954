#include "gui/model/new_spec.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/base/text.h"
#include "gui/model/form_outline.h"

namespace lea::gui {
namespace {

namespace fs = std::filesystem;
using spec::PluginInfo;

bool needs_a_value(const PluginInfo& plugin) {
  return std::any_of(plugin.params.begin(), plugin.params.end(),
                     [](const ParamInfo& info) { return info.required; });
}

bool uses(const PluginInfo& plugin, const char* what) {
  return std::find(plugin.uses.begin(), plugin.uses.end(), what) != plugin.uses.end();
}

// The short names of up to `most` plugins of a kind that are as wanted. Those whose last part stands
// in `first` come first, because beginners find them in every paper.
std::vector<std::string> some(const Facts& facts, const std::string& kind, size_t most,
                              const std::vector<std::string>& first,
                              const std::function<bool(const PluginInfo&)>& wanted) {
  std::vector<std::string> names, others;
  for (const PluginInfo& plugin : facts.plugins.all()) {
    if (plugin.kind == kind && !needs_a_value(plugin) && wanted(plugin))
      others.push_back(short_name(facts.plugins, plugin));
  }
  for (const std::string& name : first) {
    if (std::find(others.begin(), others.end(), name) != others.end()) names.push_back(name);
  }
  for (const std::string& name : others) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.size() > most) names.resize(most);
  return names;
}

// A baseline without training, a supervised one, and one that learns from rewards.
std::vector<std::string> frameworks(const Facts& facts) {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& found) {
    names.insert(names.end(), found.begin(), found.end());
  };
  add(some(facts, "framework", 1, {"popularity"},
           [](const PluginInfo& plugin) { return plugin.uses.empty(); }));
  add(some(facts, "framework", 1, {"supervised"}, [](const PluginInfo& plugin) {
    return uses(plugin, "train") && !uses(plugin, "reward");
  }));
  add(some(facts, "framework", 1, {"snqn"},
           [](const PluginInfo& plugin) { return uses(plugin, "reward"); }));
  return names;
}

std::string format_of(const std::string& path) {
  std::error_code failed;
  bool recbole = path.find(".inter") != std::string::npos;
  for (fs::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed))
    recbole = recbole || it->path().filename().string().find(".inter") != std::string::npos;
  return recbole ? "recbole" : "tsv";
}

}  // namespace

std::string data_set_name(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  for (const char* ending : {".gz", ".inter", ".tsv", ".csv", ".txt"}) {
    if (name.ends_with(ending)) name.erase(name.size() - std::string(ending).size());
  }
  for (char& c : name) {
    if (!is_name(std::string("x") + c)) c = '_';
  }
  return is_name(name) ? name : "my_data";
}

std::string new_spec(const Facts& facts, const std::string& data_set, const std::string& path) {
  std::string data = "{name: " + yaml_text(data_set);
  if (!path.empty()) {
    data += ", path: " + yaml_text(path);
    if (const std::string format = format_of(path); format != "tsv") data += ", format: " + format;
  }
  std::string text =
      "# A first grid of short runs. It states what differs from the defaults; the form beside it\n"
      "# shows all settings and changes only their lines.\n"
      "name: first\n"
      "data: " +
      data +
      "}\n"
      "train: {max_steps: 2000, validate_every: 250, patience: 4}\n\n"
      "grid:\n";
  const auto all = [](const PluginInfo&) { return true; };
  const auto add = [&](const char* axis, const std::vector<std::string>& names) {
    if (!names.empty()) text += std::string("  ") + axis + ": [" + joined(names) + "]\n";
  };
  add("backbone", some(facts, "backbone", 1, {"gru4rec"}, all));
  add("framework", frameworks(facts));
  text += '\n';
  return text + "seeds: [1, 2]\n";
}

}  // namespace lea::gui
