#include "gui/model/matrix_table.h"

#include <QFont>

#include "core/report/matrix_render.h"
#include "core/report/render.h"
#include "gui/model/table_model.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

using report::MatrixCell;
using report::Standing;

QString interval_text(const MatrixCell& cell) {
  const report::Summary& summary = cell.value.summary;
  if (summary.n == 0 || cell.settings > 1) return "";
  if (!summary.half_width) return "–";
  const std::string half = report::fixed(*summary.half_width);
  // Without the leading zero, as in a terminal, so that more columns fit.
  return "±" + to_qt(half[0] == '0' ? half.substr(1) : half);
}

// How many runs are in the number, and of how many, where some are not.
QString count_text(const MatrixCell& cell) {
  if (cell.is_empty() || cell.value.summary.n == 0) return "";
  const int64_t all = int64_t{cell.runs()} + cell.count(Standing::kMissing);
  const QString n = QString::number(cell.value.summary.n);
  return all == cell.value.summary.n ? "n " + n : n + " of " + QString::number(all);
}

QStringList shown_labels(const std::vector<std::string>& axes,
                         const std::vector<std::string>& labels) {
  QStringList texts;
  for (size_t a = 0; a < axes.size(); ++a) texts << shown(report::shown_label(axes[a], labels[a]));
  return texts;
}

}  // namespace

Look look_of(Standing standing) {
  switch (standing) {
    case Standing::kFinished:
      return Look::kFinished;
    case Standing::kStale:
      return Look::kDoneBefore;
    case Standing::kRunning:
      return Look::kRunning;
    case Standing::kInterrupted:
      return Look::kInterrupted;
    case Standing::kCancelled:
      return Look::kSkipped;
    case Standing::kFailed:
      return Look::kFailed;
    case Standing::kQueued:
    case Standing::kMissing:
      break;
  }
  return Look::kWaiting;
}

std::optional<Look> look_of(const MatrixCell& cell) {
  if (cell.is_empty() || cell.standing() == Standing::kFinished) return std::nullopt;
  return look_of(cell.standing());
}

QString counts_text(const MatrixCell& cell) {
  QStringList parts;
  for (size_t s = 0; s < report::kStandings; ++s) {
    if (cell.counts[s] > 0)
      parts << QString::number(cell.counts[s]) + " " + report::to_string(static_cast<Standing>(s));
  }
  return parts.join(", ");
}

QString about_cell(const report::Matrix& matrix, size_t row, size_t column) {
  const MatrixCell& cell = matrix.cell(row, column);
  QStringList labels = shown_labels(matrix.view.rows, matrix.rows[row]);
  labels << shown_labels(matrix.view.columns, matrix.columns[column]);
  QStringList lines = {labels.join(" · ")};
  if (cell.is_empty()) return lines.join("\n") + "\nNo such combination is planned.";
  const report::Summary& summary = cell.value.summary;
  QString number = to_qt(report::cell_text(cell));
  if (summary.n > 0) number += "  (n = " + QString::number(summary.n) + ")";
  if (cell.value.mark == report::Mark::kBest) number += ", best";
  if (cell.value.mark == report::Mark::kSecond) number += ", second";
  lines << number << counts_text(cell);
  if (summary.deviation && cell.settings == 1)
    lines << "standard deviation " + to_qt(report::fixed(*summary.deviation));
  if (cell.settings > 1)
    lines << QString("mean over %1 settings, without an interval").arg(cell.settings);
  if (cell.below_floor) lines << report::kBelowFloor;
  if (cell.borrowed) lines << "of another experiment, with the same data, split and protocol";
  if (cell.closed) lines << "its test part is closed";
  return lines.join("\n");
}

void MatrixTable::show(report::Matrix matrix) {
  const bool same = matrix.rows == matrix_.rows && matrix.columns == matrix_.columns &&
                    matrix.view.rows == matrix_.view.rows &&
                    matrix.view.columns == matrix_.view.columns;
  if (same) {
    matrix_ = std::move(matrix);
    if (rowCount() > 0 && columnCount() > 0)
      Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    return;
  }
  beginResetModel();
  matrix_ = std::move(matrix);
  endResetModel();
}

QModelIndex MatrixTable::find(const std::vector<std::string>& row,
                              const std::vector<std::string>& column) const {
  for (size_t r = 0; r < matrix_.rows.size(); ++r) {
    for (size_t c = 0; matrix_.rows[r] == row && c < matrix_.columns.size(); ++c) {
      if (matrix_.columns[c] == column) return index(static_cast<int>(r), static_cast<int>(c));
    }
  }
  return {};
}

int MatrixTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(matrix_.rows.size());
}

int MatrixTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(matrix_.columns.size());
}

QVariant MatrixTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const MatrixCell& at = cell(index);
  switch (role) {
    case Qt::DisplayRole:
      if (at.value.summary.n == 0) return to_qt(report::why_no_number(at));
      return to_qt(report::fixed(at.value.summary.mean) + at.value.significance) +
             (at.below_floor ? "†" : "");
    case kIntervalRole:
      return interval_text(at);
    case kCountRole:
      return count_text(at);
    case kMarkRole:
      return static_cast<int>(at.value.mark);
    case kLookRole: {
      const auto look = look_of(at);
      return look ? QVariant(static_cast<int>(*look)) : QVariant();
    }
    case Qt::FontRole: {
      QFont font;
      font.setBold(at.value.mark == report::Mark::kBest);
      font.setUnderline(at.value.mark == report::Mark::kSecond);
      return font;
    }
    case Qt::ToolTipRole:
      return plain_tip(about_cell(matrix_, static_cast<size_t>(index.row()),
                                  static_cast<size_t>(index.column())));
    case Qt::AccessibleTextRole:
      return about_cell(matrix_, static_cast<size_t>(index.row()),
                        static_cast<size_t>(index.column()))
          .replace('\n', ", ");
    case Qt::TextAlignmentRole:
      return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    default:
      return {};
  }
}

QVariant MatrixTable::headerData(int section, Qt::Orientation orientation, int role) const {
  const bool across = orientation == Qt::Horizontal;
  const auto& heads = across ? matrix_.columns : matrix_.rows;
  const auto& axes = across ? matrix_.view.columns : matrix_.view.rows;
  if (section < 0 || static_cast<size_t>(section) >= heads.size()) return {};
  if (role != Qt::DisplayRole && role != kLabelsRole && role != Qt::ToolTipRole) return {};
  const QStringList labels = shown_labels(axes, heads[static_cast<size_t>(section)]);
  if (role == kLabelsRole) return labels;
  const QString text = labels.isEmpty() ? QString("value") : labels.join(" · ");
  return role == Qt::ToolTipRole ? plain_tip(text) : text;
}

}  // namespace lea::gui
