#include "core/report/quality_notes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/text.h"

namespace lea::report {
namespace {

using Quality = std::map<std::string, double>;  // the figures of one artefact

// The least and the greatest of some values.
struct Span {
  double low = 0, high = 0;
  void add(double value) { low = std::min(low, value), high = std::max(high, value); }
};

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

// The best of the baselines that stand beside a figure of one artefact.
struct Beside {
  std::string baseline;
  double value = 0;
  bool knows_more = false;  // the figure is greater, by its 95 % interval
};

// Empty for a figure without baselines, or of which more is not better, so that nothing was gained.
std::optional<Beside> beside(const Quality& quality, const std::string& name) {
  const std::string prefix = name + ".beside.";
  auto best = quality.end();
  for (auto one = quality.lower_bound(prefix);
       one != quality.end() && one->first.starts_with(prefix); ++one) {
    if (best == quality.end() || one->second > best->second) best = one;
  }
  const auto gain = quality.find(name + ".gain_low");
  if (best == quality.end() || gain == quality.end()) return std::nullopt;
  return Beside{best->first.substr(prefix.size()), best->second, gain->second > 0};
}

// What follows a figure in brackets, see the header. Each artefact is compared with the best of its
// own baselines, because two makings of an environment draw other events.
std::string baselines_text(const std::vector<Quality>& artefacts, const std::string& name) {
  std::set<std::string> names;
  std::optional<Span> span;
  size_t compared = 0, no_more = 0;
  for (const Quality& quality : artefacts) {
    const auto best = beside(quality, name);
    if (!best) continue;
    ++compared;
    no_more += !best->knows_more;
    names.insert(best->baseline);
    if (!span) span = Span{best->value, best->value};
    span->add(best->value);
  }
  if (!span) return "";
  const std::string best = joined({names.begin(), names.end()}, " or ") + " " + span_text(*span);
  if (artefacts.size() == 1)
    return " (" + std::string(no_more > 0 ? "no more than " : "") + best + ")";
  std::string text = " (best rule of each: " + best;
  if (no_more > 0)
    text += "; no more than it in " + std::to_string(no_more) + " of " + std::to_string(compared);
  return text + ")";
}

// "reward_accuracy .671, loss .31 to .32": what was recorded of the artefacts of one name.
std::string figures_text(const std::vector<Quality>& artefacts) {
  std::map<std::string, Span> figures;
  for (const Quality& quality : artefacts) {
    for (const auto& [name, value] : quality) {
      if (name.find('.') != std::string::npos) continue;
      figures.try_emplace(name, Span{value, value}).first->second.add(value);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [name, span] : figures)
    parts.push_back(name + " " + span_text(span) + baselines_text(artefacts, name));
  return parts.empty() ? "" : joined(parts);
}

// The figures of each artefact that the runs of the row used, once for each, by their name.
std::map<std::string, std::vector<Quality>> artefacts_of(const Row& row) {
  std::map<std::string, std::vector<Quality>> artefacts;
  std::set<std::tuple<std::string, std::string, Quality>> seen;
  for (const Member& member : row.finished) {
    for (const run::UsedArtefact& used : member.result.artefacts) {
      if (seen.emplace(used.name, used.key, used.quality).second)
        artefacts[used.name].push_back(used.quality);
    }
  }
  return artefacts;
}

}  // namespace

std::vector<std::string> quality_notes(const Pivot& pivot) {
  std::vector<std::pair<std::string, std::vector<std::string>>> lines;  // figures, rows
  for (const Row& row : pivot.rows) {
    std::vector<std::string> parts;
    for (const auto& [name, artefacts] : artefacts_of(row)) {
      if (const std::string text = figures_text(artefacts); !text.empty())
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
