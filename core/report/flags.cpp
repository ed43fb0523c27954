#include "core/report/flags.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/base/text.h"
#include "core/report/json_path.h"

namespace lea::report {
namespace {

using Lines = std::vector<std::string>;

// Coins decide which twin network a step updates, so that rows with equal limits differ a little.
constexpr double kUpdateTolerance = 0.1;

std::string seeds_text(const std::vector<int64_t>& seeds) {
  std::vector<std::string> words;
  for (const int64_t seed : seeds) words.push_back(std::to_string(seed));
  return "seed " + joined(words);
}

std::string whole(double number) { return std::to_string(std::llround(number)); }

// The settings that name the step at which something begins that the row is named for.
constexpr const char* kPhases[] = {"framework.params.warm_up_steps", "augment_use.from_step",
                                   "train.drop_learning_rate_at"};

// The name of such a setting in a spec.
std::string name_in_spec(const std::string& path) {
  if (path == "framework.params.warm_up_steps") return "framework.warm_up_steps";
  if (path == "augment_use.from_step") return "augment.from_step";
  return path;
}

void add_phases(const Pivot& pivot, Lines* lines) {
  for (const Row& row : pivot.rows) {
    for (const char* path : kPhases) {
      std::vector<int64_t> seeds;
      std::set<int64_t> begins, best_steps;
      for (const Member& member : row.finished) {
        const std::optional<double> begin = number_at(member.run.spec, path);
        if (!begin || *begin <= 0 || !member.result.training) continue;
        // The network of best step n has made the steps 0 to n - 1.
        if (static_cast<double>(member.result.training->best_step) > *begin) continue;
        seeds.push_back(member.run.seed);
        begins.insert(std::llround(*begin));
        best_steps.insert(member.result.training->best_step);
      }
      if (seeds.empty()) continue;
      std::string best = std::to_string(*best_steps.begin());
      if (best_steps.size() > 1) best += " to " + std::to_string(*best_steps.rbegin());
      lines->push_back("Before its own phase: " + row.name + ", " + seeds_text(seeds) + ": " +
                       name_in_spec(path) + " is " + std::to_string(*begins.begin()) +
                       ", and the best step is " + best +
                       ". So the reported network never saw what begins there.");
    }
  }
}

bool ended_at_limit(const Member& member) {
  const std::optional<double> limit = number_at(member.run.spec, "train.max_steps");
  return limit && member.result.training &&
         static_cast<double>(member.result.training->steps) >= *limit;
}

void add_limits(const Pivot& pivot, Lines* lines) {
  std::vector<std::string> names;
  bool all = true;
  size_t runs = 0;
  for (const Row& row : pivot.rows) {
    std::vector<int64_t> seeds;
    for (const Member& member : row.finished) {
      if (!member.result.training || row.untrained) continue;
      if (ended_at_limit(member)) {
        seeds.push_back(member.run.seed);
      } else {
        all = false;
      }
    }
    runs += seeds.size();
    if (!seeds.empty()) names.push_back(row.name + " (" + seeds_text(seeds) + ")");
  }
  if (names.empty()) return;
  const std::string which = all && runs > 1
                                ? "all " + counted(static_cast<int64_t>(runs), "trained run")
                                : joined(names, "; ");
  lines->push_back("Ended at max_steps: " + which +
                   ". Such a run may not have converged when it was ended.");
}

// The updates that a row's runs may make on average: max_steps times the share of the steps that
// updated the evaluated network.
std::optional<double> update_limit(const Row& row) {
  double sum = 0;
  int64_t runs = 0;
  for (const Member& member : row.finished) {
    const std::optional<double> limit = number_at(member.run.spec, "train.max_steps");
    if (!limit || !member.result.training || member.result.training->steps <= 0) continue;
    sum += *limit * static_cast<double>(member.result.training->updates) /
           static_cast<double>(member.result.training->steps);
    ++runs;
  }
  if (runs == 0) return std::nullopt;
  return sum / static_cast<double>(runs);
}

bool differ(double low, double high) { return high - low > kUpdateTolerance * high; }

// Rows that may be compared, by Row::group, in the order of the table.
std::vector<std::vector<const Row*>> comparable_rows(const Pivot& pivot) {
  std::vector<std::vector<const Row*>> groups;
  std::map<std::string, size_t> index;
  for (const Row& row : pivot.rows) {
    if (row.finished.empty()) continue;
    const auto [at, fresh] = index.emplace(row.group, groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(&row);
  }
  return groups;
}

void add_updates(const Pivot& pivot, Lines* lines) {
  for (const auto& rows : comparable_rows(pivot)) {
    const Row *least = nullptr, *most = nullptr;
    std::vector<double> limits;
    for (const Row* row : rows) {
      const std::optional<double> updates = mean_updates(*row);
      if (!updates) continue;
      if (least == nullptr || *updates < *mean_updates(*least)) least = row;
      if (most == nullptr || *updates > *mean_updates(*most)) most = row;
      if (const auto limit = update_limit(*row)) limits.push_back(*limit);
    }
    if (least == nullptr || !differ(*mean_updates(*least), *mean_updates(*most))) continue;
    const auto [low, high] = std::minmax_element(limits.begin(), limits.end());
    std::string why;
    if (limits.empty() || !differ(*low, *high)) {
      why = "the limits are equal, so the early stop made the difference";
    } else {
      why = "max_steps allows from " + whole(*low) + " to " + whole(*high) +
            ", so the rows are not matched in updates";
    }
    lines->push_back("Updates of the evaluated network differ between rows: from " +
                     whole(*mean_updates(*least)) + " (" + least->name + ") to " +
                     whole(*mean_updates(*most)) + " (" + most->name + ") on average; " + why +
                     ".");
  }
}

// What the section `negatives` of a run says about its negatives, by key. Empty when it reads none.
std::map<std::string, std::string> negatives_of(const Row& row) {
  const nlohmann::json* section = find_path(row.finished.front().run.spec, "negatives");
  if (section == nullptr || !section->is_object()) return {};
  std::map<std::string, std::string> negatives = flatten(*section);
  if (negatives["from"] != "pool") {  // nothing reads the settings of the pool
    negatives.erase("pool");
    negatives.erase("seed");
  }
  return negatives;
}

// "from=pool pool=5": where negatives come from, and the settings `keys`.
std::string negatives_text(const std::map<std::string, std::string>& negatives,
                           const std::set<std::string>& keys) {
  std::string text;
  const auto add = [&](const std::string& key) {
    const auto found = negatives.find(key);
    if (found != negatives.end()) text += (text.empty() ? "" : " ") + key + "=" + found->second;
  };
  add("from");
  for (const std::string& key : keys) {
    if (key != "from") add(key);
  }
  return text;
}

void add_negatives(const Pivot& pivot, Lines* lines) {
  for (const auto& rows : comparable_rows(pivot)) {
    std::vector<std::pair<std::map<std::string, std::string>, std::vector<std::string>>> kinds;
    for (const Row* row : rows) {
      const auto negatives = negatives_of(*row);
      if (negatives.empty()) continue;
      auto found = std::find_if(kinds.begin(), kinds.end(),
                                [&](const auto& kind) { return kind.first == negatives; });
      if (found == kinds.end()) {
        kinds.push_back({negatives, {}});
        found = std::prev(kinds.end());
      }
      found->second.push_back(row->name);
    }
    if (kinds.size() < 2) continue;
    std::map<std::string, std::set<std::string>> values;  // by key
    for (const auto& [negatives, names] : kinds) {
      for (const auto& [key, value] : negatives) values[key].insert(value);
    }
    std::set<std::string> keys;  // in which they differ
    for (const auto& [key, of_key] : values) {
      const bool everywhere = std::all_of(
          kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first.count(key) != 0; });
      if (of_key.size() > 1 || !everywhere) keys.insert(key);
    }
    std::vector<std::string> parts;
    for (const auto& [negatives, names] : kinds)
      parts.push_back(negatives_text(negatives, keys) + ": " + joined(names));
    lines->push_back("Negatives differ between rows: " + joined(parts, "; ") +
                     ". Other negatives are a change of their own.");
  }
}

// The runs of the table that used one file of an artefact: seeds by row.
using Users = std::map<std::string, std::vector<int64_t>>;

std::string users_text(const Users& users) {
  std::vector<std::string> parts;
  for (const auto& [row, seeds] : users) parts.push_back(row + " (" + seeds_text(seeds) + ")");
  return joined(parts);
}

void add_artefacts(const Pivot& pivot, Lines* lines) {
  struct Artefact {
    std::string what;                     // "rewards of lea.le"
    std::map<std::string, Users> by_sum;  // checksum -> who used it
  };
  std::map<std::string, Artefact> artefacts;  // by key
  for (const Row& row : pivot.rows) {
    for (const Member& member : row.finished) {
      for (const run::UsedArtefact& used : member.result.artefacts) {
        if (used.sha256.empty()) continue;
        Artefact& artefact = artefacts[used.key];
        artefact.what = used.name;
        artefact.by_sum[used.sha256][row.name].push_back(member.run.seed);
      }
    }
  }
  for (const auto& [key, artefact] : artefacts) {
    if (artefact.by_sum.size() < 2) continue;
    std::vector<std::string> parts;
    for (const auto& [sum, users] : artefact.by_sum)
      parts.push_back(sum.substr(0, 8) + " in " + users_text(users));
    lines->push_back("Mixed artefacts: " + artefact.what + ", key " + key.substr(0, 8) +
                     ", was remade and has several checksums: " + joined(parts, "; ") + ".");
  }
}

}  // namespace

std::optional<double> mean_updates(const Row& row) {
  double sum = 0;
  int64_t runs = 0;
  for (const Member& member : row.finished) {
    if (row.untrained || !member.result.training) continue;
    sum += static_cast<double>(member.result.training->updates);
    ++runs;
  }
  if (runs == 0) return std::nullopt;
  return sum / static_cast<double>(runs);
}

std::vector<std::string> flags(const Pivot& pivot) {
  Lines lines;
  add_phases(pivot, &lines);
  add_limits(pivot, &lines);
  add_updates(pivot, &lines);
  add_negatives(pivot, &lines);
  add_artefacts(pivot, &lines);
  return lines;
}

}  // namespace lea::report
