#include "core/spec/experiment.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/base/cancel.h"
#include "core/base/device_name.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/grid.h"
#include "core/spec/keys.h"
#include "core/spec/layers.h"
#include "core/spec/param_json.h"
#include "core/spec/resolver.h"
#include "core/spec/section_json.h"
#include "core/spec/settings.h"

namespace lea::spec {
namespace {

// How many cells are still checked after the first error. Most cells have the same mistakes, and
// each is reported once.
constexpr size_t kCellsAfterError = 2000;

// In how many cells an environment that no slot names is checked, when axes set its parameters.
constexpr size_t kCellsOfUnused = 2000;

void refuse_unknown_and_empty(const Node& root, Errors& errors) {
  const std::vector<std::string> keys = names_of(top_keys());
  for (const Entry& entry : root.entries) {
    const bool known = std::find(keys.begin(), keys.end(), entry.key) != keys.end();
    if (!known) {
      errors.add(
          entry.at, entry.key,
          "unknown key" + did_you_mean(entry.key, keys) + " (a spec has: " + joined(keys) + ")");
    } else if (entry.value->is_null()) {
      errors.add(entry.at, entry.key, "has no value; state one or remove the line");
    }
  }
}

const ParamInfo& top_setting(const std::string& name) {
  const std::vector<ParamInfo>& infos = declared_settings("");
  return *std::find_if(infos.begin(), infos.end(),
                       [&](const ParamInfo& info) { return info.name == name; });
}

// A key without a value, and a misspelt `environments`, have been reported. Without this, each part
// that misses the value, or an environment, would report it again.
NodePtr without_reported(const NodePtr& root) {
  std::vector<Entry> entries = root->entries;
  std::erase_if(entries, [](const Entry& entry) { return entry.value->is_null(); });
  const std::string environments = "environments";
  const std::vector<std::string> known = names_of(top_keys());
  for (Entry& entry : entries) {
    const bool misspelt = std::find(known.begin(), known.end(), entry.key) == known.end() &&
                          nearest(entry.key, known) == environments;
    if (misspelt && !root->find(environments)) entry.key = environments;
  }
  return make_map(std::move(entries), root->at);
}

class Expansion {
 public:
  Expansion(const Layers& layers, const PluginCatalogue& catalogue, const std::string& models,
            Contents contents, Errors& errors)
      : root_(without_reported(layers.root)),
        layers_(layers),
        catalogue_(catalogue),
        errors_(errors),
        resolver_(catalogue, models, contents, root_->at, errors),
        defaults_(parse_settings(*root_, errors)),
        grid_(*root_, defaults_, resolver_, errors) {}

  Experiment expand(bool check_count) {
    read_name();
    read_seeds();
    read_prepare();
    for (const Axis& axis : grid_.axes()) experiment_.axes.push_back(axis.key);
    if (grid_.size(std::max<size_t>(seeds_.size(), 1)) > 0) {
      size_t after_error = 0;
      grid_.for_each([&](const Cell& cell) {
        if (errors_.empty() || after_error++ < kCellsAfterError) add_cell(cell);
      });
      if (errors_.empty() && experiment_.runs.empty()) {
        errors_.add(root_->at, "grid.exclude", "leaves no run");
      }
      check_unused_environments();
    }
    if (check_count && errors_.empty()) check_runs();
    experiment_.resolved = plain_json(*root_);
    return std::move(experiment_);
  }

 private:
  void read_name() {
    const Entry* name = root_->find("name");
    experiment_.name = name && name->value->is_scalar() ? name->value->text : layers_.stem;
    if (name && !name->value->is_scalar()) {
      errors_.add(name->value->at, "name", "must be text");
    } else if (!is_name(experiment_.name)) {
      errors_.add(
          name ? name->value->at : root_->at, "name",
          std::string("must be ") + kNameRule + ", but is " + in_backticks(experiment_.name));
    }
  }

  void read_seeds() {
    const Entry* seeds = root_->find("seeds");
    const auto axis = std::find_if(grid_.axes().begin(), grid_.axes().end(),
                                   [](const Axis& one) { return one.is_seed; });
    if (axis != grid_.axes().end()) {
      seed_axis_ = static_cast<size_t>(axis - grid_.axes().begin());
      if (!seeds) return;
      errors_.add(seeds->at, "seeds",
                  "is stated, and `seed` in a `zip` is an axis of seeds; remove one of the two");
      return;
    }
    const ParamInfo& info = top_setting("seeds");
    if (!seeds) {
      if (!layers_.root->find("seeds")) {
        errors_.add(root_->at, "seeds", "is required, for example `seeds: [1, 2, 3]`");
      }
      return;
    }
    const nlohmann::json values = scalar_value(info, *seeds->value, "seeds", errors_);
    if (values.is_null()) return;
    seeds_ = std::get<std::vector<int64_t>>(value_of(info, values));
    std::vector<int64_t> sorted = seeds_;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty() || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      errors_.add(seeds->value->at, "seeds",
                  "must be a list of different seeds, such as [1, 2, 3]");
    }
  }

