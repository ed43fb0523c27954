// The commands `lealab ls`, `show` and `table`. They read results; of the lab they change
// nothing but the index, which they bring up to date.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/plugins.h"
#include "core/report/labels.h"
#include "core/report/listing.h"
#include "core/report/run_details.h"
#include "core/report/table.h"

namespace lea::cli {
namespace {

report::RunView view_of(const run::Folder& folder) {
  lab::RunRecord record = lab::read_run(folder);
  return report::view_of(std::move(record.run), record.results);
}

// The lab's index, up to date. Names what is missing from it on stderr.
std::unique_ptr<db::Store> open_index(const std::string& lab) {
  constexpr size_t kShown = 5;
  lab::CurrentIndex index = lab::current_index(lab);
  for (size_t i = 0; i < index.left_out.size() && i < kShown; ++i) {
    std::fprintf(stderr, "left out: %s\n", index.left_out[i].c_str());
  }
  if (index.left_out.size() > kShown) {
    std::fprintf(stderr, "left out: %zu more; `lealab db check` lists them all\n",
                 index.left_out.size() - kShown);
  }
  return std::move(index.store);
}

// The runs of an experiment; of all for "".
std::vector<report::RunView> all_runs(const std::string& lab, const std::string& experiment) {
  const auto store = open_index(lab);
  const auto stored = report::stored_metrics(*store, experiment);
  std::vector<report::RunView> views;
  for (db::RunRow& run : store->runs(experiment)) {
    const auto metrics = stored.find(run.uuid);
    views.push_back(
        {std::move(run), metrics == stored.end() ? report::Measured() : metrics->second});
  }
  return views;
}

void add_ls(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string filter, experiment, sort, format = "text";
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* ls = app.add_subcommand("ls", "list runs, e.g. ls 'framework=snqn and ndcg@10>0.07'");
  ls->add_option("filter", options->filter,
                 "FIELD OP VALUE joined by and, or, not, (): state, seed, backbone, "
                 "train.learning_rate, ndcg@10, valid.ndcg@20, label.AXIS ...");
  ls->add_option("--experiment", options->experiment, "runs of this experiment only");
  ls->add_option("--sort", options->sort, "a field; metrics best first; -FIELD turns it round");
  CLI::Option* format = ls->add_option("--format", options->format,
                                       "text, json, or csv with every setting and metric");
  ls->add_flag("--json", options->json, "the same as --format json")->excludes(format);
  ls->callback([options, &globals] {
    const std::string lab = lab::existing_lab(globals.lab);
    print(report::list_runs(all_runs(lab, options->experiment), options->filter,
                            {options->sort, options->json ? "json" : options->format}));
  });
}

void add_show(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string run;
    bool json = false, slices = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* show = app.add_subcommand("show", "resolved spec, provenance and metrics of a run");
  show->add_option("run", options->run, "a run's uuid, or its first digits")->required();
  show->add_flag("--slices", options->slices,
                 "metrics by popularity of the target and history length");
  show->add_flag("--json", options->json, "for scripts");
  show->callback([options, &globals] {
    const std::string lab = lab::existing_lab(globals.lab);
    const run::Folder folder = run::find_run(lab, options->run);
    const report::RunDetails details = report::details_of(view_of(folder), lab, {options->slices});
    print(options->json ? report::details_json(details) : report::details_text(details));
  });
}

// The installed plugins. Empty when the worker is missing (as for a copy of the lab on another
// machine), so that the table can still be printed; no run is stale then.
run::InstalledPlugins installed_plugins(const Globals& globals) {
  try {
    return lab::installed_plugins(lab::probe_plugins(plugin_folders(globals.plugin_dirs)));
  } catch (const Error&) {
    return {};
  }
}

void add_table(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string experiment, format = "text", ties;
    std::vector<int64_t> k;
    bool remove_seen = false, keep_seen = false, by_split = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* table =
      app.add_subcommand("table", "mean and 95 % interval over seeds and splits of an experiment");
  table->add_option("experiment", options->experiment, "its name")->required();
  table->add_option("--format", options->format, "text, markdown, csv, latex or json");
  table->add_option("--k", options->k, "cuts, e.g. 1,10,50")
      ->delimiter(',')
      ->check(CLI::Range(1, 1000000));
  table->add_option("--ties", options->ties, "pessimistic, expected or optimistic");
  auto* remove = table->add_flag("--remove-seen", options->remove_seen,
                                 "rank among items that the sequence has not had before");
  table->add_flag("--keep-seen", options->keep_seen, "rank among all items")->excludes(remove);
  table->add_flag("--by-split", options->by_split,
                  "a row for each seed of a `split.seed` axis, not a mean over them");
  table->callback([options, &globals] {
    report::TableOptions shown;
    shown.rows_by_split = options->by_split;
    shown.lab = lab::existing_lab(globals.lab);
    shown.k = options->k;
    if (!options->ties.empty()) {
      const std::vector<std::string> policies = {"pessimistic", "expected", "optimistic"};
      if (std::find(policies.begin(), policies.end(), options->ties) == policies.end()) {
        throw UsageError("--ties must be pessimistic, expected or optimistic, but is `" +
                         printable(options->ties) + "`" + did_you_mean(options->ties, policies));
      }
      shown.ties = eval::ties_from(options->ties);
    }
    if (options->remove_seen) shown.remove_seen = true;
    if (options->keep_seen) shown.remove_seen = false;
    const auto store = open_index(shown.lab);
    shown.installed = installed_plugins(globals);
    print(report::experiment_table(*store, options->experiment, options->format,
                                   isatty(STDOUT_FILENO) == 1, shown));
  });
}

}  // namespace

void add_results(CLI::App& app, const Globals& globals) {
  add_ls(app, globals);
  add_show(app, globals);
  add_table(app, globals);
}

}  // namespace lea::cli
