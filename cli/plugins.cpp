#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugin_template.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/letter_case.h"
#include "core/base/links.h"
#include "core/base/text.h"
#include "core/lab/plugins.h"
#include "core/report/columns.h"
#include "core/spec/param_text.h"

namespace lea::cli {
namespace {

using lab::PluginRecord;
using lab::PluginState;
using nlohmann::json;

void print_json(const json& document) { std::printf("%s", pretty_json(document).c_str()); }

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::printf("%s", report::align_columns(rows).c_str());
}

void print_list(const std::vector<PluginRecord>& records) {
  std::vector<std::vector<std::string>> rows{
      {"state", "kind", "id", "version", "built with", "sha256", "file"}};
  for (const PluginRecord& record : records) {
    const std::string state = to_string(record.state), hash = record.sha256.substr(0, 12);
    for (const spec::PluginInfo& plugin : record.plugins) {
      rows.push_back({state, plugin.kind, printable(plugin.id), printable(plugin.version),
                      record.built_with, hash, printable(record.file)});
    }
    if (!record.plugins.empty()) continue;
    std::vector<spec::PluginName> names = record.provides;
    if (names.empty()) names.push_back({"-", "-"});
    for (const spec::PluginName& name : names) {
      rows.push_back({state, name.kind, name.id, "-",
                      record.built_with.empty() ? "-" : record.built_with,
                      hash.empty() ? "-" : hash, printable(record.file)});
    }
  }
  print_table(rows);
  for (const PluginRecord& record : records) {
    if (!record.reason.empty())
      std::printf("\n%s: %s\n", to_string(record.state), record.reason.c_str());
    for (const std::string& warning : record.warnings)
      std::printf("\nwarning: %s\n", warning.c_str());
  }
}

void list_plugins(const Globals& globals, bool as_json, bool again) {
  const auto folders = lab::plugin_folders(globals.plugin_dirs);
  const auto records =
      lab::probe_plugins(folders, again ? lab::ProbeCache::kIgnore : lab::ProbeCache::kUse);
  if (as_json) {
    json list = json::array();
    for (const PluginRecord& record : records) list.push_back(lab::to_json(record));
    print_json(list);
    return;
  }
  if (!records.empty()) return print_list(records);
  std::printf("No plugins. Folders:");
  for (const std::string& folder : folders) std::printf(" %s", printable(folder).c_str());
  std::printf("\n");
}

void print_plugin(const spec::PluginInfo& plugin) {
  std::printf("%s %s %s\n%s\n", plugin.kind.c_str(), printable(plugin.id).c_str(),
              printable(plugin.version).c_str(), printable(plugin.summary).c_str());
  std::printf("file: %s\nsha256: %s\n", printable(plugin.file).c_str(),
              printable(plugin.sha256).c_str());
  if (plugin.kind == "framework") {
    std::string uses;
    for (const std::string& slot : plugin.uses)
      uses += (uses.empty() ? "" : ", ") + printable(slot);
    if (plugin.min_negatives > 0)
      uses += "; needs at least " + counted(plugin.min_negatives, "sampled item");
    std::printf("reads: %s\n", uses.empty() ? "nothing of a run but its data" : uses.c_str());
  }
  if (plugin.gives_state) std::printf("gives states\n");
  if (plugin.needs_pool) std::printf("as a reward, needs `negatives: {from: pool, pool: P}`\n");
  if (plugin.chooses) {
    std::printf("can choose from a list%s\n", plugin.list_words.empty()
                                                  ? ""
                                                  : (" of at most as many candidates as `" +
                                                     printable(plugin.list_words) + "` has words")
                                                        .c_str());
  }
  if (!plugin.asks.empty())
    std::printf("asks of the environment in `of`: %s\n", printable(joined(plugin.asks)).c_str());
  if (plugin.params.empty()) {
    std::printf("\nNo parameters.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows{{"parameter", "type", "default", "range", "meaning"}};
  for (const ParamInfo& info : plugin.params) {
    rows.push_back({printable(info.name), spec::type_text(info.type), spec::default_text(info),
                    spec::range_text(info), printable(info.meaning)});
  }
  std::printf("\n");
  print_table(rows);
}

bool is_called(const spec::PluginInfo& plugin, const std::string& name) {
  const std::string id = lower(plugin.id), wanted = lower(name);
  return id == wanted || id.ends_with("." + wanted);
}

void show_plugin(const Globals& globals, const std::string& name, bool as_json) {
  const auto records = lab::probe_plugins(lab::plugin_folders(globals.plugin_dirs));
  json found = json::array();
  std::vector<std::string> known;
  bool printed = false;
  for (const PluginRecord& record : records) {
    for (const spec::PluginInfo& plugin : record.plugins) {
      known.push_back(plugin.id);
      known.push_back(plugin.id.substr(plugin.id.rfind('.') + 1));
      if (!is_called(plugin, name)) continue;
      if (as_json) {
        found.push_back(spec::to_json(plugin));
      } else {
        if (printed) std::printf("\n");
        print_plugin(plugin);
        if (!record.reason.empty())
          std::printf("\n%s: %s\n", to_string(record.state), record.reason.c_str());
      }
      printed = true;
    }
  }
  if (!printed) {
    const std::string refused = spec::why_refused(lab::refused_libraries(records), "", name);
    if (!refused.empty()) throw PluginError("`" + printable(name) + "` cannot be used: " + refused);
    const std::string hint = did_you_mean(name, known);
    throw UsageError("no plugin is called `" + printable(name) + "`" + (hint.empty() ? "." : hint) +
                     " `lealab plugins` lists them.");
  }
  if (as_json) print_json(found);
}

// For authors: one file, probed now, wherever it lies.
void check_file(const std::string& file, bool as_json) {
  const std::string path = std::filesystem::absolute(file).lexically_normal().string();
  const PluginRecord record = lab::probe_file(path);
  if (as_json) {
    print_json(lab::to_json(record));
  } else {
    print_list({record});
  }
  if (record.state != PluginState::kEnabled) {
    throw PluginError("the plugin cannot be used: see above.");
  }
}

void check_new_name(const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= 60 && name[0] >= 'a' && name[0] <= 'z' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!good) {
    throw UsageError("`" + printable(name) +
                     "` cannot name a plugin: use a letter, then letters, digits and underscores, "
                     "all lower case.");
  }
}

void replace_all(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos;
       at = text->find(from, at + to.size())) {
    text->replace(at, from.size(), to);
  }
}

// The build file of the template, with this one plugin instead of the template's own.
std::string build_file(const std::string& name) {
  std::istringstream lines(plugin_template().at("CMakeLists.txt"));
  std::string text, line;
  while (std::getline(lines, line)) {
    if (!line.starts_with("lealab_plugin(")) text += line + "\n";
  }
  replace_all(&text, "build/backbone.so", "build/" + name + ".so");
  replace_all(&text, "project(my_plugins", "project(" + name);
  return text + "lealab_plugin(" + name + " " + name + ".cpp)\n";
}

void write_skeleton(const std::string& kind, const std::string& name, const std::string& out,
                    bool artefact) {
  check_new_name(name);
  require_folder_name(out);
  if (artefact && kind != "environment") {
    throw UsageError(
        "--artefact: only the skeleton of an environment shows an artefact. An augmenter declares "
        "one in the same way; a backbone and a framework cannot have any.");
  }
  namespace fs = std::filesystem;
  const fs::path folder = follow_links(out.empty() ? name : out);
  const std::string of_template = artefact ? kind + "_artefact" : kind;
  std::string source = plugin_template().at(of_template + ".cpp");
  replace_all(&source, "\"my." + of_template + "\"", "\"my." + name + "\"");
  const fs::path files[] = {folder / (name + ".cpp"), folder / "CMakeLists.txt"};
  for (const fs::path& file : files) {
    if (fs::exists(file))
      throw UsageError(printable(file.string()) + " exists already. Choose another --out.");
  }
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw StoreError("cannot make " + printable(folder.string()) + ": " + failed.message() + ".");
  publish_file(files[0].string(), source);
  publish_file(files[1].string(), build_file(name));
  std::error_code unknown;
  const fs::path here = fs::read_symlink("/proc/self/exe", unknown).parent_path().parent_path();
  std::printf(
      "%s\n%s\nBuild and try it:\n  cmake -S %s -B %s -DCMAKE_PREFIX_PATH=%s && cmake --build %s\n",
      files[0].c_str(), files[1].c_str(), folder.c_str(), (folder / "build").c_str(), here.c_str(),
      (folder / "build").c_str());
  std::printf("  lealab plugins check %s\n", (folder / "build" / (name + ".so")).c_str());
}

struct Options {
  bool as_json = false, again = false, artefact = false;
  std::string name, file, kind, out;
};

}  // namespace

