#include "core/report/labels.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "core/report/json_path.h"
#include "core/spec/default_label.h"

namespace lea::report {
namespace {

std::string last_part(const std::string& id) {
  const size_t dot = id.rfind('.');
  return dot == std::string::npos ? id : id.substr(dot + 1);
}

bool is_slot(const std::string& axis) {
  return std::find(slots().begin(), slots().end(), axis) != slots().end();
}

bool empty_label(const std::string& label) {
  return label.empty() || label == "-" || label == "none";
}

// Older programs wrote "none" and "default" for what an entry of `include` did not name, also where a
// plugin or a value was resolved. The resolved spec of a run tells what it was.
std::string corrected(const db::RunRow& run, const std::string& axis, const std::string& written) {
  if (is_slot(axis)) {
    const std::string id = empty_label(written) ? text_at(run.spec, axis + ".id") : "";
    return id.empty() ? written : last_part(id);
  }
  const nlohmann::json* value =
      written == "default" ? spec::resolved_value(run.spec, axis) : nullptr;
  return value == nullptr ? written : spec::value_label(*value);
}

}  // namespace

const std::vector<std::string>& slots() {
  static const std::vector<std::string> kSlots = {"backbone", "framework", "reward", "state",
                                                  "augment"};
  return kSlots;
}

std::string label_of(const db::RunRow& run, const std::string& axis) {
  const nlohmann::json* value = find_path(run.spec, axis);
  if (is_slot(axis) && value != nullptr && value->is_null()) {
    return axis == "backbone" ? "-" : "none";
  }
  const auto written = run.labels.find(axis);
  if (written != run.labels.end()) return corrected(run, axis, written->second);
  if (run.spec.is_null()) return "";  // a run that is only planned has nothing but labels
  if (is_slot(axis)) {
    const std::string id = text_at(run.spec, axis + ".id");
    if (!id.empty()) return last_part(id);
    return axis == "backbone" ? "-" : "none";
  }
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? value->get_ref<const std::string&>() : value->dump();
}

std::map<std::string, std::string> labels_of(const db::RunRow& run) {
  std::map<std::string, std::string> labels;
  for (const auto& [axis, label] : run.labels) labels[axis] = corrected(run, axis, label);
  return labels;
}

std::string describe(const db::RunRow& run) {
  std::string text;
  for (const char* axis : {"backbone", "framework"}) {
    const std::string label = label_of(run, axis);
    if (!empty_label(label)) text += (text.empty() ? "" : " ") + label;
  }
  for (const auto& [axis, label] : run.labels) {
    if (axis == "backbone" || axis == "framework") continue;
    const std::string shown = label_of(run, axis);
    if (!empty_label(shown)) text += (text.empty() ? "" : " ") + axis + "=" + shown;
  }
  return text;
}

bool natural_less(const std::string& a, const std::string& b) {
  if (empty_label(a) != empty_label(b)) return empty_label(a);
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    if (digit(a[i]) && digit(b[j])) {
      size_t i_end = i, j_end = j;
      while (i_end < a.size() && digit(a[i_end])) ++i_end;
      while (j_end < b.size() && digit(b[j_end])) ++j_end;
      while (i + 1 < i_end && a[i] == '0') ++i;
      while (j + 1 < j_end && b[j] == '0') ++j;
      if (i_end - i != j_end - j) return i_end - i < j_end - j;
      const int order = a.compare(i, i_end - i, b, j, j_end - j);
      if (order != 0) return order < 0;
      i = i_end;
      j = j_end;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;  // decides between "01" and "1"
}

std::string seed_list(const std::set<int64_t>& seeds) {
  std::vector<std::string> parts;
  for (const int64_t seed : seeds) parts.push_back(std::to_string(seed));
  return joined(parts);
}

std::string repetitions_text(const std::set<Repetition>& repetitions) {
  std::map<int64_t, std::set<int64_t>> seeds;  // by split
  for (const Repetition& repetition : repetitions) {
    seeds[repetition.split].insert(repetition.seed);
  }
  std::vector<std::string> parts;
  for (const auto& [split, of_split] : seeds) {
    std::string part = split == kOneSplit ? "" : "split " + std::to_string(split);
    if (of_split != std::set<int64_t>{0}) {
      part += part.empty() ? "seed " : " seed ";
      part += seed_list(of_split);
    }
    if (!part.empty()) parts.push_back(part);
  }
  return parts.empty() ? "" : joined(parts, "; ");
}

std::string with_repetitions(const std::string& name, const std::set<Repetition>& repetitions) {
  const std::string text = repetitions_text(repetitions);
  return text.empty() ? name : name + ", " + text;
}

bool untrained(const db::RunRow& run) {
  const nlohmann::json* train = find_path(run.spec, "train");
  return train != nullptr && train->is_null() && run.source == "lealab";
}

}  // namespace lea::report
