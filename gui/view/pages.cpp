#include "gui/view/pages.h"

#include "gui/view/experiment_page.h"
#include "gui/view/plugins_page.h"
#include "gui/view/results_page.h"
#include "gui/view/runs_page.h"

namespace lea::gui {
namespace {

template <class P>
PageEntry entry(const char* id, const char* title) {
  return {id, title, [](const Context& context) { return new P(context); }};
}

}  // namespace

const std::vector<PageEntry>& page_entries() {
  static const std::vector<PageEntry> kPages = {
      entry<ExperimentPage>("experiment", "Experiment"),
      entry<RunsPage>("runs", "Runs"),
      entry<ResultsPage>("results", "Results"),
      entry<PluginsPage>("plugins", "Plugins and artefacts"),
  };
  return kPages;
}

}  // namespace lea::gui