  void read_prepare() {
    const Entry* prepare = root_->find("prepare");
    if (!prepare) return;
    if (!prepare->value->is_map()) {
      errors_.add(prepare->value->at, "prepare", "must be a map, such as {threads: 2}");
      return;
    }
    const std::vector<ParamInfo>& infos = declared_settings("prepare");
    nlohmann::json values = nlohmann::json::object();
    for (const Entry& entry : prepare->value->entries) {
      const std::string key = "prepare." + entry.key;
      const auto info = std::find_if(infos.begin(), infos.end(),
                                     [&](const ParamInfo& i) { return i.name == entry.key; });
      if (info == infos.end()) {
        errors_.add(entry.at, key,
                    "unknown key" + did_you_mean(entry.key, names_of(infos)) +
                        " (`prepare` has: " + joined(names_of(infos)) + ")");
        continue;
      }
      const nlohmann::json value = scalar_value(*info, *entry.value, key, errors_);
      if (!value.is_null()) values[entry.key] = value;
    }
    if (!errors_.empty()) return;
    experiment_.prepare = section_from_json<PrepareSection>(values, "prepare");
    if (is_device_name(experiment_.prepare.device)) return;
    errors_.add(prepare->at, "prepare.device",
                "must be cpu, cuda or cuda:N, such as cuda:0, but is " +
                    in_backticks(experiment_.prepare.device));
  }

  void add_cell(const Cell& cell) {
    stop_if_cancelled();
    const Settings settings = grid_.settings(cell);
    const Resolved resolved = resolver_.resolve(settings);
    for (const auto& [name, use] : resolved.used_environments) used_environments_.insert(name);
    check_split_seed(cell, resolved);
    const std::vector<int64_t> of_cell = seeds_of(cell);
    if (!errors_.empty() || of_cell.empty()) return;
    const auto labels = labels_of(cell, settings, resolved);
    const std::vector<int64_t> seeds =
        resolved.run.reads_train ? of_cell : std::vector<int64_t>{resolved.run.seed};
    const std::vector<std::string> hashes = run_hashes(resolved.run, seeds);
    for (size_t i = 0; i < seeds.size(); ++i) {
      PlannedRun planned{resolved.run, hashes[i], labels, cells_};
      planned.run.seed = seeds[i];
      if (is_new(planned, cell)) experiment_.runs.push_back(std::move(planned));
    }
    ++cells_;
  }

  std::vector<int64_t> seeds_of(const Cell& cell) {
    if (!seed_axis_) return seeds_;
    const Axis& axis = grid_.axes()[*seed_axis_];
    const int index = cell[*seed_axis_];
    if (index >= 0) return {axis.values[static_cast<size_t>(index)].seed};
    errors_.add(axis.at, "grid.include", "must name `seed` in each cell, because it is an axis");
    return {};
  }

  // Only a split by sequence is drawn with a seed. With another, the seeds of an axis would repeat
  // one split under several hashes, and a table would take them for independent splits.
  void check_split_seed(const Cell& cell, const Resolved& resolved) {
    for (size_t i = 0; i < cell.size(); ++i) {
      const Axis& axis = grid_.axes()[i];
      if (axis.key != kSplitSeed || cell[i] < 0 || resolved.run.split.by == "sequence") continue;
      errors_.add(axis.at, "grid." + axis.key,
                  "is an axis, but `split.by: " + resolved.run.split.by +
                      "` splits without a seed; write `split: {by: sequence}`, or remove the axis");
    }
  }

  // An environment that no slot names is checked like those that runs use: a misspelt plugin would
  // otherwise show only when the environment is used. The values of axes on it are checked, too.
  void check_unused_environments() {
    const auto of_environment = [](const auto& keyed) {
      return keyed.key.starts_with("environments.");
    };
    const bool on_axis =
        std::any_of(grid_.axes().begin(), grid_.axes().end(), [&](const Axis& axis) {
          return of_environment(axis) ||
                 std::any_of(axis.values.begin(), axis.values.end(), [&](const AxisValue& value) {
                   return std::any_of(value.bundle.begin(), value.bundle.end(), of_environment);
                 });
        });
    std::set<std::string> unused;
    for (const auto& [name, use] : defaults_.environments) {
      if (!used_environments_.contains(name)) unused.insert(name);
    }
    size_t cells = 0;
    grid_.for_each([&](const Cell& cell) {
      if (unused.empty() || cells >= (on_axis ? kCellsOfUnused : 1)) return;
      ++cells;
      const Settings settings = grid_.settings(cell);
      for (const std::string& name : unused) resolver_.check_environment(settings, name);
    });
  }

