#include "gui/model/run_comparison.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/lab/run_record.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/measure.h"
#include "core/report/run_view.h"
#include "core/run/folder.h"
#include "core/spec/run_spec.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr size_t kShortHash = 12;

using Texts = std::map<std::string, std::string>;

std::string short_hash(const std::string& hash) { return hash.substr(0, kShortHash); }

Texts about(const db::RunRow& run) {
  std::string labels;
  for (const auto& [axis, label] : report::labels_of(run))
    labels += (labels.empty() ? "" : ", ") + axis + "=" + label;
  return {{"uuid", run.uuid},
          {"experiment", run.experiment},
          {"labels", labels},
          {"seed", run.seed == 0 ? "-" : std::to_string(run.seed)},
          {"state", run.reason.empty() ? run.state : run.state + ": " + run.reason},
          {"created", run.created},
          {"finished", run.finished},
          {"source", run.source},
          {"hash", short_hash(run.run_hash)}};
}

// One line for each plugin and artefact, and one for each other key of the result.
Texts made_with(const nlohmann::json& result) {
  Texts texts;
  if (!result.is_object()) return texts;
  nlohmann::json rest = result;
  for (const char* key : {"metrics", "plugins", "artefacts", "opened", "state", "reason"})
    rest.erase(key);
  for (auto& [key, value] : report::flatten(rest)) texts[key] = value;
  const auto list = [&](const char* key) {
    const auto found = result.find(key);
    return found != result.end() && found->is_array() ? *found : nlohmann::json::array();
  };
  for (const nlohmann::json& plugin : list("plugins")) {
    texts["plugin " + report::text_at(plugin, "id")] =
        report::text_at(plugin, "version") + " (" + short_hash(report::text_at(plugin, "sha256")) +
        ")";
  }
  for (const nlohmann::json& artefact : list("artefacts")) {
    std::string& text = texts["artefact " + report::text_at(artefact, "name")];
    text += (text.empty() ? "" : ", ") + short_hash(report::text_at(artefact, "key"));
  }
  return texts;
}

bool is_always_shown(const std::string& key) {
  static const std::set<std::string> kKeys = {"uuid",         "experiment", "labels", "seed",
                                              "state",        "cpu",        "device", "threads",
                                              "machine_kind", "libtorch",   "lealab", "numerics"};
  return kKeys.contains(key) || key.starts_with("plugin ");
}

void add_lines(const char* part, const Texts& a, const Texts& b, std::vector<ComparedLine>* lines) {
  std::set<std::string> keys;
  for (const Texts* texts : {&a, &b}) {
    for (const auto& [key, text] : *texts) keys.insert(key);
  }
  const auto text_of = [](const Texts& texts, const std::string& key) {
    const auto found = texts.find(key);
    return found == texts.end() ? std::string() : found->second;
  };
  for (const std::string& key : keys) {
    const bool always = std::string(part) != "spec" && is_always_shown(key);
    lines->push_back({part, key, text_of(a, key), text_of(b, key), always});
  }
}

void add_metrics(const char* part, const std::map<std::string, double>& a,
                 const std::map<std::string, double>& b, std::vector<ComparedMetric>* metrics) {
  std::set<std::string> names;
  for (const auto* values : {&a, &b}) {
    for (const auto& [name, value] : *values) names.insert(name);
  }
  std::vector<std::string> order(names.begin(), names.end());
  std::sort(order.begin(), order.end(), report::natural_less);
  const auto value_of = [](const std::map<std::string, double>& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  for (const std::string& name : order)
    metrics->push_back({part, name, value_of(a, name), value_of(b, name)});
}

std::vector<std::string> warnings_of(const db::RunRow& a, const db::RunRow& b) {
  std::vector<std::string> warnings;
  for (const auto& [key, what] :
       {std::pair{"data_fingerprint", "other data"}, {"split_fingerprint", "another split"}}) {
    const std::string left = report::text_at(a.result, key), right = report::text_at(b.result, key);
    if (!left.empty() && !right.empty() && left != right) warnings.emplace_back(what);
  }
  const eval::Protocol left = report::protocol_of(a), right = report::protocol_of(b);
  if (left.ties != right.ties || left.remove_seen != right.remove_seen ||
      left.first_event != right.first_event)
    warnings.emplace_back("another protocol (evaluate)");
  return warnings;
}

Comparison::Run run_of(const db::RunRecord& record) {
  const db::RunRow& run = record.run;
  Comparison::Run about{run.uuid, run.experiment + ": " + report::describe(run), {}};
  if (run.seed != 0) about.title += ", seed " + std::to_string(run.seed);
  if (!record.curves.empty()) return about;
  about.why_no_curves = run.source != "lealab"   ? "it was imported from another system"
                        : report::untrained(run) ? "its framework is not trained"
                                                 : "its training has written none yet";
  return about;
}

// The run of the index, if it has it.
std::optional<db::RunRecord> stored(const db::Store& store, const std::string& uuid) {
  auto run = store.run(uuid);
  if (!run) return std::nullopt;
  db::RunRecord record{std::move(*run), {}, {}};
  record.results = store.results_of(record.run.uuid);
  record.curves = store.curves(record.run.uuid);
  return record;
}

}  // namespace

