#include "core/report/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/csv.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/report/columns.h"
#include "core/report/flags.h"

namespace lea::report {
namespace {

using Grid = std::vector<std::vector<std::string>>;

// Empty when nothing was measured.
std::string mean_of(const TableValue& value) {
  return value.summary.n == 0 ? "" : fixed(value.summary.mean);
}

std::string half_width_of(const TableValue& value) {
  return value.summary.half_width ? fixed(*value.summary.half_width) : "";
}

// Why a row has no numbers; empty when it has a finished run.
std::string status(const Row& row) {
  if (!row.finished.empty()) return "";
  for (const Member& member : row.unfinished) {
    if (member.run.state == "failed") return "FAILED";
  }
  return row.unfinished.empty() ? "not run" : row.unfinished.front().run.state;
}

// Whether a rule separates the row from the one before.
bool starts_block(const std::vector<const Row*>& rows, size_t r) {
  if (r == 0) return false;
  const Row &before = *rows[r - 1], &row = *rows[r];
  return before.untrained != row.untrained || (!row.untrained && before.labels[0] != row.labels[0]);
}

std::string text_value(const TableValue& value, bool terminal) {
  if (value.summary.n == 0) return "";
  const std::string half = half_width_of(value);
  // The leading zero is left out, so that seven values fit a terminal of 120 columns.
  std::string interval = half.empty() ? " –" : "±" + half.substr(half[0] == '0' ? 1 : 0);
  if (!terminal && value.mark == Mark::kBest) interval += "¹";
  if (!terminal && value.mark == Mark::kSecond) interval += "²";
  return mean_of(value) + interval;
}

}  // namespace

std::string meaning_of(const Pivot& pivot) {
  if (!pivot.over_splits) return "Mean over n seeds ± half width of its 95 % Student t interval";
  return "Mean of the splits' means over n runs ± half width of its 95 % Student t interval over "
         "the splits";
}

std::string render_text(const Pivot& pivot, bool terminal) {
  Grid grid = {{}};
  for (const std::string& axis : pivot.axes) grid[0].push_back(axis);
  grid[0].push_back("n");
  for (const Column& column : pivot.columns) grid[0].push_back(column.title);
  const std::vector<const Row*> rows = printed_rows(pivot);
  for (const Row* row : rows) {
    std::vector<std::string>& line = grid.emplace_back();
    for (const std::string& label : row->labels) line.push_back(printable(label));
    line.push_back(std::to_string(row->finished.size()));
    for (const TableValue& value : row->values) line.push_back(text_value(value, terminal));
    const std::string why = status(*row);
    if (!why.empty() && !pivot.columns.empty()) line[pivot.axes.size() + 1] = why;
  }
  std::vector<size_t> widths(grid[0].size());
  for (const auto& line : grid) {
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], text_width(line[c]));
  }
  size_t total = 0;
  for (const size_t columns : widths) total += columns + 2;
  std::string rule;
  for (size_t i = 2; i < total; ++i) rule += "─";
  std::string text = printable(pivot.experiment) + "\n\n";
  for (size_t r = 0; r < grid.size(); ++r) {
    if (r == 1 || (r > 1 && starts_block(rows, r - 1))) text += rule + "\n";
    std::string line;
    for (size_t c = 0; c < grid[r].size(); ++c) {
      std::string place = pad(grid[r][c], widths[c], /*right=*/c == pivot.axes.size());
      if (terminal && r > 0 && c > pivot.axes.size()) {
        const Mark mark = rows[r - 1]->values[c - pivot.axes.size() - 1].mark;
        const size_t mean = std::min(place.find(' '), place.find("±"));
        if (mark != Mark::kNone && mean != std::string::npos) {
          place = (mark == Mark::kBest ? "\033[1m" : "\033[4m") + place.substr(0, mean) +
                  "\033[0m" + place.substr(mean);
        }
      }
      line += (c == 0 ? "" : "  ") + place;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (r > 0 && rows[r - 1]->below_floor) line += std::string("  ") + kBelowFloor;
    text += line + "\n";
  }
  text += rule + "\n";
  text += meaning_of(pivot) + ", – for a single " + (pivot.over_splits ? "split; " : "run; ");
  text += terminal ? "best bold, second underlined.\n" : "¹ best, ² second.\n";
  for (const std::string& note : pivot.notes) text += note + "\n";
  for (const std::string& command : pivot.commands) text += "    " + command + "\n";
  return text;
}

