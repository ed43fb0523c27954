// The commands `lealab data ls`, `show` and `export`.
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "cli/commands.h"
#include "cli/data_import.h"
#include "cli/output.h"
#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/links.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/export.h"
#include "core/data/import.h"
#include "core/data/split.h"
#include "core/data/summary.h"
#include "core/lab/lab_folder.h"

namespace lea::cli {
namespace {

using data::Dataset;
using nlohmann::json;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

std::string percent(int64_t part, int64_t all) {
  char text[48];
  const double share = all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
  std::snprintf(text, sizeof(text), "%lld (%.2f %%)", static_cast<long long>(part), share);
  return text;
}

std::string count(int64_t value) { return std::to_string(value); }

void print_json(const json& document) { std::printf("%s", pretty_json(document).c_str()); }

std::shared_ptr<const Dataset> open(const Globals& globals, const std::string& name) {
  data::check_name(name);
  return Dataset::open(data::dataset_folder(lab::existing_lab(globals.lab), name));
}

// A stated bound as a section holds it. There 0 means that the bound follows from the ratios, so 0
// becomes the largest number below it, at which the same events are cut.
double stated_bound(double time) { return time == 0 ? std::nextafter(0.0, -1.0) : time; }

// The command-line options that describe a split.
struct SplitOptions {
  spec::SplitSection section;
  CLI::Option* by = nullptr;
  CLI::Option* path = nullptr;
  CLI::Option* valid_from = nullptr;
  CLI::Option* test_from = nullptr;

  void add(CLI::App& command) {
    const auto ways = CLI::IsMember({"sequence", "file", "last_one", "time"});
    by = command.add_option("--split-by", section.by, "sequence, file, last_one or time")
             ->check(ways);
    path = command.add_option("--split-file", section.path,
                              "TSV of user_id and part (implies --split-by file)");
    // Without --split-by these options would have no effect, so they are refused.
    command
        .add_option("--ratios", section.ratios,
                    "shares of train, valid and test (default 0.8 0.1 0.1)")
        ->expected(3)
        ->needs(by);
    command.add_option("--seed", section.seed, "seed of the shuffle (default 1)")
        ->check(CLI::NonNegativeNumber)
        ->needs(by);
    valid_from =
        command
            .add_option("--valid-from", section.valid_from, "first timestamp of valid (by time)")
            ->needs(by);
    test_from =
        command.add_option("--test-from", section.test_from, "first timestamp of test (by time)")
            ->needs(by);
  }

