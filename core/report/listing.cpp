#include "core/report/listing.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/report/columns.h"
#include "core/report/labels.h"
#include "core/report/pivot.h"
#include "core/report/run_csv.h"

namespace lea::report {
namespace {

std::string age_text(const RunView& view) {
  const std::optional<double> hours = field_of(view, "age").number;
  if (!hours) return "";
  return duration_text(*hours * 3600, DurationStyle::kAge);
}

// The length at which prefixes of the uuids are unique, at least 8.
size_t prefix_length(const std::vector<RunView>& views) {
  std::vector<std::string> uuids;
  for (const RunView& view : views) uuids.push_back(view.run.uuid);
  std::sort(uuids.begin(), uuids.end());
  size_t length = 8;
  for (size_t i = 1; i < uuids.size(); ++i) {
    const std::string &a = uuids[i - 1], &b = uuids[i];
    const size_t same = static_cast<size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<int64_t>(std::min(a.size(), b.size())),
                      b.begin())
            .first -
        a.begin());
    length = std::max(length, same + 1);
  }
  return length;
}

void sort_views(const std::string& sort, std::vector<RunView>* views) {
  const bool turned = sort[0] == '-';
  const std::string field = turned ? sort.substr(1) : sort;
  check_field(field, known_fields(*views), "--sort");
  const bool descending = (field.find('@') != std::string::npos) != turned;
  std::vector<std::pair<FieldValue, size_t>> keys;
  for (size_t i = 0; i < views->size(); ++i) keys.emplace_back(field_of((*views)[i], field), i);
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& left, const auto& right) {
    const FieldValue &a = left.first, &b = right.first;
    if (a.present != b.present) return a.present;  // runs without the field come last
    const FieldValue &first = descending ? b : a, &second = descending ? a : b;
    if (a.number && b.number) return *first.number < *second.number;
    return natural_less(first.text, second.text);
  });
  std::vector<RunView> sorted;
  for (const auto& [value, i] : keys) sorted.push_back(std::move((*views)[i]));
  *views = std::move(sorted);
}

// Returns why a run has not finished, in one line. `lealab show` prints the whole reason.
std::string shown_reason(const std::string& reason) {
  constexpr size_t kShown = 300;  // bytes
  if (reason.size() <= kShown) return printable(reason);
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  return printable(reason.substr(0, end)) + "...";
}

}  // namespace

std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options) {
  static const std::vector<std::string> kFormats = {"text", "json", "csv"};
  if (std::find(kFormats.begin(), kFormats.end(), options.format) == kFormats.end()) {
    throw UsageError("--format must be text, json or csv, but is `" + printable(options.format) +
                     "`" + did_you_mean(options.format, kFormats));
  }
  const size_t all = views.size();
  const size_t length = prefix_length(views);
  const Filter matching(filter, known_fields(views));
  if (!options.sort.empty()) sort_views(options.sort, &views);
  std::erase_if(views, [&](const RunView& view) { return !matching.matches(view); });
  if (options.format == "csv") return runs_csv(views);
  if (options.format == "json") {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const RunView& view : views) list.push_back(to_json(view));
    return pretty_json(list);
  }
  std::vector<std::vector<std::string>> grid = {
      {"run", "experiment", "cell", "seed", "state", "test", "age"}};
  const bool with_reasons = std::any_of(views.begin(), views.end(),
                                        [](const RunView& v) { return !v.run.reason.empty(); });
  if (with_reasons) grid[0].push_back("why");
  for (const RunView& view : views) {
    const std::string metric = options.sort.find('@') == std::string::npos
                                   ? main_metric(view.run, view.metrics.test)
                                   : options.sort.substr(options.sort[0] == '-' ? 1 : 0);
    const FieldValue value = field_of(view, metric);
    grid.push_back({view.run.uuid.substr(0, length), printable(view.run.experiment),
                    printable(describe(view.run)),
                    view.run.seed == 0 ? "-" : std::to_string(view.run.seed), view.run.state,
                    value.number ? metric + " " + fixed(*value.number) : "", age_text(view)});
    if (with_reasons) grid.back().push_back(shown_reason(view.run.reason));
  }
  std::string text = align_columns(grid) + counted(std::ssize(views), "run");
  if (views.size() != all) text += " of " + std::to_string(all);
  return text + "\n";
}

}  // namespace lea::report
