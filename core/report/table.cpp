#include "core/report/table.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/report/pairs.h"
#include "core/report/pivot.h"
#include "core/report/render.h"
#include "core/report/test_reads.h"
#include "core/report/training_free.h"

namespace lea::report {
namespace {

[[noreturn]] void refuse_unknown(const db::Store& store, const std::string& experiment) {
  const std::vector<std::string> known = store.experiments();
  const std::string meant = did_you_mean(experiment, known);
  std::string message =
      "experiment `" + printable(experiment) + "` has no runs in this lab" + meant;
  if (known.empty()) message += "; the lab has no runs yet, `lealab run SPEC` makes some";
  if (!known.empty()) message += meant.empty() ? "; it has" : " It has:";
  for (size_t i = 0; i < known.size() && i < 20; ++i) {
    message += (i == 0 ? " " : ", ") + printable(known[i]);
  }
  throw ConfigError(message);
}

std::string render_before_outcomes(Pivot pivot, const std::string& format) {
  const std::string sentence = sentence_before_outcomes(pivot);
  pivot.rows.clear();
  pivot.columns.clear();
  pivot.notes = {sentence};
  if (format == "csv") return render_csv(pivot);
  if (format == "json") return render_json(pivot);
  return (format == "latex" ? "% " : "") + sentence + "\n";
}

}  // namespace

bool has_outcome(const Pivot& pivot) {
  return std::any_of(pivot.rows.begin(), pivot.rows.end(), [](const Row& row) {
    return !row.finished.empty() ||
           std::any_of(row.unfinished.begin(), row.unfinished.end(),
                       [](const Member& member) { return member.run.state == "failed"; });
  });
}

std::string sentence_before_outcomes(const Pivot& pivot) {
  const StateCounts counts = count_states(pivot);
  std::string text = printable(pivot.experiment) + ": no run has finished yet: ";
  const auto count_of = [&](const char* state) {
    const auto found = counts.open.find(state);
    return found == counts.open.end() ? 0 : found->second;
  };
  std::vector<std::string> parts;
  for (const char* state : {"running", "interrupted", "cancelled"}) {
    if (count_of(state) > 0) parts.push_back(std::to_string(count_of(state)) + " " + state);
  }
  const int64_t to_do = counts.missing + count_of("queued");
  if (to_do > 0) parts.push_back(std::to_string(to_do) + " to do");
  return text + joined(parts) + "; " +
         (count_of("running") > 0 ? "`lealab watch " + printable(pivot.experiment) + "` shows them."
                                  : std::string("`lealab run` with its spec makes them."));
}

Pivot experiment_pivot(const db::Store& store, const std::string& experiment,
                       const TableOptions& options) {
  const std::vector<db::RunRow> runs = store.runs(experiment);
  const std::optional<db::ExperimentRow> plan = store.experiment(experiment);
  if (experiment.empty() || (runs.empty() && (!plan || plan->runs.empty()))) {
    refuse_unknown(store, experiment);
  }
  Pivot pivot = make_pivot(experiment, runs, stored_metrics(store, experiment), options, plan);
  if (!has_outcome(pivot)) return pivot;
  if (!options.lab.empty()) pivot.test_reads = count_test_reads(store, options.lab, pivot);
  add_training_free(store, options, &pivot);
  pivot.pairs = compare_in_pairs(pivot, options);
  add_footer(options, &pivot);
  return pivot;
}

std::string experiment_table(const db::Store& store, const std::string& experiment,
                             const std::string& format, bool terminal,
                             const TableOptions& options) {
  static const std::vector<std::string> kFormats = {"text", "markdown", "csv", "latex", "json"};
  if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
    throw UsageError("--format must be text, markdown, csv, latex or json, but is `" +
                     printable(format) + "`" + did_you_mean(format, kFormats));
  }
  const Pivot pivot = experiment_pivot(store, experiment, options);
  if (!has_outcome(pivot)) return render_before_outcomes(pivot, format);
  if (format == "markdown") return render_markdown(pivot);
  if (format == "csv") return render_csv(pivot);
  if (format == "latex") return render_latex(pivot);
  if (format == "json") return render_json(pivot);
  return render_text(pivot, terminal);
}

}  // namespace lea::report