  // Empty when no option asks for a split.
  std::optional<data::Split> make(const Dataset& dataset) {
    if (path->count() > 0 && by->count() == 0) section.by = "file";
    if (path->count() > 0 && section.by != "file") {
      throw UsageError("--split-file goes with --split-by file, not " + section.by + ".");
    }
    if (path->count() == 0 && by->count() == 0) return std::nullopt;
    if (valid_from->count() > 0) section.valid_from = stated_bound(section.valid_from);
    if (test_from->count() > 0) section.test_from = stated_bound(section.test_from);
    return data::make_split(dataset, section);
  }
};

void print_line(const char* label, const std::string& value) {
  std::printf("%-30s %s\n", label, value.c_str());
}

void print_summary(const std::string& name, const Dataset& dataset, const data::Summary& summary) {
  print_line("data set", name);
  print_line("fingerprint", dataset.fingerprint());
  print_line("items", count(summary.items));
  print_line("sequences", count(summary.sequences));
  print_line("interactions", count(summary.events));
  print_line("length", "mean " + number(std::round(summary.mean_length * 100) / 100) + ", median " +
                           number(summary.median_length) + ", " + count(summary.shortest) + " to " +
                           count(summary.longest));
  print_line("time", summary.time_is_position
                         ? "positions only (0, 1, 2 ...)"
                         : number(summary.first_time) + " to " + number(summary.last_time));
  print_line("repeated items",
             percent(summary.repeats, summary.events) + " in " +
                 count(summary.sequences_with_repeats) +
                 (summary.sequences_with_repeats == 1 ? " sequence, " : " sequences, ") +
                 count(summary.immediate_repeats) + " at once");
  print_line("equal timestamps", percent(summary.equal_times, summary.events));
  for (const auto& [behaviour, events] : summary.behaviours) {
    print_line(("behaviour " + printable(behaviour)).c_str(), percent(events, summary.events));
  }
}

void print_texts(const data::TextSummary& texts) {
  std::vector<std::string> columns;
  for (const auto& [name, items] : texts.columns)
    columns.push_back(printable(name) + " (" + counted(items, "item") + ")");
  print_line("item texts", joined(columns));
  print_line("items with a text", percent(texts.with_text, texts.items));
  print_line("rows without an item",
             texts.rows_without_item ? count(*texts.rows_without_item) : "not recorded");
}

void print_leakage(const char* part, const data::Leakage& leakage) {
  std::printf("%s\n", part);
  print_line("  interactions", count(leakage.events));
  print_line("  item unseen in training", percent(leakage.unseen, leakage.events));
  print_line("  before newest training event",
             leakage.older ? percent(*leakage.older, leakage.events) : "n/a (time is a position)");
  print_line("  in training sequences", percent(leakage.in_training_sequences, leakage.events));
}

void show(const Globals& globals, const std::string& name, SplitOptions& options, bool as_json) {
  const auto dataset = open(globals, name);
  const data::Summary summary = data::summarize(*dataset);
  const auto texts = data::summarize_texts(*dataset);
  const std::vector<std::string> notes = data::notes_of(dataset->description());
  const auto split = options.make(*dataset);
  json document = {{"name", name},
                   {"fingerprint", dataset->fingerprint()},
                   {"summary", data::to_json(summary)},
                   {"texts", texts ? data::to_json(*texts) : json()},
                   {"notes", notes},
                   {"source", dataset->description().value("source", json())}};
  if (!as_json) {
    print_summary(name, *dataset, summary);
    texts ? print_texts(*texts) : print_line("item texts", "none");
    for (const std::string& note : notes) print_line("note", note);
  }
  if (split) {
    document["split"] = {{"by", options.section.by}, {"fingerprint", split->fingerprint}};
    document["split"]["train"] = {{"events", split->count(data::Part::kTrain)}};
    if (!as_json) {
      print_line("split", options.section.by + ", fingerprint " + split->fingerprint);
      print_line("train", count(split->count(data::Part::kTrain)));
    }
    for (const data::Part part : {data::Part::kValid, data::Part::kTest}) {
      const data::Leakage leakage = data::leakage(*dataset, *split, part);
      document["split"][data::name_of(part)] = data::to_json(leakage);
      if (!as_json) print_leakage(data::name_of(part), leakage);
    }
  }
  if (as_json) print_json(document);
}

void list(const Globals& globals, bool as_json) {
  const std::string lab = lab::existing_lab(globals.lab);
  json rows = json::array();
  for (const std::string& name : data::dataset_names(lab)) {
    json row = {{"name", name}};
    try {
      const std::string folder = data::dataset_folder(lab, name);
      const auto dataset = as_error(folder, [&] { return Dataset::open(folder); });
      row.update({{"items", dataset->items()},
                  {"sequences", dataset->sequences()},
                  {"events", dataset->events()},
                  {"fingerprint", dataset->fingerprint()}});
    } catch (const Error& error) {
      row["error"] = error.what();
    }
    rows.push_back(row);
  }
  if (as_json) return print_json(rows);
  if (rows.empty()) std::printf("No data set yet. Import one: lealab data import NAME SOURCE\n");
  if (!rows.empty())
    std::printf("%-24s %10s %10s %12s  %s\n", "name", "items", "sequences", "interactions",
                "fingerprint");
  for (const json& row : rows) {
    const std::string name = printable(row["name"].get_ref<const std::string&>());
    if (row.contains("error")) {
      std::printf("%-24s %s\n", name.c_str(), row["error"].get_ref<const std::string&>().c_str());
      continue;
    }
    std::printf("%-24s %10s %10s %12s  %s\n", name.c_str(), row["items"].dump().c_str(),
                row["sequences"].dump().c_str(), row["events"].dump().c_str(),
                row["fingerprint"].get_ref<const std::string&>().substr(0, 12).c_str());
  }
}

void add_show(CLI::App& data_command, const Globals& globals) {
  struct State {
    std::string name;
    SplitOptions split;
    bool json = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* command =
      data_command.add_subcommand("show", "counts, lengths, duplicates and, with a split, leakage");
  command->add_option("name", state->name, "name in the lab")->required();
  state->split.add(*command);
  command->add_flag("--json", state->json, "print JSON");
  command->callback([state, &globals] { show(globals, state->name, state->split, state->json); });
}

void add_export(CLI::App& data_command, const Globals& globals) {
  struct State {
    std::string name, out, format = "tsv";
    SplitOptions split;
  };
  auto state = std::make_shared<State>();
  CLI::App* command =
      data_command.add_subcommand("export", "write the interactions, the split and the id maps");
  command->add_option("name", state->name, "name in the lab")->required();
  command->add_option("--out", state->out, "folder to make")->required();
  command->add_option("--format", state->format, "tsv (default) or recbole")
      ->check(CLI::IsMember({"tsv", "recbole"}));
  state->split.add(*command);
  command->callback([state, &globals] {
    require_folder_name(state->out);
    const auto dataset = open(globals, state->name);
    const auto split = state->split.make(*dataset);
    const std::string out = follow_links(state->out);
    data::export_dataset(*dataset, split ? &*split : nullptr, state->name, state->format, out);
    std::printf("%s\n", printable(out).c_str());
  });
}

}  // namespace

void add_data(CLI::App& app, const Globals& globals) {
  CLI::App* command = app.add_subcommand("data", "import, list, inspect and export data sets");
  command->require_subcommand(1);
  add_data_import(*command, globals);
  auto as_json = std::make_shared<bool>(false);
  CLI::App* ls = command->add_subcommand("ls", "the data sets of the lab");
  ls->add_flag("--json", *as_json, "print JSON");
  ls->callback([as_json, &globals] { list(globals, *as_json); });
  add_show(*command, globals);
  add_export(*command, globals);
}

}  // namespace lea::cli
