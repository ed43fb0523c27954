#include "core/report/table.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/report/pivot.h"
#include "core/report/render.h"

namespace lea::report {

std::string experiment_table(const db::Store& store, const std::string& experiment,
                             const std::string& format, bool terminal,
                             const TableOptions& options) {
  static const std::vector<std::string> kFormats = {"text", "markdown", "csv", "latex", "json"};
  if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
    throw UsageError("--format must be text, markdown, csv, latex or json, but is `" +
                     printable(format) + "`" + did_you_mean(format, kFormats));
  }
  const std::vector<db::RunRow> runs = store.runs(experiment);
  if (experiment.empty() || runs.empty()) {
    const std::vector<std::string> known = store.experiments();
    std::string message = "experiment `" + printable(experiment) + "` has no runs in this lab" +
                          did_you_mean(experiment, known);
    message +=
        known.empty() ? "; the lab has no runs yet, `lealab run SPEC` makes some" : "; it has";
    for (size_t i = 0; i < known.size() && i < 20; ++i) {
      message += (i == 0 ? " " : ", ") + printable(known[i]);
    }
    throw ConfigError(message);
  }
  Pivot pivot = make_pivot(experiment, runs, stored_metrics(store, experiment), options,
                           store.experiment(experiment));
  pivot.notes = footer(pivot, options);
  if (format == "markdown") return render_markdown(pivot);
  if (format == "csv") return render_csv(pivot);
  if (format == "latex") return render_latex(pivot);
  if (format == "json") return render_json(pivot);
  return render_text(pivot, terminal);
}

}  // namespace lea::report