  // The label of the cell on each axis. It is "none" on an axis that the run does not read.
  std::map<std::string, std::string> labels_of(const Cell& cell, const Settings& settings,
                                               const Resolved& resolved) const {
    std::map<std::string, std::string> labels;
    for (size_t i = 0; i < cell.size(); ++i) {
      const Axis& axis = grid_.axes()[i];
      if (!reads_axis(axis, settings, resolved)) {
        labels[axis.key] = "none";
      } else if (cell[i] >= 0) {
        labels[axis.key] = axis.values[static_cast<size_t>(cell[i])].label;
      } else {
        labels[axis.key] = default_label(axis.key, settings, resolved, catalogue_);
      }
    }
    return labels;
  }

  // A run reads the axis of bundles when it reads something that one of them sets. An axis on which
  // no bundle sets anything is read, so that its bundles are told apart and not merged.
  static bool reads_axis(const Axis& axis, const Settings& settings, const Resolved& resolved) {
    if (!axis.is_bundle) return reads(canonical_key(settings, axis.key), resolved);
    bool sets_something = false;
    for (const AxisValue& value : axis.values) {
      for (const Entry& entry : value.bundle) {
        if (reads(canonical_key(settings, entry.key), resolved)) return true;
        sets_something = true;
      }
    }
    return !sets_something;
  }

  static bool reads(const std::string& key, const Resolved& resolved) {
    const std::string head = key.substr(0, key.find('.'));
    if (key == kRunSeed) return resolved.reads.contains("train");
    if (head == "environments") {
      const std::string rest = key.substr(head.size() + 1);
      return resolved.used_environments.contains(rest.substr(0, rest.find('.')));
    }
    if (head == "framework" || (is_section(head) && head != "train" && head != "negatives")) {
      return true;
    }
    return resolved.reads.contains(head);
  }

  // Whether no other run has this hash. Two cells may give the same run because they differ only on
  // axes that the run does not read. If they differ on another axis, that is a mistake of the spec.
  bool is_new(const PlannedRun& planned, const Cell& cell) {
    const auto [first, added] = first_.emplace(planned.hash, experiment_.runs.size());
    if (added) return true;
    const auto& other = experiment_.runs[first->second].labels;
    for (size_t i = 0; i < cell.size(); ++i) {
      const Axis& axis = grid_.axes()[i];
      const std::string &here = planned.labels.at(axis.key), &there = other.at(axis.key);
      if (here == there || cell[i] < 0) continue;
      errors_.add(
          axis.values[static_cast<size_t>(cell[i])].node->at, "grid." + axis.key,
          in_backticks(here) + " gives the same runs as " + in_backticks(there) + "; remove one");
    }
    return false;
  }

  // A spec that was cut off is often a smaller valid spec. The stated number of runs reveals it.
  void check_runs() {
    const Entry* runs = root_->find("runs");
    if (!runs || runs->value->at.source != layers_.spec) return;
    const ParamInfo& info = top_setting("runs");
    const nlohmann::json value = scalar_value(info, *runs->value, "runs", errors_);
    if (value.is_null() || value == experiment_.runs.size()) return;
    errors_.add(runs->value->at, "runs",
                "is " + value.dump() + ", but the grid has " +
                    counted(std::ssize(experiment_.runs), "run") + "; correct one of them");
  }

  NodePtr root_;
  const Layers& layers_;
  const PluginCatalogue& catalogue_;
  Errors& errors_;
  Resolver resolver_;
  Settings defaults_;
  Grid grid_;
  std::vector<int64_t> seeds_;       // without an axis of seeds
  std::optional<size_t> seed_axis_;  // its index
  Experiment experiment_;
  std::set<std::string> used_environments_;        // declared names that some cell has resolved
  std::unordered_map<std::string, size_t> first_;  // index of the run that has this hash
  size_t cells_ = 0;                               // that have been added
};

// Adds all that is wrong to the errors. The result may be used only if there is nothing.
Experiment read_experiment(const std::string& path, const std::vector<std::string>& overrides,
                           const Buffers& buffers, const PluginCatalogue& catalogue,
                           const std::string& models, Contents contents, Errors& errors) {
  const Layers layers = load_layers(path, overrides, buffers, errors);
  if (!layers.root) return {};
  refuse_unknown_and_empty(*layers.root, errors);
  Expansion expansion(layers, catalogue, models, contents, errors);
  Experiment experiment = expansion.expand(overrides.empty());
  experiment.path = path;
  return experiment;
}

}  // namespace

Experiment load_experiment(const std::string& path, const std::vector<std::string>& overrides,
                           const PluginCatalogue& catalogue, const std::string& models,
                           const Buffers& buffers) {
  Errors errors;
  Experiment experiment =
      read_experiment(path, overrides, buffers, catalogue, models, Contents::kSummed, errors);
  errors.throw_if_any();
  return experiment;
}

std::vector<Diagnostic> check_spec(const std::string& path, const Buffers& buffers,
                                   const PluginCatalogue& catalogue, const std::string& models) {
  Errors errors;
  read_experiment(path, {}, buffers, catalogue, models, Contents::kFound, errors);
  return errors.sorted();
}

}  // namespace lea::spec
