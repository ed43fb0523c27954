// How a footer prints the figures of artefacts.
#pragma once

#include <algorithm>
#include <string>

namespace lea::report {

// The least and the greatest of some values.
struct Span {
  double low = 0, high = 0;
  void add(double value) { low = std::min(low, value), high = std::max(high, value); }
};

// ".671", "12.3", "71,872": three digits that count, and whole numbers in full.
std::string figure_text(double value);

// ".6 to .7", or ".6" where both are printed alike.
std::string span_text(const Span& span);

}  // namespace lea::report
