#include "cli/data_import.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/import.h"
#include "core/data/import_options.h"
#include "core/lab/lab_folder.h"

namespace lea::cli {
namespace {

struct State {
  std::string name, source, separator, items_separator;
  std::vector<std::string> columns;
  bool no_header = false;
  data::ImportOptions options;
};

void add_filters(CLI::App& command, State& state) {
  command
      .add_option("--min-sequence", state.options.min_sequence,
                  "drop sequences with fewer interactions")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--min-item", state.options.min_item, "then drop items with fewer interactions")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--filter", state.options.filter, "apply the two once (default), or until stable")
      ->check(CLI::IsMember({"once", "stable"}));
  command
      .add_option("--duplicates", state.options.duplicates,
                  "of an item's interactions in a sequence, keep all (default), the first or the "
                  "last; before the filters")
      ->check(CLI::IsMember({"keep", "first", "last"}));
  command
      .add_option("--repeats", state.options.repeats,
                  "keep an item that follows itself (default), or collapse to the first; before "
                  "the filters")
      ->check(CLI::IsMember({"keep", "collapse"}));
  command
      .add_option("--skip-bad-rows", state.options.skip_bad_rows,
                  "skip at most so many bad rows (default 0)")
      ->check(CLI::NonNegativeNumber);
}

void add_form(CLI::App& command, State& state) {
  command.add_option("--format", state.options.format, "tsv (default), recbole or gru4rec")
      ->check(CLI::IsMember({"tsv", "recbole", "gru4rec"}));
  command
      .add_option("--columns", state.columns,
                  "names of columns, e.g. user=UserId,item=ItemId,time=Time; also session (alone, "
                  "or with user) and behaviour")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--separator", state.separator,
                     "between columns: tab (default), or such as `,` for CSV with quotes");
  command.add_flag("--no-header", state.no_header,
                   "the first line is a row; --columns then has numbers from 1");
  CLI::Option* items = command.add_option(
      "--items", state.options.items, "a file of item texts: a header, and a row for each item");
  command
      .add_option("--items-id", state.options.items_id,
                  "its column of ids (default item_id, or the item column's name)")
      ->needs(items);
  command
      .add_option("--items-separator", state.items_separator,
                  "its separator (default: `,` for .csv, tab for .tsv and .item, else as "
                  "--separator)")
      ->needs(items);
}

data::ImportOptions options_of(const State& state) {
  data::ImportOptions options = state.options;
  options.columns = data::columns_from(state.columns);
  options.form.header = !state.no_header;
  if (!state.separator.empty())
    options.form.separator = data::separator_from(state.separator, "--separator");
  if (!state.items_separator.empty())
    options.items_separator = data::separator_from(state.items_separator, "--items-separator");
  return options;
}

void import_data(const State& state, const Globals& globals) {
  // A refused source makes no lab.
  data::PreparedImport prepared(lab::lab_folder(globals.lab), state.name, state.source,
                                options_of(state));
  lab::open_lab(globals.lab);
  const std::vector<std::string> notes = prepared.notes();
  const auto dataset = prepared.publish();
  std::printf("%s: %s, %s, %s, fingerprint %s\n", state.name.c_str(),
              counted(dataset->items(), "item").c_str(),
              counted(dataset->sequences(), "sequence").c_str(),
              counted(dataset->events(), "interaction").c_str(),
              dataset->fingerprint().substr(0, 12).c_str());
  std::printf("%s\n", printable(dataset->folder()).c_str());
  std::fflush(stdout);
  for (const std::string& note : notes) std::fprintf(stderr, "%s\n", note.c_str());
}

}  // namespace

void add_data_import(CLI::App& data_command, const Globals& globals) {
  auto state = std::make_shared<State>();
  CLI::App* command = data_command.add_subcommand("import", "read interactions into the lab");
  command->add_option("name", state->name, "name in the lab")->required();
  command->add_option("source", state->source, "folder or file to read, gzip-compressed or not")
      ->required();
  add_form(*command, *state);
  add_filters(*command, *state);
  command->add_flag("--replace", state->options.replace,
                    "replace a different data set of that name");
  command->callback([state, &globals] { import_data(*state, globals); });
}

}  // namespace lea::cli
