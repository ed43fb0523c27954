#include "gui/model/spec_facts.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/dataset.h"
#include "core/lab/lab_folder.h"
#include "core/spec/grid.h"
#include "core/spec/presets.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSpecBytes = size_t{1} << 20;
constexpr int kSettleMilliseconds = 500;  // a library is written in several steps

// Calls `visit` for the text of each scalar and key of a value.
void for_each_word(const spec::Node& node, const std::function<void(const std::string&)>& visit) {
  if (node.is_scalar()) visit(node.text);
  for (const spec::NodePtr& item : node.items) for_each_word(*item, visit);
  for (const spec::Entry& entry : node.entries) {
    visit(entry.key);
    for_each_word(*entry.value, visit);
  }
}

// Adds the environments that a value names, and those that these name.
void add_environments(const spec::Node& value, const spec::Entry* environments,
                      std::map<std::string, std::string>* added) {
  if (!environments) return;
  for_each_word(value, [&](const std::string& word) {
    std::string name = word;
    const std::string head = "environments.";
    if (name.starts_with(head)) name = name.substr(head.size(), name.find('.', head.size()) - head.size());
    const spec::Entry* declared = environments->value->find(name);
    if (!declared || added->contains(name)) return;
    (*added)[name] = spec::in_flow(*declared->value);
    add_environments(*declared->value, environments, added);
  });
}

std::vector<std::string> entries_of(const std::string& folder, const char* ending) {
  std::vector<std::string> paths;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (*ending == '\0' || it->path().extension() == ending) paths.push_back(it->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The folders whose specs have bundles to offer: those that ship, and the lab's own.
std::vector<std::string> bundle_folders(const std::string& lab) {
  return {spec::variants_folder(), lab + "/variants", lab + "/presets"};
}

Facts read_facts(const std::string& lab, const std::vector<std::string>& plugin_dirs) {
  Facts facts;
  facts.records = lab::probe_plugins(plugin_folders(plugin_dirs));
  facts.plugins = lab::catalogue_of(facts.records);
  facts.data_sets = data::dataset_names(lab);
  facts.models_folder = lab::models_folder(lab);
  for (const std::string& path : entries_of(facts.models_folder, ""))
    facts.models.push_back(fs::path(path).filename().string());
  facts.presets = spec::preset_names();
  for (const std::string& folder : bundle_folders(lab)) {
    for (const std::string& path : entries_of(folder, ".yaml")) {
      for (LibraryBundle& bundle : bundles_in(path)) facts.bundles.push_back(std::move(bundle));
    }
  }
  return facts;
}

}  // namespace

std::vector<LibraryBundle> bundles_in(const std::string& path) {
  std::vector<LibraryBundle> bundles;
  try {
    spec::Errors errors;
    const auto source = std::make_shared<const spec::Source>(spec::Source{path, "", 0, true});
    const spec::NodePtr root = spec::parse_yaml(read_file(path, kSpecBytes), source, errors);
    const spec::Entry* grid = root ? root->find("grid") : nullptr;
    const spec::Entry* variants = grid ? grid->value->find(spec::kVariant) : nullptr;
    if (!variants) return {};
    const spec::Entry* environments = root->find("environments");
    for (const spec::NodePtr& item : variants->value->items) {
      if (!item->is_map() || item->entries.size() != 1) continue;
      LibraryBundle bundle{item->entries[0].key, spec::in_flow(*item),
                           fs::path(path).filename().string()};
      add_environments(*item, environments, &bundle.environments);
      bundles.push_back(std::move(bundle));
    }
  } catch (const Error&) {
    return {};
  }
  return bundles;
}

std::string short_name(const spec::PluginCatalogue& plugins, const spec::PluginInfo& plugin) {
  const std::string last = plugin.id.substr(plugin.id.rfind('.') + 1);
  return find_plugin(plugins, plugin.kind, last) ? last : plugin.id;
}

const spec::PluginInfo* find_plugin(const spec::PluginCatalogue& plugins, const std::string& kind,
                                    const std::string& name) {
  try {
    return plugins.find(kind, name);
  } catch (const Error&) {
    return nullptr;
  }
}

SpecFacts::SpecFacts(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  soon_.setSingleShot(true);
  soon_.setInterval(kSettleMilliseconds);
  connect(&soon_, &QTimer::timeout, this, &SpecFacts::read);
  connect(&folders_, &QFileSystemWatcher::directoryChanged, &soon_, qOverload<>(&QTimer::start));
  connect(&lab_, &LabModel::opened, this, &SpecFacts::read);
}

void SpecFacts::read() {
  const std::string lab = lab_.is_open() ? lab_.folder() : lab_.missing();
  lane_.ask(
      ticket_,
      [lab, dirs = lab_.plugin_dirs](const Lane::Cancelled&) {
        std::vector<std::string> watched = plugin_folders(dirs);
        for (const std::string& folder :
             {data::datasets_folder(lab), lab::models_folder(lab), lab + "/variants", lab + "/presets"})
          watched.push_back(folder);
        std::erase_if(watched, [](const std::string& folder) { return !fs::is_directory(folder); });
        return std::pair{std::make_shared<const Facts>(read_facts(lab, dirs)), watched};
      },
      [this](const auto& found) {
        facts_ = found.first;
        read_ = true;
        watch(found.second);
        lab_.messages().resolve("facts");
        Q_EMIT changed();
      },
      [this](const QString& text) {
        lab_.messages().error("facts", text);
        read_ = true;
        Q_EMIT changed();
      });
}

void SpecFacts::take(Facts facts) {
  ticket_.drop();
  facts_ = std::make_shared<const Facts>(std::move(facts));
  read_ = true;
  Q_EMIT changed();
}

void SpecFacts::watch(const std::vector<std::string>& folders) {
  QStringList now;
  for (const std::string& folder : folders) now << to_qt(folder);
  const QStringList before = folders_.directories();
  for (const QString& folder : before) {
    if (!now.contains(folder)) folders_.removePath(folder);
  }
  for (const QString& folder : now) {
    if (!before.contains(folder)) folders_.addPath(folder);
  }
}

}  // namespace lea::gui
