#include "core/report/matrix_read.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_map>

#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/report/labels.h"
#include "core/report/repeats.h"
#include "core/run/counting.h"
#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

constexpr const char* kExperimentAxis = "experiment";
constexpr const char* kNoLabel = "-";

std::map<std::string, std::string> labels_in(std::string_view text) {
  std::map<std::string, std::string> labels;
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return labels;
  for (const auto& [axis, label] : document.items()) {
    if (label.is_string()) labels[axis] = label.get_ref<const std::string&>();
  }
  return labels;
}

// A planned run, or one that exists, before it is known which counts.
struct Draft {
  uint32_t setting = 0, split = 0;
  int64_t seed = 0;
  bool planned_only = false;
  run::State state = run::State::kQueued;
  std::string uuid = {}, created = {};
};

class Reader {
 public:
  Reader(const db::Store& store, const std::string& experiment,
         const std::function<bool()>& cancelled)
      : store_(store), cancelled_(cancelled) {
    source_.experiment = experiment;
  }

  MatrixSource read() {
    if (!source_.experiment.empty()) read_plan();
    read_runs();
    sort_labels();
    choose_runs();
    choose_columns();
    return std::move(source_);
  }

 private:
  // What a text of labels means: many runs share each.
  struct Meaning {
    uint32_t setting = 0, split = 0;
  };
  struct Planned {
    std::string hash;
    int64_t seed = 0;
    Meaning meaning;
  };

  void read_plan() {
    std::vector<std::string> axes;
    if (const auto plan = store_.plan_axes(source_.experiment)) axes = *plan;
    const bool on_split = std::find(axes.begin(), axes.end(), spec::kSplitSeed) != axes.end();
    repeats_.own_seeds = std::find(axes.begin(), axes.end(), kSeedAxis) != axes.end();
    repeats_.over_splits = source_.over_splits = on_split;
    for (const std::string& axis : axes) add_axis(axis);
    store_.visit_plan(source_.experiment, [&](const db::Store::BriefPlan& run) {
      planned_.push_back(
          {std::string(run.hash), run.seed, meaning_of_labels(run.labels, "", run.seed == 0)});
      return !cancelled_();
    });
    by_hash_.reserve(planned_.size());
    for (size_t i = 0; i < planned_.size(); ++i) by_hash_.emplace(planned_[i].hash, i);
    for (const Planned& run : planned_)
      drafts_.push_back({run.meaning.setting, run.meaning.split, run.seed, true});
  }

  void read_runs() {
    const bool all = source_.experiment.empty(), has_plan = !planned_.empty();
    store_.visit_brief([&](const db::Store::BriefRun& run) {
      Meaning meaning;
      if (all) {
        meaning = meaning_of_labels(run.labels, run.experiment, run.seed == 0);
      } else if (const auto* planned = plan_of(run)) {
        meaning = planned->meaning;
      } else if (run.experiment == source_.experiment && (!has_plan || run.source == "imported")) {
        meaning = meaning_of_labels(run.labels, "", run.seed == 0 && run.source == "lealab");
      } else {
        return !cancelled_();
      }
      drafts_.push_back({meaning.setting, meaning.split, run.seed, false,
                         run::state_from(std::string(run.state)).value_or(run::State::kFailed),
                         std::string(run.uuid), std::string(run.created)});
      return !cancelled_();
    });
  }

  const Planned* plan_of(const db::Store::BriefRun& run) const {
    const auto [from, to] = by_hash_.equal_range(run.hash);
    for (auto at = from; at != to; ++at) {
      if (planned_[at->second].seed == run.seed) return &planned_[at->second];
    }
    return nullptr;
  }

  size_t add_axis(const std::string& name) {
    if (repeats_.covers(name)) return source_.settings_axes.size();
    for (size_t a = 0; a < source_.settings_axes.size(); ++a) {
      if (source_.settings_axes[a].name == name) return a;
    }
    source_.settings_axes.push_back({name, {}});
    settings_.clear();
    for (uint32_t i = 0; i < source_.settings.size(); ++i) {
      MatrixSource::Setting& setting = source_.settings[i];
      setting.labels.push_back(label(source_.settings_axes.size() - 1, kNoLabel));
      settings_.emplace(std::pair(setting.labels, setting.untrained), i);
    }
    return source_.settings_axes.size() - 1;
  }

  uint32_t label(size_t axis, const std::string& text) {
    if (labels_.size() <= axis) labels_.resize(axis + 1);
    const auto [at, fresh] =
        labels_[axis].emplace(text, static_cast<uint32_t>(labels_[axis].size()));
    if (fresh) source_.settings_axes[axis].labels.push_back(text);
    return at->second;
  }