namespace {

// The fields of a row in Markdown: labels, n and values.
std::vector<std::string> markdown_fields(const Row& row) {
  std::vector<std::string> fields;
  for (const std::string& label : row.labels) fields.push_back(escape_markdown(label));
  fields.push_back(std::to_string(row.finished.size()));
  std::string why = status(row);
  for (const TableValue& value : row.values) {
    std::string shown = mean_of(value);
    if (value.mark == Mark::kBest) shown = "**" + shown + "**";
    if (value.mark == Mark::kSecond) shown = "<ins>" + shown + "</ins>";
    if (value.summary.n > 0)
      shown += value.summary.half_width ? " ± " + half_width_of(value) : " –";
    fields.push_back(shown.empty() ? std::exchange(why, "") : shown);
  }
  return fields;
}

// The training-free rows of other experiments as a table of their own. Its lines do not begin with
// a bar, so that the lines which do are the experiment's rows, whatever else the lab has.
std::string markdown_borrowed(const Pivot& pivot) {
  std::vector<std::string> titles = {"experiment"};
  for (const std::string& axis : pivot.axes) titles.push_back(escape_markdown(axis));
  std::vector<std::string> rules(titles.size(), "---");
  titles.push_back("n");
  for (const Column& column : pivot.columns) titles.push_back(escape_markdown(column.title));
  rules.resize(titles.size(), "---:");
  std::string text =
      "\nTraining-free rows of other experiments with the same data, split and "
      "protocol:\n\n";
  text += joined(titles, " | ") + "\n" + joined(rules, " | ") + "\n";
  for (const Row& row : pivot.borrowed) {
    text += escape_markdown(row.finished.front().run.experiment) + " | " +
            joined(markdown_fields(row), " | ") + "\n";
  }
  return text;
}

}  // namespace

