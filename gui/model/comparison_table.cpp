#include "gui/model/comparison_table.h"

#include <QFont>
#include <cmath>

#include "core/report/pivot.h"

namespace lea::gui {
namespace {

report::FieldValue text_value(const std::string& text) {
  report::FieldValue value;
  value.present = !text.empty();
  value.text = text;
  return value;
}

report::FieldValue number_value(const std::optional<double>& number, bool with_sign) {
  report::FieldValue value;
  value.present = number.has_value();
  value.number = number;
  if (!number) return value;
  value.text = report::fixed(*number);
  if (with_sign && report::as_printed(*number) > 0) value.text.insert(0, 1, '+');
  return value;
}

}  // namespace

SettingsDifference::SettingsDifference(QObject* parent)
    : MemoryTable(parent),
      columns_({{"part", "Part", false, true, "run, spec, or what it was made with"},
                {"key", "Key"},
                {"differs", "", false, true, "whether the runs differ"},
                {"a", "A"},
                {"b", "B"}}) {}

void SettingsDifference::show_lines(const std::vector<ComparedLine>& lines) {
  begin_replacing();
  lines_ = lines;
  choose();
}

void SettingsDifference::set_all(bool all) {
  begin_replacing();
  all_ = all;
  choose();
}

void SettingsDifference::choose() {
  shown_.clear();
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (all_ || lines_[i].always || lines_[i].differs()) shown_.push_back(i);
  }
  rows_replaced();
}

report::FieldValue SettingsDifference::value(size_t row, const std::string& field) const {
  const ComparedLine& line = lines_[shown_[row]];
  if (field == "part") return text_value(line.part);
  if (field == "key") return text_value(line.key);
  if (field == "differs") return text_value(line.differs() ? "≠" : "=");
  return text_value(field == "a" ? line.a : line.b);
}

QVariant SettingsDifference::show(size_t row, int column, int role) const {
  if (role == Qt::FontRole && lines_[shown_[row]].differs()) {
    QFont bold;
    bold.setBold(true);
    return bold;
  }
  return MemoryTable::show(row, column, role);
}

MetricsDifference::MetricsDifference(QObject* parent)
    : MemoryTable(parent),
      columns_({{"part", "Part"},
                {"metric", "Metric"},
                {"a", "A", true},
                {"b", "B", true},
                {"difference", "B − A", true}}) {}

void MetricsDifference::show_metrics(const std::vector<ComparedMetric>& metrics) {
  begin_replacing();
  metrics_ = metrics;
  rows_replaced();
}

report::FieldValue MetricsDifference::value(size_t row, const std::string& field) const {
  const ComparedMetric& metric = metrics_[row];
  if (field == "part") return text_value(metric.part);
  if (field == "metric") return text_value(metric.metric);
  if (field == "a") return number_value(metric.a, false);
  if (field == "b") return number_value(metric.b, false);
  const bool both = metric.a && metric.b;
  return number_value(both ? std::optional(*metric.b - *metric.a) : std::nullopt, true);
}

}  // namespace lea::gui
