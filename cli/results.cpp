// The commands `lealab ls`, `show` and `table`. They read results and change nothing.
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
#include "core/report/table.h"
#include "core/run/header.h"
#include "core/run/state.h"

namespace lea::cli {
namespace {

report::RunView view_of(const run::Folder& folder) {
  lab::RunRecord record = lab::read_run(folder);
  report::RunView view{std::move(record.run), {}};
  for (const db::ResultRow& row : record.results) {
    auto& metrics = row.part == "valid" ? view.metrics.valid : view.metrics.test;
    metrics[row.metric + "@" + std::to_string(row.k)] = row.value;
  }
  return view;
}

// The runs of the index, and those folders of the lab that the index does not have in a final
// state, because a grid may be running. An empty `experiment` means all.
std::vector<report::RunView> all_runs(const std::string& lab, const std::string& experiment) {
  std::vector<report::RunView> views;
  std::map<std::string, std::string> states;
  if (db::has_index(lab)) {
    const db::Store store(lab, db::Store::Mode::kReadOnly);
    const auto stored = report::stored_metrics(store, experiment);
    states = store.states();
    for (db::RunRow& run : store.runs(experiment)) {
      const auto metrics = stored.find(run.uuid);
      views.push_back(
          {std::move(run), metrics == stored.end() ? report::Measured() : metrics->second});
    }
  }
  for (const run::Folder& folder : run::list_runs(lab)) {
    const auto known = states.find(folder.uuid());
    if (known != states.end() && run::is_final(run::state_from(known->second).value())) continue;
    try {
      if (!experiment.empty() && known == states.end() &&
          run::read_header(folder).experiment != experiment) {
        continue;
      }
      const auto listed =
          std::find_if(views.begin(), views.end(),
                       [&](const report::RunView& view) { return view.run.uuid == folder.uuid(); });
      if (listed != views.end()) *listed = view_of(folder);
      if (known == states.end()) views.push_back(view_of(folder));
    } catch (const Error& error) {
      std::fprintf(stderr, "left out: %s\n", error.what());
    }
  }
  return views;
}

void add_ls(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string filter, experiment, sort;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* ls = app.add_subcommand("ls", "list runs, e.g. ls 'framework=snqn and ndcg@10>0.07'");
  ls->add_option("filter", options->filter,
                 "FIELD OP VALUE joined by and, or, not, (): state, seed, backbone, "
                 "train.learning_rate, ndcg@10, valid.ndcg@20, label.AXIS ...");
  ls->add_option("--experiment", options->experiment, "runs of this experiment only");
  ls->add_option("--sort", options->sort, "a field; metrics best first; -FIELD turns it round");
  ls->add_flag("--json", options->json, "for scripts");
  ls->callback([options, &globals] {
    const std::string lab = lab::existing_lab(globals.lab);
    print(report::list_runs(all_runs(lab, options->experiment), options->filter,
                            {options->sort, options->json}));
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
    print(report::run_details(view_of(folder), lab, {options->slices, options->json}));
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
    bool remove_seen = false, keep_seen = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* table =
      app.add_subcommand("table", "mean and 95 % interval over seeds of an experiment");
  table->add_option("experiment", options->experiment, "its name")->required();
  table->add_option("--format", options->format, "text, markdown, csv, latex or json");
  table->add_option("--k", options->k, "cuts, e.g. 1,10,50")
      ->delimiter(',')
      ->check(CLI::Range(1, 1000000));
  table->add_option("--ties", options->ties, "pessimistic, expected or optimistic");
  auto* remove = table->add_flag("--remove-seen", options->remove_seen,
                                 "rank among items that the sequence has not had before");
  table->add_flag("--keep-seen", options->keep_seen, "rank among all items")->excludes(remove);
  table->callback([options, &globals] {
    report::TableOptions shown;
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
    if (!db::has_index(shown.lab)) {
      throw Error(Exit::kBadInput, shown.lab +
                                       ": the lab has no results.sqlite; `lealab run SPEC` " +
                                       "makes it, `lealab db rebuild` makes it again from runs/");
    }
    const db::Store store(shown.lab, db::Store::Mode::kReadOnly);
    shown.installed = installed_plugins(globals);
    print(report::experiment_table(store, options->experiment, options->format,
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