std::string render_markdown(const Pivot& pivot) {
  std::string text = "### " + escape_markdown(pivot.experiment) + "\n\n|";
  std::string rule = "|";
  for (const std::string& axis : pivot.axes) {
    text += " " + escape_markdown(axis) + " |";
    rule += " --- |";
  }
  text += " n |";
  rule += " ---: |";
  for (const Column& column : pivot.columns) {
    text += " " + escape_markdown(column.title) + " |";
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (const Row& row : pivot.rows) text += "| " + joined(markdown_fields(row), " | ") + " |\n";
  if (!pivot.borrowed.empty()) text += markdown_borrowed(pivot);
  text += "\n" + meaning_of(pivot) + ", – for a single " + (pivot.over_splits ? "split" : "run") +
          "; **best**, <ins>second</ins>.\n\n";
  for (const std::string& note : pivot.notes) text += "- " + escape_markdown(note) + "\n";
  for (const std::string& command : pivot.commands) text += "\n    " + command + "\n";
  return text;
}

namespace {

// The section of a row: whether its framework is trained. Empty for a row that is only planned.
std::string section_of(const Row& row) {
  if (row.untrained) return "training-free";
  const auto& members = row.finished.empty() ? row.unfinished : row.finished;
  if (members.empty()) return "";
  return members.front().run.source == "lealab" ? "trained" : "imported";
}

}  // namespace

std::string render_csv(const Pivot& pivot) {
  std::string text = "experiment";
  for (const std::string& axis : pivot.axes) text += "," + csv_field(axis);
  text += ",n,failed,missing";
  for (const Column& column : pivot.columns) {
    const std::string name = csv_field((column.part == "valid" ? "valid " : "") + column.metric);
    text += "," + name + "," + name + " half width," + name + " mark";
  }
  if (!pivot.columns.empty()) text += ",section,training-free floor";
  text += "\n";
  const auto number = [](double value) { return nlohmann::json(value).dump(); };  // all digits
  for (const Row& row : pivot.rows) {
    text += csv_field(pivot.experiment);
    for (const std::string& label : row.labels)
      text += "," + (label == "-" ? "" : csv_field(label));
    const auto failed = std::count_if(row.unfinished.begin(), row.unfinished.end(),
                                      [](const Member& m) { return m.run.state == "failed"; });
    text +=
        "," + std::to_string(row.finished.size()) + "," + std::to_string(failed) + "," +
        std::to_string(row.missing.size() + row.unfinished.size() - static_cast<size_t>(failed));
    for (const TableValue& value : row.values) {
      text += "," + (value.summary.n > 0 ? number(value.summary.mean) : "");
      text += "," + (value.summary.half_width ? number(*value.summary.half_width) : "");
      text += value.mark == Mark::kBest ? ",best" : value.mark == Mark::kSecond ? ",second" : ",";
    }
    if (!pivot.columns.empty()) text += "," + section_of(row) + (row.below_floor ? ",below" : ",");
    text += "\n";
  }
  return text;
}

std::string render_latex(const Pivot& pivot) {
  std::string text = "% " + printable(pivot.experiment) + "; needs the package booktabs\n";
  text += "\\begin{tabular}{" + std::string(pivot.axes.size(), 'l') +
          std::string(pivot.columns.size() + 1, 'r') + "}\n\\toprule\n";
  for (const std::string& axis : pivot.axes) text += escape_latex(axis) + " & ";
  text += "$n$";
  for (const Column& column : pivot.columns) text += " & " + escape_latex(column.title);
  text += " \\\\\n\\midrule\n";
  const std::vector<const Row*> rows = printed_rows(pivot);
  bool any_below = false;
  for (size_t r = 0; r < rows.size(); ++r) {
    const Row& row = *rows[r];
    any_below = any_below || row.below_floor;
    if (starts_block(rows, r)) text += "\\midrule\n";
    for (size_t a = 0; a < pivot.axes.size(); ++a) {
      text += row.labels[a] == "-" ? "--" : escape_latex(row.labels[a]);
      if (row.below_floor && pivot.axes[a] == "framework") text += "$^\\dagger$";
      text += " & ";
    }
    text += std::to_string(row.finished.size());
    std::string why = status(row);
    for (const TableValue& value : row.values) {
      std::string shown = mean_of(value);
      if (value.mark == Mark::kBest) shown = "\\textbf{" + shown + "}";
      if (value.mark == Mark::kSecond) shown = "\\underline{" + shown + "}";
      if (value.summary.n > 0) {
        shown += value.summary.half_width ? " $\\pm$ " + half_width_of(value) : " --";
      }
      text += " & " + (shown.empty() ? escape_latex(std::exchange(why, "")) : shown);
    }
    text += " \\\\\n";
  }
  text += "\\bottomrule\n";
  if (any_below) {
    text += "\\multicolumn{" + std::to_string(pivot.axes.size() + pivot.columns.size() + 1) +
            "}{l}{\\footnotesize $^\\dagger$ " + kBelowFloor + "} \\\\\n";
  }
  text += "\\end{tabular}\n";
  text += pivot.over_splits ? "% Mean of the splits' means over n runs and half width of its 95 % "
                              "Student t interval over the splits"
                            : "% Mean over n seeds and half width of its 95 % Student t interval";
  text += "; best bold, second underlined.\n";
  for (const std::string& note : pivot.notes) text += "% " + note + "\n";
  for (const std::string& command : pivot.commands) text += "%   " + command + "\n";
  return text;
}

namespace {

nlohmann::ordered_json json_labels(const Pivot& pivot, const Row& row) {
  nlohmann::ordered_json labels;
  for (size_t a = 0; a < pivot.axes.size(); ++a) labels[pivot.axes[a]] = row.labels[a];
  return labels;
}

nlohmann::ordered_json json_pairs(const Pivot& pivot) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const PairedRows& pairs : pivot.pairs) {
    nlohmann::ordered_json entry = {{"row", json_labels(pivot, pivot.rows[pairs.row])},
                                    {"reference", json_labels(pivot, pivot.rows[pairs.reference])},
                                    {"part", pivot.columns[pairs.column].part},
                                    {"metric", pivot.columns[pairs.column].metric},
                                    {"n", pairs.difference.n},
                                    {"difference", nullptr},
                                    {"over_splits", nullptr},
                                    {"over_sequences", nullptr},
                                    {"splits", pairs.splits},
                                    {"seeds", pairs.seeds}};
    if (pairs.difference.n > 0) entry["difference"] = pairs.difference.mean;
    if (pairs.difference.half_width) {
      entry["over_splits"] = {{"half_width", *pairs.difference.half_width}};
    }
    if (const auto& interval = pairs.over_sequences) {
      entry["over_sequences"] = {{"low", interval->low},
                                 {"high", interval->high},
                                 {"p", interval->p},
                                 {"sequences", interval->sequences},
                                 {"shared", interval->shared}};
    }
    entry["left_out"] = nlohmann::ordered_json::array();
    for (const Repetition& repetition : pairs.left_out) {
      entry["left_out"].push_back({{"split_seed", repetition.split}, {"seed", repetition.seed}});
    }
    list.push_back(entry);
  }
  return list;
}

}  // namespace

