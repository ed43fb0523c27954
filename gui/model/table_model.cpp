#include "gui/model/table_model.h"

#include <nlohmann/json.hpp>

#include "core/base/csv.h"
#include "core/base/json_field.h"
#include "core/report/render.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

bool is_number(const QString& text) {
  bool number = false;
  text.toDouble(&number);
  return number;
}

// A value for a filter. Quotes cannot be escaped in one, so text with both sorts loses one of them.
std::string value_of(const QString& text) {
  if (is_number(text)) return to_std(text);
  if (!text.contains('"')) return to_std('"' + text + '"');
  QString without = text;
  without.remove('\'');
  return to_std('\'' + without + '\'');
}

QString csv_of(const std::vector<QString>& cells) {
  std::string line;
  for (const QString& cell : cells) {
    if (!line.empty() || &cell != &cells.front()) line += ',';
    line += is_number(cell) ? to_std(cell) : csv_field(to_std(cell));
  }
  return to_qt(line + "\n");
}

QString markdown_of(const std::vector<QString>& cells) {
  QString line = "|";
  for (const QString& cell : cells)
    line += ' ' + to_qt(report::escape_markdown(to_std(cell))) + " |";
  return line + '\n';
}

QString json_of(const std::vector<QString>& titles, const TableModel::Rows& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (size_t i = 0; i < titles.size(); ++i) {
      object[to_std(titles[i])] = is_number(row[i]) ? nlohmann::ordered_json(row[i].toDouble())
                                                    : nlohmann::ordered_json(to_std(row[i]));
    }
    list.push_back(std::move(object));
  }
  return to_qt(pretty_json(list));
}

}  // namespace

QVariant alignment(const TableColumn& column) {
  const Qt::Alignment side = column.number ? Qt::AlignRight : Qt::AlignLeft;
  return static_cast<int>(side | Qt::AlignVCenter);
}

int TableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(columns().size());
}

QVariant TableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const TableColumn& column = columns()[static_cast<size_t>(section)];
  if (role == Qt::DisplayRole) return column.title;
  if (role == Qt::ToolTipRole) return column.about.isEmpty() ? to_qt(column.field) : column.about;
  if (role == Qt::TextAlignmentRole) return alignment(column);
  return {};
}

int TableModel::row_of_id(const QString& id) const {
  for (int row = 0; row < rowCount(); ++row) {
    if (index(row, 0).data(kIdRole).toString() == id) return row;
  }
  return -1;
}

int TableModel::column_of(const std::string& field) const {
  for (size_t i = 0; i < columns().size(); ++i) {
    if (columns()[i].field == field) return static_cast<int>(i);
  }
  return -1;
}

std::string column_condition(const std::string& field, const QString& typed) {
  const QString text = typed.trimmed();
  if (text.isEmpty()) return "";
  if (text.compare("null", Qt::CaseInsensitive) == 0) return "not " + field + "~\"\"";
  if (text.compare("not null", Qt::CaseInsensitive) == 0) return field + "~\"\"";
  for (const char* op : {"!=", "<=", ">=", "==", "=", "<", ">", "~"}) {
    if (!text.startsWith(op)) continue;
    const QString value = text.mid(static_cast<qsizetype>(qstrlen(op))).trimmed();
    // A condition that is still being typed filters nothing.
    return value.isEmpty() ? "" : field + op + value_of(value);
  }
  return field + "~" + value_of(text);
}

std::string all_conditions(const std::vector<std::string>& conditions) {
  std::string all;
  for (const std::string& condition : conditions) {
    if (condition.empty()) continue;
    all += (all.empty() ? "(" : " and (") + condition + ")";
  }
  return all;
}

QString write_rows(const QString& format, const std::vector<QString>& titles,
                   const TableModel::Rows& rows) {
  if (format == "json") return json_of(titles, rows);
  const auto line = format == "csv" ? csv_of : markdown_of;
  QString text = line(titles);
  if (format != "csv")
    text += "|" + QString(" --- |").repeated(static_cast<int>(titles.size())) + "\n";
  for (const auto& row : rows) text += line(row);
  return text;
}

}  // namespace lea::gui
