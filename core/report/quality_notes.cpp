#include "core/report/quality_notes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <utility>

#include "core/base/text.h"

namespace lea::report {
namespace {

// The least and the greatest value of a figure.
struct Span {
  double low = 0, high = 0;
};
using Figures = std::map<std::string, Span>;

// ".671", "12.3", "71,872": three digits that count, and whole numbers in full.
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

// " (cooccurrence .612)", see the header; empty for a figure without baselines, or of which more is
// not better, so that nothing was gained.
std::string baseline_text(const Figures& figures, const std::string& name) {
  const std::string prefix = name + ".beside.";
  auto best = figures.end();
  for (auto one = figures.lower_bound(prefix);
       one != figures.end() && one->first.starts_with(prefix); ++one) {
    if (best == figures.end() || one->second.high > best->second.high) best = one;
  }
  const auto gain = figures.find(name + ".gain_low");
  if (best == figures.end() || gain == figures.end()) return "";
  std::string verdict;
  if (gain->second.low <= 0)
    verdict = gain->second.high <= 0 ? "no more than " : "in part no more than ";
  return " (" + verdict + best->first.substr(prefix.size()) + " " + span_text(best->second) + ")";
}

// "reward_accuracy .671, loss .31 to .32": what was recorded of one artefact in the runs of a row.
std::string figures_text(const Figures& figures) {
  std::vector<std::string> parts;
  for (const auto& [name, span] : figures) {
    if (name.find('.') == std::string::npos)
      parts.push_back(name + " " + span_text(span) + baseline_text(figures, name));
  }
  return joined(parts);
}

}  // namespace

std::vector<std::string> quality_notes(const Pivot& pivot) {
  std::vector<std::pair<std::string, std::vector<std::string>>> lines;  // figures, rows
  for (const Row& row : pivot.rows) {
    std::map<std::string, Figures> artefacts;  // by name
    for (const Member& member : row.finished) {
      for (const run::UsedArtefact& used : member.result.artefacts) {
        for (const auto& [name, value] : used.quality) {
          Span& span = artefacts[used.name].try_emplace(name, Span{value, value}).first->second;
          span = {std::min(span.low, value), std::max(span.high, value)};
        }
      }
    }
    std::vector<std::string> parts;
    for (const auto& [name, figures] : artefacts) {
      if (const std::string text = figures_text(figures); !text.empty())
        parts.push_back(name + ": " + text);
    }
    if (parts.empty()) continue;
    const std::string text = joined(parts, "; ");
    const auto same = std::find_if(lines.begin(), lines.end(),
                                   [&](const auto& line) { return line.first == text; });
    if (same == lines.end()) {
      lines.push_back({text, {row.name}});
    } else {
      same->second.push_back(row.name);
    }
  }
  std::vector<std::string> notes;
  for (const auto& [text, rows] : lines)
    notes.push_back("Artefacts of " + joined(rows) + ": " + text + ".");
  return notes;
}

}  // namespace lea::report