std::string render_json(const Pivot& pivot) {
  nlohmann::ordered_json document = {{"experiment", pivot.experiment}, {"axes", pivot.axes}};
  document["interval"] =
      std::string("half width of the 95 % Student t interval of the mean over ") +
      (pivot.over_splits ? "splits" : "seeds");
  document["rows"] = nlohmann::ordered_json::array();
  const auto runs = [&](const std::vector<Member>& members) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Member& member : members) {
      list.push_back(
          {{"uuid", member.run.uuid}, {"seed", member.run.seed}, {"state", member.run.state}});
      if (pivot.over_splits) list.back()["split_seed"] = member.repetition.split;
      if (!member.run.reason.empty()) list.back()["reason"] = member.run.reason;
    }
    return list;
  };
  const auto entry_of = [&](const Row& row) {
    nlohmann::ordered_json entry;
    entry["labels"] = json_labels(pivot, row);
    entry["untrained"] = row.untrained;
    entry["runs"] = runs(row.finished);
    entry["unfinished"] = runs(row.unfinished);
    entry["missing_seeds"] = nlohmann::ordered_json::array();
    for (const Repetition& missing : row.missing) {
      entry["missing_seeds"].push_back(missing.seed);
      if (pivot.over_splits) entry["missing_split_seeds"].push_back(missing.split);
    }
    entry["below_floor"] = row.below_floor;
    if (const auto updates = mean_updates(row)) entry["updates"] = *updates;
    for (size_t c = 0; c < pivot.columns.size(); ++c) {
      const TableValue& value = row.values[c];
      if (value.summary.n == 0) continue;
      nlohmann::ordered_json shown = {{"n", value.summary.n}, {"mean", value.summary.mean}};
      shown["half_width"] = nullptr;
      shown["deviation"] = nullptr;
      if (value.summary.half_width) shown["half_width"] = *value.summary.half_width;
      if (value.summary.deviation) shown["deviation"] = *value.summary.deviation;
      shown["mark"] = value.mark == Mark::kBest     ? "best"
                      : value.mark == Mark::kSecond ? "second"
                                                    : "";
      entry[pivot.columns[c].part][pivot.columns[c].metric] = shown;
    }
    return entry;
  };
  for (const Row& row : pivot.rows) document["rows"].push_back(entry_of(row));
  document["training_free"] = nlohmann::ordered_json::array();
  for (const Row& row : pivot.borrowed) {
    nlohmann::ordered_json entry = {{"experiment", row.finished.front().run.experiment}};
    entry.update(entry_of(row));
    document["training_free"].push_back(entry);
  }
  if (pivot.over_splits) document["pairs"] = json_pairs(pivot);
  document["notes"] = pivot.notes;
  document["commands"] = pivot.commands;
  return pretty_json(document);
}

}  // namespace lea::report