  Meaning meaning_of_labels(std::string_view text, std::string_view experiment, bool untrained) {
    key_.assign(text);
    key_ += untrained ? '0' : '1';
    key_ += experiment;
    const auto known = meanings_.find(key_);
    if (known != meanings_.end()) return known->second;
    std::map<std::string, std::string> labels = labels_in(text);
    if (source_.experiment.empty()) labels[kExperimentAxis] = std::string(experiment);
    Meaning meaning;
    if (const auto split = labels.find(spec::kSplitSeed);
        repeats_.over_splits && split != labels.end())
      meaning.split = MatrixSource::index_of(split->second, &source_.split);
    meaning.setting = setting_of(labels, untrained);
    meanings_.emplace(key_, meaning);
    return meaning;
  }

  uint32_t setting_of(const std::map<std::string, std::string>& labels, bool untrained) {
    for (const auto& [axis, text] : labels) add_axis(axis);
    MatrixSource::Setting setting;
    setting.untrained = untrained;
    std::string group;
    for (size_t a = 0; a < source_.settings_axes.size(); ++a) {
      const std::string& axis = source_.settings_axes[a].name;
      const auto found = labels.find(axis);
      const std::string text =
          found == labels.end() || found->second.empty() ? kNoLabel : found->second;
      setting.labels.push_back(label(a, text));
      if (axis == "data.name" || axis == kExperimentAxis || axis.starts_with("split."))
        group += "|" + text;
      if (text != kNoLabel && text != "none" && axis != kExperimentAxis)
        setting.name += (setting.name.empty() ? "" : " ") + text;
    }
    setting.group = groups_.emplace(group, static_cast<uint32_t>(groups_.size())).first->second;
    const auto [at, fresh] = settings_.emplace(std::pair(setting.labels, untrained),
                                               static_cast<uint32_t>(source_.settings.size()));
    if (fresh) source_.settings.push_back(std::move(setting));
    return at->second;
  }

  // Labels of a plan are in its order, with what is none first. Those of all runs have no order.
  void sort_labels() {
    for (size_t a = 0; a < source_.settings_axes.size(); ++a) {
      std::vector<std::string>& labels = source_.settings_axes[a].labels;
      std::vector<uint32_t> order(labels.size()), places(labels.size());
      for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
      const bool planned = !planned_.empty();
      std::stable_sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
        const auto none = [&](uint32_t i) { return labels[i] == kNoLabel || labels[i] == "none"; };
        if (planned || none(x) != none(y)) return none(x) && !none(y);
        return natural_less(labels[x], labels[y]);
      });
      std::vector<std::string> sorted;
      for (uint32_t i = 0; i < order.size(); ++i) {
        places[order[i]] = i;
        sorted.push_back(labels[order[i]]);
      }
      labels = std::move(sorted);
      for (MatrixSource::Setting& setting : source_.settings)
        setting.labels[a] = places[setting.labels[a]];
    }
  }

  void choose_runs() {
    std::set<int64_t> seeds;
    for (const Draft& draft : drafts_) seeds.insert(draft.seed);
    std::unordered_map<int64_t, uint32_t> seed_labels;
    for (const int64_t seed : seeds)
      seed_labels[seed] =
          MatrixSource::index_of(seed == 0 ? kNoLabel : std::to_string(seed), &source_.seed);
    const auto key = [](const Draft& draft) {
      return std::tie(draft.setting, draft.split, draft.seed, draft.planned_only);
    };
    std::sort(drafts_.begin(), drafts_.end(),
              [&](const Draft& a, const Draft& b) { return key(a) < key(b); });
    source_.runs.reserve(drafts_.size());
    for (size_t from = 0; from < drafts_.size();) {
      size_t to = from + 1;
      while (to < drafts_.size() && drafts_[to].setting == drafts_[from].setting &&
             drafts_[to].split == drafts_[from].split && drafts_[to].seed == drafts_[from].seed)
        ++to;
      add_run(counting_of(from, to), seed_labels.at(drafts_[from].seed));
      from = to;
    }
    drafts_.clear();
  }

  // The draft that counts of those of one repetition. What is only planned comes last.
  Draft& counting_of(size_t from, size_t to) {
    std::vector<run::Candidate> candidates;
    if (to - from == 1 || drafts_[from + 1].planned_only) return drafts_[from];
    for (size_t i = from; i < to && !drafts_[i].planned_only; ++i)
      candidates.push_back({drafts_[i].uuid, drafts_[i].created, drafts_[i].state});
    return drafts_[from + run::counting(candidates)];
  }

  static Standing standing_of(const Draft& draft) {
    if (draft.planned_only) return Standing::kMissing;
    switch (draft.state) {
      case run::State::kFinished:
        return Standing::kFinished;
      case run::State::kRunning:
        return Standing::kRunning;
      case run::State::kInterrupted:
        return Standing::kInterrupted;
      case run::State::kQueued:
        return Standing::kQueued;
      case run::State::kCancelled:
        return Standing::kCancelled;
      case run::State::kFailed:
        break;
    }
    return Standing::kFailed;
  }

  void add_run(Draft& draft, uint32_t seed_label) {
    MatrixSource::Run run;
    run.setting = draft.setting;
    run.split = draft.split;
    run.seed = seed_label;
    // The number of a split is its label's index, which tells splits apart as well.
    run.repetition = {source_.over_splits ? int64_t{draft.split} : kOneSplit, draft.seed};
    run.standing = standing_of(draft);
    run.uuid = std::move(draft.uuid);
    source_.runs.push_back(std::move(run));
  }

  // Those of some finished runs: the cuts of an experiment hardly differ.
  void choose_columns() {
    constexpr size_t kSamples = 20;
    std::vector<Column> columns;
    size_t samples = 0;
    std::vector<const MatrixSource::Run*> finished;
    for (const MatrixSource::Run& run : source_.runs) {
      if (run.standing == Standing::kFinished) finished.push_back(&run);
    }
    const size_t step = std::max<size_t>(finished.size() / kSamples, 1);
    std::set<std::tuple<bool, int64_t, bool, std::string>> found;  // in the order of a table
    for (size_t i = 0; i < finished.size() && samples < kSamples; i += step, ++samples) {
      for (const db::ResultRow& result : store_.results_of(finished[i]->uuid))
        found.emplace(result.part == "valid", result.k, result.metric == "ndcg", result.metric);
    }
    for (const auto& [valid, k, ndcg, metric] : found) {
      const std::string name = metric + "@" + std::to_string(k);
      columns.push_back({name, valid ? "valid" : "test", metric_title(name)});
    }
    source_.set_columns(columns);
    source_.read.assign(columns.size(), false);
    source_.values.assign(columns.size() * source_.runs.size(),
                          std::numeric_limits<double>::quiet_NaN());
  }

  const db::Store& store_;
  const std::function<bool()>& cancelled_;
  MatrixSource source_;
  Repeats repeats_;
  std::vector<Planned> planned_;
  std::unordered_multimap<std::string_view, size_t> by_hash_;  // texts of planned_
  std::vector<Draft> drafts_;
  std::string key_;
  std::unordered_map<std::string, Meaning> meanings_;
  std::vector<std::unordered_map<std::string, uint32_t>> labels_;  // by axis
  std::map<std::pair<std::vector<uint32_t>, bool>, uint32_t> settings_;
  std::map<std::string, uint32_t> groups_;
};

}  // namespace

