#include "gui/model/cell_runs.h"

#include "core/report/pivot.h"
#include "gui/model/matrix_table.h"
#include "gui/model/text.h"

namespace lea::gui {

CellRuns::CellRuns(QObject* parent) : MemoryTable(parent) { show_runs({}, "value", false); }

void CellRuns::show_runs(std::vector<CellRun> runs, const QString& metric, bool splits) {
  begin_replacing();
  runs_ = std::move(runs);
  columns_ = {{"seed", "Seed", true},
              {"state", "State"},
              {"value", metric, true},
              {"split", "Split", true, splits, "Seed of the split"},
              {"reason", "Reason", false, true, "Why it failed"},
              {"uuid", "Run"},
              {"setting", "Setting"},
              {"folder", "Folder"}};
  rows_replaced();
}

report::FieldValue CellRuns::value(size_t row, const std::string& field) const {
  const CellRun& run = runs_[row];
  const auto text = [](const std::string& text) {
    return report::FieldValue{!text.empty(), text, std::nullopt};
  };
  if (field == "value") {
    if (!run.value) return {};
    return {true, report::fixed(*run.value), *run.value};
  }
  if (field == "seed" || field == "split") {
    const std::string& label = field == "seed" ? run.seed : run.split;
    bool is_number = false;
    const double number = to_qt(label).toDouble(&is_number);
    report::FieldValue found = text(label);
    if (is_number) found.number = number;
    return found;
  }
  if (field == "state") return text(report::to_string(run.standing));
  if (field == "reason") return text(run.reason);
  if (field == "setting") return text(run.setting);
  return text(field == "uuid" ? run.uuid : run.folder);
}

QVariant CellRuns::show(size_t row, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  if (role == kLookRole && field == "state") return static_cast<int>(look_of(runs_[row].standing));
  if (role == kIdRole) return to_qt(runs_[row].uuid);
  if (role == Qt::DisplayRole && field == "uuid") return to_qt(runs_[row].uuid.substr(0, 8));
  return MemoryTable::show(row, column, role);
}

QString filter_of(const std::vector<CellRun>& runs) {
  QStringList parts;
  for (const CellRun& run : runs) {
    if (!run.uuid.empty()) parts << "uuid=\"" + to_qt(run.uuid) + "\"";
  }
  return parts.join(" or ");
}

}  // namespace lea::gui
