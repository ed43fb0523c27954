// The sections and slots of a cell, and what must hold between them.
#include <algorithm>
#include <cmath>

#include "core/base/device_name.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"
#include "core/spec/resolver.h"

namespace lea::spec {
namespace {

using nlohmann::json;

// Declarations are the same for every cell; a grid has many.
template <class Section>
const std::vector<ParamInfo>& infos_of() {
  static const std::vector<ParamInfo> infos = describe_params<Section>();
  return infos;
}

const std::vector<Entry>& entries_of(const Settings& settings, const std::string& section) {
  static const std::vector<Entry> none;
  const auto found = settings.sections.find(section);
  return found == settings.sections.end() ? none : found->second;
}

// hr@K, ndcg@K or mrr@K
bool is_metric(const std::string& text) {
  const size_t at = text.find('@');
  if (at == std::string::npos) return false;
  const std::string name = text.substr(0, at);
  int64_t k = 0;
  return (name == "hr" || name == "ndcg" || name == "mrr") &&
         parse_integer(text.substr(at + 1), &k).empty() && k >= 1 && k <= 1000000;
}

}  // namespace

template <class Section>
Section Resolver::section(Cell& cell, const std::string& name, const std::vector<Entry>& entries) {
  const json document =
      values(cell, infos_of<Section>(), entries, name, "`" + name + "`", root_, Files::kPath);
  ParamValues checked;
  for (const ParamInfo& info : infos_of<Section>()) {
    checked[info.name] = value_of(info, document[info.name]);
  }
  return assign_params<Section>(checked);
}

const Location& Resolver::place(const Cell& cell, const std::string& section,
                                const std::string& name) const {
  const std::vector<Entry>& entries = entries_of(cell.settings, section);
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == name; });
  if (found != entries.end()) return found->value->at;
  return entries.empty() ? root_ : entries.front().at;
}

Resolved Resolver::resolve(const Settings& settings) {
  Cell cell{settings, {}, {}};
  sections(cell);
  if (!has_slot(settings, "framework",
                "is required, for example `framework: snqn`, or a list of them under `grid`")) {
    return std::move(cell.out);
  }
  const UseSetting& framework = settings.slots.at("framework");
  const PluginInfo* info = plugin("framework", framework.name, framework.at, "framework");
  if (info) slots(cell, *info);
  return std::move(cell.out);
}

// False, with `why` in the errors, when the slot is empty; silently when what fills it has been
// refused.
bool Resolver::has_slot(const Settings& settings, const std::string& slot, const std::string& why) {
  const auto found = settings.slots.find(slot);
  const bool stated = found != settings.slots.end();
  if (stated && !found->second.none()) return true;
  if (!stated || !found->second.wrong) errors_.add(stated ? found->second.at : root_, slot, why);
  return false;
}

void Resolver::sections(Cell& cell) {
  RunSpec& run = cell.out.run;
  const Settings& settings = cell.settings;
  run.data = section<DataSection>(cell, "data", entries_of(settings, "data"));
  run.split = section<SplitSection>(cell, "split", entries_of(settings, "split"));
  run.train = section<TrainSection>(cell, "train", entries_of(settings, "train"));
  run.negatives = section<NegativesSection>(cell, "negatives", entries_of(settings, "negatives"));
  run.evaluate = section<EvaluateSection>(cell, "evaluate", entries_of(settings, "evaluate"));
  split_file(cell);
  check_data(cell);
  check_split(cell);
  check_train(cell);
  check_evaluate(cell);
  // The order of the cuts changes no result, so it must not change a hash.
  std::sort(run.evaluate.k.begin(), run.evaluate.k.end());
}

void Resolver::slots(Cell& cell, const PluginInfo& framework) {
  RunSpec& run = cell.out.run;
  cell.out.reads.insert(framework.uses.begin(), framework.uses.end());
  const auto reads = [&](const char* what) { return cell.out.reads.contains(what); };
  run.framework = slot_use(cell, "framework");
  run.backbone = slot_use(cell, "backbone");
  run.reward = slot_use(cell, "reward");
  state_and_augment(cell);
  if (!reads("backbone")) run.backbone = {};
  if (!reads("reward")) run.reward = {};
  if (!reads("state")) run.state = {};
  if (!reads("augment")) run.augment = {};
  if (reads("reward") && run.reward.none()) default_reward(cell, framework);
  if (reads("backbone")) {
    has_slot(cell.settings, "backbone",
             "is required: " + framework.id + " needs one, for example `backbone: gru4rec`");
  }
  run.reads_train = reads("train");
  run.reads_negatives = reads("negatives");
  if (run.negatives.count < framework.min_negatives) {
    errors_.add(place(cell, "negatives", "count"), "negatives.count",
                "must be at least " + std::to_string(framework.min_negatives) + " for " +
                    framework.id + ", but is " + std::to_string(run.negatives.count));
  }
  if (!run.reads_train) {
    run.train = {};
    run.seed = 0;
  }
  if (!run.reads_negatives) run.negatives = {};
}

