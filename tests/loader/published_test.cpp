// The defaults of the bundled plugins are those that were published.
#include "tests/spec/published.h"

#include <cstdlib>

#include "core/lab/plugins.h"
#include "tests/loader/folder.h"

namespace lea::lab {
namespace {

TEST(PublishedDefaults, OfTheBundledPluginsStayWhatTheyAre) {
  const test::Folder cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  spec::Published published("plugins");
  size_t plugins = 0;
  for (const PluginRecord& record : probe_plugins({LEA_BINARY_DIR "/plugins"})) {
    EXPECT_EQ(record.state, PluginState::kEnabled) << record.reason;
    for (const spec::PluginInfo& plugin : record.plugins) {
      published.compare(plugin.kind + " " + plugin.id, plugin.params);
      ++plugins;
    }
  }
  EXPECT_GE(plugins, 24u);
  published.expect_no_problems();
}

}  // namespace
}  // namespace lea::lab