Comparison compare_runs(const db::RunRecord& a, const db::RunRecord& b) {
  Comparison comparison;
  comparison.runs = {run_of(a), run_of(b)};
  add_lines("run", about(a.run), about(b.run), &comparison.lines);
  add_lines("spec", report::flatten(spec::with_added_defaults(a.run.spec)),
            report::flatten(spec::with_added_defaults(b.run.spec)), &comparison.lines);
  add_lines("made with", made_with(a.run.result), made_with(b.run.result), &comparison.lines);
  const report::Measured left = report::view_of(a.run, a.results).metrics;
  const report::Measured right = report::view_of(b.run, b.results).metrics;
  add_metrics("test", left.test, right.test, &comparison.metrics);
  add_metrics("valid", left.valid, right.valid, &comparison.metrics);
  comparison.warnings = warnings_of(a.run, b.run);
  std::set<std::string> names;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    for (const db::CurvePoint& point : (side == 0 ? a : b).curves) {
      RunCurve& curve = comparison.curves[side][point.metric];
      curve.steps.push_back(static_cast<double>(point.step));
      curve.values.push_back(point.value);
      names.insert(point.metric);
    }
  }
  comparison.curve_metrics.assign(names.begin(), names.end());
  std::sort(comparison.curve_metrics.begin(), comparison.curve_metrics.end(), report::natural_less);
  return comparison;
}

std::vector<PlotLine> compared_curves(const Comparison& comparison, const std::string& metric) {
  std::vector<PlotLine> lines;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const auto curve = comparison.curves[side].find(metric);
    if (curve == comparison.curves[side].end()) continue;
    double averaged = 0;
    PlotLine line = mean_curve({curve->second}, 4000, &averaged);
    line.style = side;
    line.name = std::string(side == 0 ? "A" : "B") + "  " + comparison.runs[side].title;
    lines.push_back(std::move(line));
  }
  return lines;
}

RunComparison::RunComparison(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  connect(&lab, &LabModel::opened, this, &RunComparison::clear);
}

void RunComparison::clear() {
  cancel();
  result_.reset();
  problem_.clear();
  Q_EMIT changed();
}

void RunComparison::cancel() {
  lab_.index().lane().cancel(index_ticket_);
  lab_.files().cancel(folder_ticket_);
  busy_ = false;
}

void RunComparison::compare(const QString& a, const QString& b) {
  cancel();
  if (!lab_.is_open()) return;
  const std::array<std::string, 2> asked = {to_std(a.trimmed()), to_std(b.trimmed())};
  if (asked[0].empty() || asked[1].empty()) return clear();
  busy_ = true;
  Q_EMIT changed();
  lab_.index().ask(
      index_ticket_,
      [asked](const db::Store& store, const Lane::Cancelled&) {
        return Found{stored(store, asked[0]), stored(store, asked[1])};
      },
      [this, asked](const Found& found) {
        found[0] && found[1] ? take(found) : read_folders(asked, found);
      },
      [this](const QString& text) { fail(text); });
}

// A run that the index does not have yet is read from its folder.
void RunComparison::read_folders(const std::array<std::string, 2>& asked, const Found& found) {
  lab_.files().ask(
      folder_ticket_,
      [asked, found, lab = lab_.folder()](const Lane::Cancelled&) {
        Found all = found;
        for (const size_t side : {size_t{0}, size_t{1}}) {
          if (!all[side]) all[side] = lab::read_run(run::find_run(lab, asked[side]));
        }
        return all;
      },
      [this](const Found& all) { take(all); }, [this](const QString& text) { fail(text); });
}

void RunComparison::take(const Found& found) {
  busy_ = false;
  problem_.clear();
  result_ = std::make_shared<Comparison>(compare_runs(*found[0], *found[1]));
  lab_.messages().resolve("compare");
  Q_EMIT changed();
}

void RunComparison::fail(const QString& text) {
  busy_ = false;
  result_.reset();
  problem_ = text;
  lab_.messages().error("compare", text);
  Q_EMIT changed();
}

}  // namespace lea::gui
