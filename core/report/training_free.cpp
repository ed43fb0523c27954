#include "core/report/training_free.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/shell.h"
#include "core/base/text.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/spec/presets.h"
#include "core/spec/run_spec.h"
#include "core/spec/section_json.h"

namespace lea::report {
namespace {

const db::RunRow& first_run(const Row& row) { return row.finished.front().run; }

// Whether the row is one that the floor judges: runs that were trained here.
bool is_trained(const Row& row) {
  return !row.finished.empty() && !row.untrained && first_run(row).source == "lealab";
}

bool is_training_free(const Row& row) { return !row.finished.empty() && row.untrained; }

// The rows of one comparison group, in the order of the table.
struct Group {
  std::vector<Row*> own, borrowed;
};

// By Row::group. `order` lists the groups as the table does.
std::map<std::string, Group> groups_of(Pivot* pivot, std::vector<std::string>* order) {
  std::map<std::string, Group> groups;
  for (Row& row : pivot->rows) {
    if (row.finished.empty()) continue;
    const auto [at, fresh] = groups.emplace(row.group, Group());
    if (fresh && order != nullptr) order->push_back(row.group);
    at->second.own.push_back(&row);
  }
  for (Row& row : pivot->borrowed) groups[row.group].borrowed.push_back(&row);
  return groups;
}

nlohmann::json history_of(const db::RunRow& run) {
  const nlohmann::json* history = find_path(run.spec, "data.history");
  return history == nullptr ? nlohmann::json() : *history;
}

// What distinguishes training-free runs of one data set, split and protocol.
std::string settings_of(const db::RunRow& run) {
  nlohmann::json settings = spec::essential_settings(run.spec);
  for (const char* key : {"seed", "split", "evaluate", "data"}) settings.erase(key);
  settings["history"] = history_of(run);
  return settings.dump();
}

std::set<std::string> splits_of(const Group& group) {
  std::set<std::string> splits;
  for (const Row* row : group.own) {
    for (const Member& member : row->finished)
      splits.insert(text_at(member.run.result, "split_fingerprint"));
  }
  return splits;
}

bool same_protocol(const db::RunRow& a, const db::RunRow& b, const TableOptions& options) {
  const eval::Protocol left = protocol_of(a, options), right = protocol_of(b, options);
  return left.ties == right.ties && left.remove_seen == right.remove_seen &&
         left.first_event == right.first_event;
}

// The runs of the lab that belong into the section of a group and that the table lacks, row by row:
// those with equal settings, one for each split of the group.
std::vector<std::vector<db::RunRow>> runs_to_borrow(const db::Store& store,
                                                    const TableOptions& options,
                                                    const Group& group) {
  std::set<std::string> shown;
  std::set<nlohmann::json> histories;
  for (const Row* row : group.own) {
    for (const Member& member : row->finished) {
      if (row->untrained) shown.insert(settings_of(member.run));
      histories.insert(history_of(member.run));
    }
  }
  const db::RunRow& first = first_run(*group.own.front());
  const std::set<std::string> splits = splits_of(group);
  std::map<std::string, std::map<std::string, db::RunRow>> newest;  // by settings, then split
  for (const std::string& split : splits) {
    for (db::RunRow& run : store.untrained(text_at(first.result, "data_fingerprint"), split)) {
      if (!same_protocol(run, first, options) || histories.count(history_of(run)) == 0) continue;
      const std::string settings = settings_of(run);
      // The store lists older runs first.
      if (shown.count(settings) == 0) newest[settings][split] = std::move(run);
    }
  }
  std::vector<std::vector<db::RunRow>> rows;
  for (auto& [settings, by_split] : newest) {
    if (by_split.size() < splits.size()) continue;  // its mean would be over other splits
    std::vector<db::RunRow>& runs = rows.emplace_back();
    for (auto& [split, run] : by_split) runs.push_back(std::move(run));
  }
  return rows;
}

// The row of these runs. Computes cuts that were not stored from their ranks where these are there.
// Empty when the protocol of the options needs ranks that are missing.
std::vector<Row> row_of(const db::Store& store, const std::vector<db::RunRow>& runs,
                        const TableOptions& options, const Pivot& pivot) {
  std::map<std::string, Measured> stored;
  for (const db::RunRow& run : runs) {
    for (const db::ResultRow& result : store.results_of(run.uuid)) stored[run.uuid].add(result);
  }
  TableOptions with_cuts = options;
  with_cuts.k.clear();
  for (const Column& column : pivot.columns) {
    const auto [metric, k] = eval::parse_metric(column.metric);
    if (column.part == "test" && metric == "ndcg") with_cuts.k.push_back(k);
  }
  for (const TableOptions& attempt : {with_cuts, options}) {
    try {
      return more_rows(pivot, runs, stored, attempt);
    } catch (const DataError&) {
      // The ranks are missing or damaged. `lealab db check` reports that.
    }
  }
  return {};
}

// Names in one group that several settings share get the parameters in which these differ, such as
// "vsknn k=500".
void tell_apart(const Pivot& pivot, const Group& group) {
  std::map<std::string, std::vector<Row*>> by_name;
  for (Row* row : group.own) {
    if (is_training_free(*row)) by_name[row->name].push_back(row);
  }
  for (Row* row : group.borrowed) by_name[row->name].push_back(row);
  const auto framework = std::find(pivot.axes.begin(), pivot.axes.end(), "framework");
  for (const auto& [name, rows] : by_name) {
    if (rows.size() < 2) continue;
    std::map<std::string, std::set<std::string>> values;  // by key of the spec
    const auto leaves = [](const Row& row) {
      return flatten(nlohmann::json::parse(settings_of(first_run(row))));
    };
    for (const Row* row : rows) {
      for (const auto& [key, value] : leaves(*row)) values[key].insert(value);
    }
    for (Row* row : rows) {
      const bool borrowed =
          std::find(group.borrowed.begin(), group.borrowed.end(), row) != group.borrowed.end();
      if (!borrowed) continue;  // the axes of the table tell its own rows apart
      std::string suffix;
      for (const auto& [key, value] : leaves(*row)) {
        if (values[key].size() < 2) continue;
        suffix += ' ';
        suffix += key.substr(key.rfind('.') + 1) + "=" + value;
      }
      row->name += suffix;
      if (framework != pivot.axes.end())
        row->labels[static_cast<size_t>(framework - pivot.axes.begin())] += suffix;
    }
  }
}

// The best training-free row of a group in the column of a metric.
struct Floor {
  size_t column = 0;
  const Row* row = nullptr;  // null: there is none
};

Floor floor_in(const Group& group, size_t column) {
  Floor floor{column, nullptr};
  for (const auto* rows : {&group.own, &group.borrowed}) {
    for (const Row* row : *rows) {
      if (!is_training_free(*row) || row->values[column].summary.n == 0) continue;
      if (floor.row == nullptr ||
          row->values[column].summary.mean > floor.row->values[column].summary.mean) {
        floor.row = row;
      }
    }
  }
  return floor;
}

// The floor of a row, in the first of these columns that both have: the test column of the row's
// main metric, and the validation column by which it was selected.
Floor floor_for(const Pivot& pivot, const Group& group, const Row& row) {
  const Member& member = row.finished.front();
  const std::pair<std::string, std::string> wanted[] = {
      {"test", main_metric(member.run, member.metrics.test)},
      {"valid", text_at(member.run.spec, "train.stop_on")}};
  for (const auto& [part, metric] : wanted) {
    for (size_t c = 0; c < pivot.columns.size(); ++c) {
      const Column& column = pivot.columns[c];
      if (column.part != part || column.metric != metric) continue;
      const Floor floor = floor_in(group, c);
      if (floor.row != nullptr && row.values[c].summary.n > 0) return floor;
    }
  }
  return {};
}

// A value as an argument of `--set`. Text that YAML could read as something else gets quotes.
std::string setting_text(const nlohmann::json& value) {
  if (!value.is_string()) return value.dump();
  const std::string& text = value.get_ref<const std::string&>();
  const bool plain = text.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") ==
                         std::string::npos &&
                     text.find_first_not_of("0123456789_-.eE") != std::string::npos;
  static const std::set<std::string> kWords = {"true", "false", "null", "yes", "no", "on", "off"};
  return plain && kWords.count(text) == 0 ? text : value.dump();
}

// Adds `--set` for each setting of a section that does not have its default.
template <class Section>
void add_settings(const nlohmann::json& document, const std::string& section,
                  const std::set<std::string>& left_out, std::vector<std::string>* words) {
  const nlohmann::json defaults = spec::section_json(Section());
  const auto found = document.find(section);
  if (found == document.end() || !found->is_object()) return;
  for (const auto& [key, value] : found->items()) {
    const nlohmann::json stated = key == "path" ? nlohmann::json(spec::path_of_file(value)) : value;
    if (left_out.count(key) != 0 || (defaults.contains(key) && defaults[key] == stated)) continue;
    words->push_back("--set");
    words->push_back(section + "." + key + "=" + setting_text(stated));
  }
}

// The preset that has the training-free frameworks. Its place in a checkout, when this program has
// no presets beside it.
std::string spec_of_the_command() {
  const std::string preset = "training_free";
  const std::vector<std::string> names = spec::preset_names();
  if (std::find(names.begin(), names.end(), preset) != names.end())
    return spec::preset_path(preset);
  return "experiments/presets/" + preset + ".yaml";
}

// The seeds of the splits of a group, as JSON; one where the split has none.
std::set<nlohmann::json> split_seeds(const Group& group) {
  std::set<nlohmann::json> seeds;
  for (const Row* row : group.own) {
    for (const Member& member : row->finished) {
      const nlohmann::json* seed = find_path(member.run.spec, "split.seed");
      seeds.insert(seed == nullptr ? nlohmann::json() : *seed);
    }
  }
  return seeds;
}

// The command that makes training-free runs with the data, splits and protocol of a group.
std::string command_for(const Group& group, const TableOptions& options) {
  const db::RunRow& run = first_run(*group.own.front());
  const std::string data = text_at(run.spec, "data.name");
  std::vector<std::string> words = {"lealab"};
  if (!options.lab.empty()) words.insert(words.end(), {"--lab", options.lab});
  words.insert(words.end(), {"run", spec_of_the_command(), "--set",
                             "name=" + setting_text(data + "_training_free")});
  std::set<std::string> left_out;
  if (lab_data(options.lab, data).is_object()) left_out = {"path", "format"};  // it is imported
  add_settings<spec::DataSection>(run.spec, "data", left_out, &words);
  const std::set<nlohmann::json> seeds = split_seeds(group);
  if (seeds.size() < 2) {
    add_settings<spec::SplitSection>(run.spec, "split", {}, &words);
  } else {
    add_settings<spec::SplitSection>(run.spec, "split", {"seed"}, &words);
    words.insert(words.end(), {"--set", "grid.split.seed=" + nlohmann::json(seeds).dump()});
  }
  add_settings<spec::EvaluateSection>(run.spec, "evaluate", {"test"}, &words);
  // A run that was closed when it was made may be open now, and the other way round.
  const bool open = std::any_of(group.own.begin(), group.own.end(), [](const Row* row) {
    return std::any_of(row->finished.begin(), row->finished.end(),
                       [](const Member& member) { return !member.closed; });
  });
  if (!open) words.insert(words.end(), {"--set", "evaluate.test=false"});
  return shell_line(words);
}

// Whether the lab's data set of that name is another one than the run used, or the file of the
// run's split is gone. A command would then make runs that the table could not compare.
std::string why_no_command(const db::RunRow& run, const TableOptions& options) {
  const nlohmann::json data = lab_data(options.lab, text_at(run.spec, "data.name"));
  if (data.is_object() && text_at(data, "fingerprint") != text_at(run.result, "data_fingerprint")) {
    return "the lab has another data set of that name now";
  }
  const std::string split = text_at(run.spec, "split.path.path");
  if (!split.empty() && !std::filesystem::exists(split)) {
    return "the split's file " + split + " is not on this machine";
  }
  return "";
}

// How a footer of several groups names one of them; empty for the only group.
std::string group_name(const Group& group, size_t groups) {
  if (groups == 1) return "";
  const db::RunRow& run = first_run(*group.own.front());
  return " (" + text_at(run.spec, "data.name") + ", split " +
         text_at(run.result, "split_fingerprint").substr(0, 8) + ")";
}

std::string names_of_makers(const Group& group) {
  std::set<std::string> makers;
  for (const Row* row : group.borrowed) makers.insert(first_run(*row).experiment);
  return joined({makers.begin(), makers.end()});
}

}  // namespace

void add_training_free(const db::Store& store, const TableOptions& options, Pivot* pivot) {
  std::vector<Row> borrowed;
  for (const auto& [name, group] : groups_of(pivot, nullptr)) {
    for (const std::vector<db::RunRow>& runs : runs_to_borrow(store, options, group)) {
      for (Row& row : row_of(store, runs, options, *pivot)) {
        if (row.group == name) borrowed.push_back(std::move(row));
      }
    }
  }
  std::stable_sort(borrowed.begin(), borrowed.end(),
                   [](const Row& a, const Row& b) { return natural_less(a.name, b.name); });
  pivot->borrowed = std::move(borrowed);
  for (auto& [name, group] : groups_of(pivot, nullptr)) {
    tell_apart(*pivot, group);
    for (Row* row : group.own) {
      if (!is_trained(*row)) continue;
      const Floor floor = floor_for(*pivot, group, *row);
      row->below_floor =
          floor.row != nullptr && as_printed(row->values[floor.column].summary.mean) <
                                      as_printed(floor.row->values[floor.column].summary.mean);
    }
  }
}

std::vector<std::string> training_free_notes(const TableOptions& options, Pivot* pivot) {
  std::vector<std::string> notes, order;
  const std::map<std::string, Group> groups = groups_of(pivot, &order);
  for (const std::string& name : order) {
    const Group& group = groups.at(name);
    const std::string title = "Training-free" + group_name(group, groups.size()) + ": ";
    const auto own = std::count_if(group.own.begin(), group.own.end(),
                                   [](const Row* row) { return is_training_free(*row); });
    const auto borrowed = std::ssize(group.borrowed);
    if (own + borrowed == 0) {
      const std::string none = "no run of this lab has this data, split and protocol";
      const std::string why = why_no_command(first_run(*group.own.front()), options);
      if (why.empty()) {
        pivot->commands.push_back(command_for(group, options));
      }
      notes.push_back(title + none +
                      (why.empty() ? "; the command below makes some." : ", and " + why + "."));
      continue;
    }
    const auto judged = std::find_if(group.own.begin(), group.own.end(),
                                     [](const Row* row) { return is_trained(*row); });
    const Row& row = **(judged == group.own.end() ? group.own.begin() : judged);
    const Floor floor = floor_for(*pivot, group, row);
    std::string line = title + counted(own + borrowed, "row");
    if (borrowed > 0) {
      line += (own == 0 ? ", made for " : ", of which " + std::to_string(borrowed) + " made for ") +
              names_of_makers(group);
    }
    if (floor.row != nullptr) {
      line += "; the best " + pivot->columns[floor.column].title + " is " +
              fixed(floor.row->values[floor.column].summary.mean) + " (" + floor.row->name + ")";
    }
    notes.push_back(line + ".");
    std::vector<std::string> below;
    for (const Row* judged_row : group.own) {
      if (!judged_row->below_floor) continue;
      const Floor own_floor = floor_for(*pivot, group, *judged_row);
      below.push_back(judged_row->name + " (" + pivot->columns[own_floor.column].title + " " +
                      fixed(judged_row->values[own_floor.column].summary.mean) + ")");
    }
    if (!below.empty()) notes.push_back("Below the training-free floor: " + joined(below) + ".");
  }
  return notes;
}

}  // namespace lea::report
