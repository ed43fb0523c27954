#include "core/report/quality_notes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/text.h"
#include "core/report/figure_text.h"

namespace lea::report {
namespace {

using Quality = std::map<std::string, double>;  // the figures of one artefact
using Parts = std::vector<std::string>;

std::string part_of(size_t some, size_t all) {
  return std::to_string(some) + " of " + std::to_string(all);
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

std::optional<double> find(const Quality& quality, const std::string& name) {
  const auto found = quality.find(name);
  if (found == quality.end()) return std::nullopt;
  return found->second;
}

bool has_baselines(const Quality& quality, const std::string& name) {
  const std::string prefix = name + ".beside.";
  const auto first = quality.lower_bound(prefix);
  return first != quality.end() && first->first.starts_with(prefix);
}

// The figure on the sequences that the environment has learned from, where it is higher there by
// more than two standard errors of the difference.
std::optional<double> memorised(const Quality& quality, const std::string& name) {
  const auto outside = find(quality, name), inside = find(quality, name + ".inside");
  const auto error = find(quality, name + ".error"),
             inside_error = find(quality, name + ".inside_error");
  if (!outside || !inside || !error || !inside_error || !beside(quality, name)) return std::nullopt;
  if (!(*inside - *outside > 2 * std::hypot(*error, *inside_error))) return std::nullopt;
  return inside;
}

// The best rule beside a figure. Each artefact is compared with the best of its own baselines,
// because two makings of an environment draw other events. Empty without baselines.
Parts best_rules(const std::vector<Quality>& artefacts, const std::string& name) {
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
  if (!span) return {};
  const std::string best = joined({names.begin(), names.end()}, " or ") + " " + span_text(*span);
  if (artefacts.size() == 1) return {(no_more > 0 ? "no more than " : "") + best};
  Parts parts = {"best rule of each: " + best};
  if (no_more > 0) parts.push_back("no more than it in " + part_of(no_more, compared));
  return parts;
}

// What follows a figure in brackets, see the header.
std::string brackets(const std::vector<Quality>& artefacts, const std::string& name) {
  Parts parts = best_rules(artefacts, name);
  const bool several = artefacts.size() > 1;
  std::optional<Span> inside;
  size_t memorising = 0, compared = 0, without_spread = 0;
  for (const Quality& quality : artefacts) {
    if (!has_baselines(quality, name)) continue;
    ++compared;
    without_spread += !quality.contains(name + ".error");
    const auto value = memorised(quality, name);
    if (!value) continue;
    ++memorising;
    if (!inside) inside = Span{*value, *value};
    inside->add(*value);
  }
  if (inside) {
    parts.push_back("memorised" + (several ? " in " + part_of(memorising, compared) : "") + ": " +
                    span_text(*inside) + " on what it has learned from");
  }
  if (without_spread > 0)
    parts.push_back("spread unknown" + (several ? " in " + part_of(without_spread, compared) : ""));
  return parts.empty() ? "" : " (" + joined(parts, "; ") + ")";
}

// Whether the quality was measured only on the sequences that the environment has learned from.
bool only_inside(const Quality& quality) {
  static const std::string kInside = ".inside";
  if (find(quality, "events") != 0.0) return false;
  return std::any_of(quality.begin(), quality.end(), [&](const auto& figure) {
    const std::string& name = figure.first;
    return name.ends_with(kInside) && name != "events" + kInside;
  });
}

// Whether the footer prints this figure.
bool is_printed(const Quality& quality, const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return true;
  return name.substr(dot) == ".inside" && only_inside(quality) &&
         !quality.contains(name.substr(0, dot));
}

// "reward_accuracy .671, loss .31 to .32": what was recorded of the artefacts of one name.
std::string figures_text(const std::vector<Quality>& artefacts) {
  std::map<std::string, Span> figures;
  for (const Quality& quality : artefacts) {
    for (const auto& [name, value] : quality) {
      if (!is_printed(quality, name)) continue;
      figures.try_emplace(name, Span{value, value}).first->second.add(value);
    }
  }
  const bool inside = std::any_of(artefacts.begin(), artefacts.end(), only_inside);
  Parts parts;
  for (const auto& [name, span] : figures) {
    parts.push_back(name + " " + span_text(span) + brackets(artefacts, name));
    if (name == "events" && inside)
      parts.back() += " (so the quality is known only for what it has learned from)";
  }
  return parts.empty() ? "" : joined(parts);
}

// How the artefacts of the row that have a name are told apart.
enum class Apart { kNot, kBySlot, kByKey };

// Two artefacts of one name in one run are of two environments, which differ like two plugins. In
// several runs they are rather of several seeds.
Apart apart_by(const Row& row, const std::string& name) {
  Apart apart = Apart::kNot;
  for (const Member& member : row.finished) {
    std::map<std::string, std::set<std::string>> slots;  // by key
    for (const run::UsedArtefact& used : member.result.artefacts) {
      if (used.name == name) slots[used.key] = used.used_in;
    }
    if (slots.size() < 2) continue;
    std::set<std::set<std::string>> different;
    for (const auto& [key, of_key] : slots) different.insert(of_key);
    const bool known = different.size() == slots.size() && !different.contains({});
    if (!known) return Apart::kByKey;
    apart = Apart::kBySlot;
  }
  return apart;
}

std::string title_of(const run::UsedArtefact& used, Apart apart) {
  if (apart == Apart::kByKey) return used.name + ", key " + used.key.substr(0, 8);
  if (apart == Apart::kNot || used.used_in.empty()) return used.name;
  return used.name + " in " + joined({used.used_in.begin(), used.used_in.end()}, " and ");
}

// The figures of each artefact that the runs of the row used, once for each, by their title.
std::map<std::string, std::vector<Quality>> artefacts_of(const Row& row) {
  std::map<std::string, std::vector<Quality>> artefacts;
  std::map<std::string, Apart> apart;  // by name
  std::set<std::tuple<std::string, std::string, Quality>> seen;
  for (const Member& member : row.finished) {
    for (const run::UsedArtefact& used : member.result.artefacts) {
      if (!apart.contains(used.name)) apart[used.name] = apart_by(row, used.name);
      const std::string title = title_of(used, apart[used.name]);
      if (seen.emplace(title, used.key, used.quality).second)
        artefacts[title].push_back(used.quality);
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
