#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/api/quality.h"

namespace lea {
namespace {

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

const QualityFigure* find(const std::vector<QualityFigure>& figures, const std::string& name) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const QualityFigure& one) { return one.name == name; });
  return found == figures.end() ? nullptr : &*found;
}

void record_gain(PrepareContext& context, const QualityFigure& figure) {
  for (const auto& [baseline, value] : figure.beside)
    context.record(figure.name + ".beside." + baseline, value);
  if (figure.best.empty() || !std::isfinite(figure.spread.error)) return;
  const auto record = [&](const Spread& spread, const std::string& over) {
    context.record(figure.name + ".gain" + over, spread.gain);
    context.record(figure.name + ".gain_low" + over, spread.low);
    context.record(figure.name + ".gain_high" + over, spread.high);
  };
  record(figure.spread, "");
  for (const auto& [baseline, spread] : figure.over) record(spread, "." + baseline);
  if (figure.knows_more()) return;
  context.log(LogLevel::kWarning,
              figure.name + " is " + text_of(figure.spread.value) + ", and that of the baseline " +
                  figure.best + " is " + text_of(figure.beside.at(figure.best)) +
                  ". The difference is " + text_of(figure.spread.gain) + " [" +
                  text_of(figure.spread.low) + ", " + text_of(figure.spread.high) +
                  "], so this environment knows no more here than the baselines do");
}

}  // namespace

void record_quality(PrepareContext& context, const std::vector<QualityFigure>& outside,
                    const std::vector<QualityFigure>& inside) {
  const auto record_error = [&](const std::string& name, double error) {
    if (std::isfinite(error)) context.record(name, error);
  };
  for (const QualityFigure& figure : outside) {
    context.record(figure.name, figure.spread.value);
    record_error(figure.name + ".error", figure.spread.error);
    record_gain(context, figure);
  }
  for (const QualityFigure& figure : inside) {
    context.record(figure.name + ".inside", figure.spread.value);
    record_error(figure.name + ".inside_error", figure.spread.error);
    const QualityFigure* other = find(outside, figure.name);
    if (other == nullptr || !figure.better) continue;
    const double error = std::hypot(figure.spread.error, other->spread.error);
    if (!(std::abs(figure.spread.value - other->spread.value) > 2 * error)) continue;
    context.log(
        LogLevel::kWarning,
        figure.name + " is " + text_of(figure.spread.value) +
            " on the training sequences that the environment has learned from, and " +
            text_of(other->spread.value) +
            " on others. They differ by more than two standard errors (" + text_of(error) +
            (figure.spread.value > other->spread.value
                 ? "), as they do when the sequences are memorised"
                 : "), although no memory makes figures lower, so the two samples differ by "
                   "chance or in their sequences"));
  }
}

}  // namespace lea
