// What is known of a plugin and its file, as lines for people: a name and a text each. All of it is
// printable.
#pragma once

#include <QString>
#include <utility>
#include <vector>

#include "core/lab/plugin_store.h"
#include "core/lab/plugins.h"
#include "gui/model/look.h"

namespace lea::gui {

using Facts = std::vector<std::pair<QString, QString>>;

Look plugin_look(lab::PluginState state);

// "g++ 12, LibTorch 2.13.0" and "6.0" of PluginRecord::built_with; empty when unknown.
std::string compiler_part(const lab::PluginRecord& record);
std::string api_part(const lab::PluginRecord& record);

// Of one plugin of a file. `plugin` is null where only the file is known.
Facts plugin_facts(const lab::PluginRecord& record, const spec::PluginInfo* plugin,
                   lab::PluginPlace place);

// Of a file that was probed and may be installed.
Facts install_facts(const lab::PluginRecord& record, const lab::InstallPlan& plan);

}  // namespace lea::gui
