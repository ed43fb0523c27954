// What a user chose to see of the results: an experiment, where its axes are, and the options of
// `lealab table`.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/report/matrix.h"

namespace lea::gui {

struct MatrixState {
  std::string experiment;                  // empty: none is chosen, or all runs
  bool all_runs = false;                   // of the lab, whatever their experiment
  std::optional<report::MatrixView> view;  // empty: the one that shows what `lealab table` prints
  std::vector<int64_t> k;                  // empty: evaluate.k of the runs
  std::string ties;                        // empty: evaluate.ties of the runs
  std::string seen;  // "remove" or "keep"; empty: evaluate.remove_seen of the runs

  bool operator==(const MatrixState&) const = default;
};

// One line of JSON for the settings, and back. What cannot be read is left out.
QString to_text(const MatrixState& state);
MatrixState matrix_state_in(const QString& text);

report::TableOptions table_options(const MatrixState& state, const std::string& lab);

// `lealab --lab LAB table EXPERIMENT ...` as a line for a shell.
QString table_command(const MatrixState& state, const std::string& lab, bool by_split = false);

// The cuts in "1, 10, 50"; empty for a blank text. Throws UsageError for anything else.
std::vector<int64_t> cuts_in(const QString& text);
QString cuts_text(const std::vector<int64_t>& cuts);

enum class Zone { kRows, kColumns, kFilters };

// Moves an axis to a place of a zone; -1: its end. A filter lets all labels pass at first.
void move_axis(report::MatrixView* view, const std::string& axis, Zone zone, int place = -1);
Zone zone_of(const report::MatrixView& view, const std::string& axis);

}  // namespace lea::gui
