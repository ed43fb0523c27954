#include "core/report/figure_text.h"

#include <cmath>
#include <cstdio>

#include "core/base/text.h"

namespace lea::report {

std::string figure_text(double value) {
  const double size = std::abs(value);
  if (size >= 999.5 && size < 1e15) return (value < 0 ? "-" : "") + grouped(std::llround(size));
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  std::string shown = text;
  const size_t zero = shown.find("0.");
  if (zero == 0 || (zero == 1 && shown[0] == '-')) shown.erase(zero, 1);
  return shown;
}

std::string span_text(const Span& span) {
  const std::string low = figure_text(span.low), high = figure_text(span.high);
  return low + (low == high ? "" : " to " + high);
}

}  // namespace lea::report
