#include "core/lab/curve_points.h"

#include <cmath>
#include <set>

#include "core/base/json_field.h"

namespace lea::lab {
namespace {

void add_points(const nlohmann::json& object, int64_t step, std::vector<db::CurvePoint>* points) {
  static const std::set<std::string> kNotMetrics = {"step", "time", "max_steps", "attempt"};
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() || kNotMetrics.contains(name)) continue;
    const double number = value.get<double>();
    if (std::isfinite(number)) points->push_back({name, step, number});
  }
}

}  // namespace

std::vector<db::CurvePoint> curve_points(const nlohmann::json& record, const std::string& path) {
  const JsonFields fields(record, path);
  const std::string type = fields.text("type", "");
  std::vector<db::CurvePoint> points;
  if (type != "train" && type != "valid") return points;
  const int64_t step = fields.integer("step");
  add_points(record, step, &points);
  const auto metrics = record.find("metrics");
  if (metrics != record.end() && metrics->is_object()) add_points(*metrics, step, &points);
  return points;
}

}  // namespace lea::lab