// A framework that learns from rewards has the paper's one unless the spec says otherwise.
void Resolver::default_reward(Cell& cell, const PluginInfo& framework) {
  if (cell.settings.slots.contains("reward")) {
    has_slot(cell.settings, "reward", framework.id + " learns from rewards; name an environment");
    return;
  }
  UseSetting predefined;
  predefined.name = "predefined";
  predefined.at = cell.settings.slots.at("framework").at;
  cell.out.run.reward = environment(cell, predefined, "reward");
}

void Resolver::state_and_augment(Cell& cell) {
  RunSpec& run = cell.out.run;
  run.state = slot_use(cell, "state");
  run.augment = slot_use(cell, "augment");
  const auto fields = [&](const std::string& slot) {
    const auto found = cell.settings.slots.find(slot);
    return found == cell.settings.slots.end() ? std::vector<Entry>() : found->second.fields;
  };
  run.state_use = section<StateSection>(cell, "state", fields("state"));
  run.augment_use = section<AugmentSection>(cell, "augment", fields("augment"));
  if (run.state.none()) return;
  const PluginInfo* info = catalogue_.find("environment", run.state.id);
  if (info && !info->gives_state) {
    errors_.add(cell.settings.slots.at("state").at, "state",
                info->id + " gives rewards but no states");
  }
}

// A file decides the split by what it holds; with another way to split, `path` is not read.
void Resolver::split_file(Cell& cell) {
  SplitSection& split = cell.out.run.split;
  if (split.by != "file") {
    split.path.clear();
    return;
  }
  const Location& at = place(cell, "split", "path");
  if (split.path.empty()) {
    errors_.add(at, "split.path", "is required by `by: file`: a TSV of user_id and part");
    return;
  }
  cell.out.run.split_sha256 = file_sum(split.path, at, "split.path");
}

void Resolver::check_data(const Cell& cell) {
  const DataSection& data = cell.out.run.data;
  if (data.name.empty()) {
    errors_.add(place(cell, "data", "name"), "data.name",
                "is required: the name of a data set in the lab");
  } else if (!is_name(data.name)) {
    errors_.add(place(cell, "data", "name"), "data.name",
                std::string("must be ") + kNameRule + ", but is " + in_backticks(data.name));
  } else {
    check_one_content(cell);
  }
}

// A data set is imported once, so two cells cannot want it with two contents.
void Resolver::check_one_content(const Cell& cell) {
  const DataSection& data = cell.out.run.data;
  const DataSection& first = imports_.emplace(data.name, data).first->second;
  const auto same = [&](const char* key, const auto& here, const auto& there) {
    if (here == there) return;
    errors_.add(place(cell, "data", key), std::string("data.") + key,
                "differs among the cells that use the data set " + in_backticks(data.name) +
                    ", which is imported once; give each variant a data.name of its own");
  };
  same("path", data.path, first.path);
  same("format", data.format, first.format);
  same("min_sequence", data.min_sequence, first.min_sequence);
  same("min_item", data.min_item, first.min_item);
  same("filter", data.filter, first.filter);
}

void Resolver::check_split(const Cell& cell) {
  const SplitSection& split = cell.out.run.split;
  double sum = 0;
  for (const double ratio : split.ratios) sum += ratio;
  if (split.ratios.size() != 3 || std::fabs(sum - 1) > 1e-9 || split.ratios[0] <= 0) {
    errors_.add(place(cell, "split", "ratios"), "split.ratios",
                "must be three shares (train, valid, test) that add up to 1, the first above 0");
  }
  if (split.valid_from != 0 && split.test_from != 0 && split.valid_from > split.test_from) {
    errors_.add(place(cell, "split", "valid_from"), "split.valid_from",
                "must not be later than split.test_from");
  }
}

void Resolver::check_train(const Cell& cell) {
  const TrainSection& train = cell.out.run.train;
  if (!is_metric(train.stop_on)) {
    errors_.add(
        place(cell, "train", "stop_on"), "train.stop_on",
        "must be hr@K, ndcg@K or mrr@K, such as ndcg@20, but is " + in_backticks(train.stop_on));
  }
  if (!is_device_name(train.device)) {
    errors_.add(
        place(cell, "train", "device"), "train.device",
        "must be cpu, cuda or cuda:N, such as cuda:0, but is " + in_backticks(train.device));
  }
  const NegativesSection& negatives = cell.out.run.negatives;
  if (negatives.from == "pool" && negatives.pool < negatives.count) {
    errors_.add(place(cell, "negatives", "pool"), "negatives.pool",
                "must be at least negatives.count (" + std::to_string(negatives.count) +
                    "), but is " + std::to_string(negatives.pool));
  }
}

void Resolver::check_evaluate(const Cell& cell) {
  std::vector<int64_t> k = cell.out.run.evaluate.k;
  std::sort(k.begin(), k.end());
  if (k.empty() || std::adjacent_find(k.begin(), k.end()) != k.end()) {
    errors_.add(place(cell, "evaluate", "k"), "evaluate.k",
                "must be a list of different cuts, such as [5, 10, 20]");
  }
}

}  // namespace lea::spec