MatrixSource brief_source(const db::Store& store, const std::string& experiment,
                          const std::function<bool()>& cancelled) {
  return Reader(store, experiment, cancelled).read();
}

MatrixView brief_view(const MatrixSource& source) {
  MatrixView view;
  for (const MatrixSource::Axis& axis : source.settings_axes) {
    if (axis.labels.size() > 1) view.rows.push_back(axis.name);
  }
  return fitted(view, source);
}

bool read_values(const db::Store& store, const MatrixView& view,
                 const std::function<bool()>& cancelled, MatrixSource* source) {
  std::unordered_map<std::string_view, size_t> by_uuid;
  bool any = false;
  for (const size_t c : columns_of(*source, view)) {
    if (source->read[c]) continue;
    if (by_uuid.empty()) {
      by_uuid.reserve(source->runs.size());
      for (size_t r = 0; r < source->runs.size(); ++r) {
        if (source->runs[r].standing == Standing::kFinished)
          by_uuid.emplace(source->runs[r].uuid, r);
      }
    }
    const auto [metric, k] = eval::parse_metric(source->columns[c].metric);
    store.visit_metric(metric, source->columns[c].part, k,
                       [&](std::string_view uuid, double value) {
                         const auto run = by_uuid.find(uuid);
                         if (run != by_uuid.end())
                           source->values[run->second * source->columns.size() + c] = value;
                         return !cancelled();
                       });
    source->read[c] = any = true;
  }
  return any;
}

std::vector<std::string> brief_notes(const MatrixSource& source) {
  std::array<int64_t, kStandings> counts{};
  for (const MatrixSource::Run& run : source.runs) ++counts[static_cast<size_t>(run.standing)];
  std::vector<std::string> parts;
  for (size_t s = 0; s < kStandings; ++s) {
    if (counts[s] > 0)
      parts.push_back(grouped(counts[s]) + " " + to_string(static_cast<Standing>(s)));
  }
  std::vector<std::string> notes = {"Runs: " + joined(parts) + "."};
  notes.push_back(source.experiment.empty()
                      ? "All runs of the lab: marks compare only rows of one experiment. Whether "
                        "data, split and "
                        "protocol are the same is not looked at."
                      : "A large experiment: data sets, splits, stale runs, ties and the "
                        "training-free floor are "
                        "not looked at. `lealab table " +
                            printable(source.experiment) + "` looks at all of it.");
  return notes;
}

}  // namespace lea::report