void add_plugins(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  CLI::App* plugins =
      app.add_subcommand("plugins", "list the plugins; show, check, begin or install one");
  plugins->add_flag("--json", options->as_json, "for scripts");
  plugins->add_flag("--again", options->again,
                    "probe again instead of using the remembered verdicts");
  plugins->require_subcommand(0, 1);

  CLI::App* show = plugins->add_subcommand("show", "parameters of a plugin, with their meaning");
  show->add_option("name", options->name, "id, or its last part")->required();
  show->add_flag("--json", options->as_json, "for scripts");
  show->callback([options, &globals] { show_plugin(globals, options->name, options->as_json); });

  CLI::App* check = plugins->add_subcommand("check", "probe one library, for authors");
  check->add_option("file", options->file, "the .so")->required();
  check->add_flag("--json", options->as_json, "for scripts");
  check->callback([options] { check_file(options->file, options->as_json); });

  CLI::App* begin = plugins->add_subcommand("new", "write the skeleton of a plugin");
  begin->add_option("kind", options->kind, "backbone, framework, environment or augmenter")
      ->required()
      ->check(CLI::IsMember({"backbone", "framework", "environment", "augmenter"}));
  begin->add_option("name", options->name, "its name: file, library and id my.NAME")->required();
  begin->add_option("--out", options->out, "folder to write into (default: ./NAME)");
  begin->add_flag("--artefact", options->artefact,
                  "an environment with files that are made once and shared by all runs");
  begin->callback(
      [options] { write_skeleton(options->kind, options->name, options->out, options->artefact); });

  add_plugin_changes(*plugins, globals);
  plugins->callback([plugins, options, &globals] {
    if (plugins->get_subcommands().empty()) list_plugins(globals, options->as_json, options->again);
  });
}

}  // namespace lea::cli
