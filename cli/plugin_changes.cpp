// The commands `lealab plugins install | remove | enable | disable`.
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/plugin_store.h"

namespace lea::cli {
namespace {

std::vector<lab::PluginRecord> all_plugins(const Globals& globals) {
  return lab::probe_plugins(lab::plugin_folders(globals.plugin_dirs));
}

void install(const Globals& globals, const std::string& file) {
  const lab::StagedPlugin staged(file);
  const lab::PluginRecord record = staged.probe();
  if (record.state != lab::PluginState::kEnabled) throw PluginError(record.reason);
  const lab::InstallPlan plan = lab::plan_install(record, all_plugins(globals));
  lab::install_plugin(staged, plan);
  std::string text;
  for (const spec::PluginInfo& plugin : record.plugins)
    text += plugin.kind + " " + printable(plugin.id) + " " + printable(plugin.version) + "\n";
  for (const lab::ReplacedPlugin& one : plan.replaces) {
    text += "replaces " + one.kind + " " + printable(one.id) +
            (one.version.empty() ? "" : " " + printable(one.version)) + " of " +
            printable(one.file) + "\n";
  }
  print(text + "installed as " + printable(plan.target) + "\n");
}

void remove(const Globals& globals, const std::string& name) {
  const auto records = all_plugins(globals);
  const std::string file = lab::find_plugin_file(records, name).file;
  lab::remove_plugin(file);
  print("removed " + printable(file) + "\n");
}

void set_disabled(const Globals& globals, const std::string& name, bool disabled) {
  const auto records = all_plugins(globals);
  const std::string file = lab::find_plugin_file(records, name).file;
  set_plugin_disabled(file, disabled);
  print((disabled ? "disabled " : "enabled ") + printable(file) + "\n");
}

}  // namespace

void add_plugin_changes(CLI::App& plugins, const Globals& globals) {
  auto name = std::make_shared<std::string>();
  CLI::App* install_command = plugins.add_subcommand(
      "install", "probe a library and copy it into your plugin folder, for all labs");
  install_command->add_option("file", *name, "the .so")->required();
  install_command->callback([name, &globals] { install(globals, *name); });
  const auto with_name = [&](const char* command, const char* about) {
    CLI::App* added = plugins.add_subcommand(command, about);
    added->add_option("name", *name, "file, file name, id, or its last part")->required();
    return added;
  };
  with_name("remove", "remove a file from your plugin folder")->callback([name, &globals] {
    remove(globals, *name);
  });
  with_name("disable", "leave the plugins of a file unused")->callback([name, &globals] {
    set_disabled(globals, *name, /*disabled=*/true);
  });
  with_name("enable", "use the plugins of a disabled file again")->callback([name, &globals] {
    set_disabled(globals, *name, /*disabled=*/false);
  });
}

}  // namespace lea::cli
