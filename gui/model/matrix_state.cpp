#include "gui/model/matrix_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/shell.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int64_t kMostCut = 1000000;  // as of `lealab table --k`

template <class T>
T value_in(const nlohmann::json& document, const char* key) {
  try {
    return document.value(key, T());
  } catch (const nlohmann::json::exception&) {
    return T();  // settings that somebody has edited
  }
}

}  // namespace

QString to_text(const MatrixState& state) {
  nlohmann::json document = nlohmann::json::object();
  if (!state.experiment.empty()) document["experiment"] = state.experiment;
  if (state.all_runs) document["all_runs"] = true;
  if (!state.k.empty()) document["k"] = state.k;
  if (!state.ties.empty()) document["ties"] = state.ties;
  if (!state.seen.empty()) document["seen"] = state.seen;
  if (state.view) {
    document["rows"] = state.view->rows;
    document["columns"] = state.view->columns;
    document["filters"] = state.view->filters;
  }
  return to_qt(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

MatrixState matrix_state_in(const QString& text) {
  const auto document = nlohmann::json::parse(to_std(text), nullptr, /*allow_exceptions=*/false);
  MatrixState state;
  if (!document.is_object()) return state;
  state.experiment = value_in<std::string>(document, "experiment");
  state.all_runs = value_in<bool>(document, "all_runs");
  state.k = value_in<std::vector<int64_t>>(document, "k");
  std::erase_if(state.k, [](int64_t k) { return k < 1 || k > kMostCut; });
  for (const char* ties : {"pessimistic", "expected", "optimistic"}) {
    if (value_in<std::string>(document, "ties") == ties) state.ties = ties;
  }
  for (const char* seen : {"remove", "keep"}) {
    if (value_in<std::string>(document, "seen") == seen) state.seen = seen;
  }
  if (document.contains("rows")) {
    state.view =
        report::MatrixView{value_in<std::vector<std::string>>(document, "rows"),
                           value_in<std::vector<std::string>>(document, "columns"),
                           value_in<std::map<std::string, std::string>>(document, "filters")};
  }
  return state;
}

report::TableOptions table_options(const MatrixState& state, const std::string& lab) {
  report::TableOptions options;
  options.lab = lab;
  options.k = state.k;
  if (!state.ties.empty()) options.ties = eval::ties_from(state.ties);
  if (!state.seen.empty()) options.remove_seen = state.seen == "remove";
  return options;
}

QString table_command(const MatrixState& state, const std::string& lab, bool by_split) {
  std::vector<std::string> words = {"lealab", "--lab", lab, "table", state.experiment};
  if (!state.k.empty()) words.insert(words.end(), {"--k", to_std(cuts_text(state.k))});
  if (!state.ties.empty()) words.insert(words.end(), {"--ties", state.ties});
  if (!state.seen.empty()) words.push_back("--" + state.seen + "-seen");
  if (by_split) words.push_back("--by-split");
  return to_qt(shell_line(words));
}

std::vector<int64_t> cuts_in(const QString& text) {
  std::vector<int64_t> cuts;
  for (const QString& word : text.split(',')) {
    const QString trimmed = word.trimmed();
    if (trimmed.isEmpty()) continue;
    bool is_number = false;
    const qlonglong cut = trimmed.toLongLong(&is_number);
    if (!is_number || cut < 1 || cut > kMostCut) {
      throw UsageError(
          "The cuts of the metrics must be numbers from 1 to 1000000, as in 1, 10, 50, "
          "but one is " +
          in_backticks(to_std(trimmed)) + ".");
    }
    cuts.push_back(cut);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

QString cuts_text(const std::vector<int64_t>& cuts) {
  QStringList words;
  for (const int64_t cut : cuts) words << QString::number(cut);
  return words.join(",");
}

void move_axis(report::MatrixView* view, const std::string& axis, Zone zone, int place) {
  for (auto* side : {&view->rows, &view->columns}) {
    const auto found = std::find(side->begin(), side->end(), axis);
    if (found != side->end()) side->erase(found);
  }
  view->filters.erase(axis);
  if (zone == Zone::kFilters) return;
  std::vector<std::string>& side = zone == Zone::kRows ? view->rows : view->columns;
  const auto size = static_cast<int>(side.size());
  side.insert(side.begin() + (place < 0 ? size : std::min(place, size)), axis);
}

Zone zone_of(const report::MatrixView& view, const std::string& axis) {
  const auto in = [&](const std::vector<std::string>& side) {
    return std::find(side.begin(), side.end(), axis) != side.end();
  };
  return in(view.rows) ? Zone::kRows : in(view.columns) ? Zone::kColumns : Zone::kFilters;
}

}  // namespace lea::gui
