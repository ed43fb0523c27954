// The sections and slots of a cell, and what must hold between them.
#include <algorithm>
#include <cmath>

#include "core/base/device_name.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/asked.h"
#include "core/spec/resolver.h"
#include "core/spec/section_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;

const std::vector<Entry>& entries_of(const Settings& settings, const std::string& section) {
  static const std::vector<Entry> none;
  const auto found = settings.sections.find(section);
  return found == settings.sections.end() ? none : found->second;
}

// Null when none of the entries states `name`.
const Entry* entry_in(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == name; });
  return found == entries.end() ? nullptr : &*found;
}

bool states(const Settings& settings, const std::string& section, const std::string& name) {
  return entry_in(entries_of(settings, section), name) != nullptr;
}

// Whether the spec states what fills the slot. A key such as `reward.logged` alone states a parameter
// of what fills it by default.
bool is_stated(const Settings& settings, const std::string& slot) {
  const auto found = settings.slots.find(slot);
  return found != settings.slots.end() && found->second.at.source != nullptr;
}

bool same(const std::vector<Entry>& a, const std::vector<Entry>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Entry& x, const Entry& y) {
    return x.value == y.value && x.key == y.key;
  });
}

// Whether the text is hr@K, ndcg@K or mrr@K.
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
Section Resolver::section(Draft& draft, const std::string& name,
                          const std::vector<Entry>& entries) {
  auto& known = std::get<Known<Section>>(known_);
  if (known.section && same(known.stated, entries)) return *known.section;
  const json document =
      values(draft, infos_of<Section>(), entries, name, "`" + name + "`", root_, Files::kPath);
  ParamValues checked;
  for (const ParamInfo& info : infos_of<Section>()) {
    checked[info.name] = value_of(info, document[info.name]);
  }
  known = {entries, assign_params<Section>(checked)};
  return *known.section;
}

const Location& Resolver::place(const Draft& draft, const std::string& section,
                                const std::string& name) const {
  const std::vector<Entry>& entries = entries_of(draft.settings, section);
  if (const Entry* entry = entry_in(entries, name)) return entry->value->at;
  return entries.empty() ? root_ : entries.front().at;
}

Resolved Resolver::resolve(const Settings& settings) {
  Draft draft{settings, {}, {}};
  sections(draft);
  if (!has_slot(settings, "framework",
                "is required, for example `framework: snqn`, or a list of them under `grid`")) {
    return std::move(draft.out);
  }
  const UseSetting& framework = settings.slots.at("framework");
  const PluginInfo* info = plugin("framework", framework.name, framework.at, "framework");
  if (info) slots(draft, *info);
  return std::move(draft.out);
}

// Whether something fills the slot. If not, `why` is added to the errors, unless the slot states
// something that has been refused already.
bool Resolver::has_slot(const Settings& settings, const std::string& slot, const std::string& why) {
  const auto found = settings.slots.find(slot);
  if (found != settings.slots.end() && !found->second.none()) return true;
  const bool stated = is_stated(settings, slot);
  if (!stated || !found->second.wrong) errors_.add(stated ? found->second.at : root_, slot, why);
  return false;
}

void Resolver::sections(Draft& draft) {
  RunSpec& run = draft.out.run;
  const Settings& settings = draft.settings;
  run.data = section<DataSection>(draft, "data", entries_of(settings, "data"));
  run.split = section<SplitSection>(draft, "split", entries_of(settings, "split"));
  run.train = section<TrainSection>(draft, "train", entries_of(settings, "train"));
  run.negatives = section<NegativesSection>(draft, "negatives", entries_of(settings, "negatives"));
  run.evaluate = section<EvaluateSection>(draft, "evaluate", entries_of(settings, "evaluate"));
  split_file(draft);
  check_data(draft);
  check_split(draft);
  check_train(draft);
  check_evaluate(draft);
  // The order of the cuts changes no result, so it may not change a hash.
  std::sort(run.evaluate.k.begin(), run.evaluate.k.end());
}

void Resolver::slots(Draft& draft, const PluginInfo& framework) {
  RunSpec& run = draft.out.run;
  draft.out.reads.insert(framework.uses.begin(), framework.uses.end());
  const auto reads = [&](const char* what) { return draft.out.reads.contains(what); };
  run.framework = slot_use(draft, "framework");
  run.backbone = slot_use(draft, "backbone");
  run.reward = slot_use(draft, "reward");
  state_and_augment(draft);
  if (!reads("backbone")) run.backbone = {};
  if (!reads("reward")) run.reward = {};
  if (!reads("state")) run.state = {};
  if (!reads("augment")) run.augment = {};
  check_asked(draft);
  if (reads("reward") && run.reward.none()) default_reward(draft, framework);
  pool(draft);
  if (reads("backbone")) {
    has_slot(draft.settings, "backbone",
             "is required: " + framework.id + " needs one, for example `backbone: gru4rec`");
  }
  run.reads_train = reads("train");
  run.reads_negatives = reads("negatives");
  if (run.negatives.count < framework.min_negatives) {
    errors_.add(place(draft, "negatives", "count"), "negatives.count",
                "must be at least " + std::to_string(framework.min_negatives) + " for " +
                    framework.id + ", but is " + std::to_string(run.negatives.count));
  }
  if (!run.reads_train) {
    run.train = {};
    run.seed = 0;
  }
  if (!run.reads_negatives) run.negatives = {};
}

// A framework that learns from rewards gets the paper's predefined one when the spec states none.
void Resolver::default_reward(Draft& draft, const PluginInfo& framework) {
  if (is_stated(draft.settings, "reward")) {
    has_slot(draft.settings, "reward", framework.id + " learns from rewards; name an environment");
    return;
  }
  UseSetting predefined;
  const auto parameters = draft.settings.slots.find("reward");
  if (parameters != draft.settings.slots.end()) predefined.params = parameters->second.params;
  predefined.name = "predefined";
  predefined.at = draft.settings.slots.at("framework").at;
  draft.out.run.reward = environment(draft, predefined, "reward");
}

std::string Resolver::needs_pool(const PluginUse& reward) const {
  const PluginInfo* info = reward.none() ? nullptr : catalogue_.find("environment", reward.id);
  if (!info) return "";
  if (info->needs_pool) return info->id;
  for (const ParamInfo& param : info->params) {
    if (param.type != ParamType::kEnvironment || !reward.params.contains(param.name)) continue;
    const json& inner = reward.params[param.name];
    const std::string id = needs_pool({inner["id"], inner["params"]});
    if (!id.empty()) return id;
  }
  return "";
}

// The environment reads `negatives` even when the framework samples none: its rewards are made for
// the items of the pool.
void Resolver::pool(Draft& draft) {
  const std::string id = needs_pool(draft.out.run.reward);
  if (id.empty()) return;
  draft.out.reads.insert("negatives");
  if (draft.out.run.negatives.from == "pool") return;
  const bool from = states(draft.settings, "negatives", "from");
  const auto& slots = draft.settings.slots;
  const auto reward = slots.contains("reward") ? slots.find("reward") : slots.find("framework");
  errors_.add(from ? place(draft, "negatives", "from") : reward->second.at, "negatives.from",
              "must be `pool`, because the rewards of " + id +
                  " are looked up and it has none for other sampled items; state `negatives: "
                  "{from: pool, pool: P}`");
}

void Resolver::state_and_augment(Draft& draft) {
  RunSpec& run = draft.out.run;
  run.state = slot_use(draft, "state");
  run.augment = slot_use(draft, "augment");
  const auto fields = [&](const std::string& slot) {
    const auto found = draft.settings.slots.find(slot);
    return found == draft.settings.slots.end() ? std::vector<Entry>() : found->second.fields;
  };
  run.state_use = section<StateSection>(draft, "state", fields("state"));
  run.augment_use = section<AugmentSection>(draft, "augment", fields("augment"));
  if (run.state.none()) return;
  const PluginInfo* info = catalogue_.find("environment", run.state.id);
  if (info && !info->gives_state) {
    errors_.add(draft.settings.slots.at("state").at, "state",
                info->id + " gives rewards but no states");
  }
}

// Whether the environment in the augmenter's `of` can answer what the augmenter asks.
void Resolver::check_asked(const Draft& draft) {
  const RunSpec& run = draft.out.run;
  const PluginInfo* augmenter =
      run.augment.none() ? nullptr : catalogue_.find("augmenter", run.augment.id);
  if (!augmenter || augmenter->asks.empty() || !run.augment.params.contains("of")) return;
  const auto of = environment_in(run.augment.params["of"]);
  const PluginInfo* environment = of ? catalogue_.find("environment", of->id) : nullptr;
  if (!environment) return;  // it has been refused
  const UseSetting& setting = draft.settings.slots.at("augment");
  for (const Asked& asked : asked_by(*augmenter, run.augment.params)) {
    const Entry* value = entry_in(setting.params, asked.parameter);
    if (value && value->value->text != asked.value) continue;  // what is stated has been refused
    const bool always = asked.parameter.empty();
    const std::string asks =
        always ? augmenter->id + " asks" : "`" + asked.parameter + ": " + asked.value + "` asks";
    const auto refuse = [&](const std::string& why, const std::string& what_to_name) {
      const Entry* entry = entry_in(setting.params, "of");
      errors_.add(entry ? entry->value->at : setting.at, "augment." + setting.name + ".of",
                  environment->id + " " + why + ", as " + asks + ": name " + what_to_name +
                      (always ? "" : ", or state another `" + asked.parameter + "`"));
    };
    if (!environment->chooses) {
      refuse("cannot choose from a list",
             "an environment that can, itself and not a wrapper around it (there are: " +
                 joined(choosers()) + ")");
    } else if (asked.function == kStateScores && !environment->gives_state) {
      refuse("gives no states", "an environment that does");
    } else if (asked.function == kListScores) {
      check_candidates(draft, asks, *environment, *of);
    }
  }
}

// Whether the environment reads lists as long as those of the run. `asks` says who asks it to.
void Resolver::check_candidates(const Draft& draft, const std::string& asks,
                                const PluginInfo& environment, const PluginUse& of) {
  const int64_t candidates = draft.out.run.augment_use.candidates;
  const auto longest = longest_list(environment, of.params);
  if (!longest || candidates <= *longest) return;
  const UseSetting& setting = draft.settings.slots.at("augment");
  const Entry* entry = entry_in(setting.fields, "candidates");
  errors_.add(entry ? entry->value->at : setting.at, "augment.candidates",
              "must be at most " + std::to_string(*longest) + ", but is " +
                  std::to_string(candidates) + ": " + asks + " " + environment.id +
                  " to read lists, and its `" + environment.list_words + "` has " +
                  counted(*longest, "word") +
                  ". Lower it, or state one word for each candidate, with | between them");
}

std::vector<std::string> Resolver::choosers() const {
  std::vector<std::string> ids;
  for (const PluginInfo& info : catalogue_.all()) {
    if (info.kind == "environment" && info.chooses) ids.push_back(info.id);
  }
  return ids;
}

// With `by: file` the content of the file decides the split. With another way to split, the path is
// not read, so it may not change a hash.
void Resolver::split_file(Draft& draft) {
  SplitSection& split = draft.out.run.split;
  if (split.by != "file") {
    split.path.clear();
    return;
  }
  const Location& at = place(draft, "split", "path");
  if (split.path.empty()) {
    errors_.add(at, "split.path", "is required by `by: file`: a TSV of user_id and part");
    return;
  }
  draft.out.run.split_sha256 = file_sum(split.path, at, "split.path");
}

void Resolver::check_data(const Draft& draft) {
  const DataSection& data = draft.out.run.data;
  if (data.name.empty()) {
    errors_.add(place(draft, "data", "name"), "data.name",
                "is required: the name of a data set in the lab");
  } else if (!is_name(data.name)) {
    errors_.add(place(draft, "data", "name"), "data.name",
                std::string("must be ") + kNameRule + ", but is " + in_backticks(data.name));
  } else {
    check_one_content(draft);
  }
}

// A data set is imported once. So two cells may not state two ways to import it.
void Resolver::check_one_content(const Draft& draft) {
  const DataSection& data = draft.out.run.data;
  const DataSection& first = imports_.emplace(data.name, data).first->second;
  const auto same = [&](const char* key, const auto& here, const auto& there) {
    if (here == there) return;
    errors_.add(place(draft, "data", key), std::string("data.") + key,
                "differs among the cells that use the data set " + in_backticks(data.name) +
                    ", which is imported once; give each variant a data.name of its own");
  };
  same("path", data.path, first.path);
  same("format", data.format, first.format);
  same("min_sequence", data.min_sequence, first.min_sequence);
  same("min_item", data.min_item, first.min_item);
  same("filter", data.filter, first.filter);
}

void Resolver::check_split(const Draft& draft) {
  const SplitSection& split = draft.out.run.split;
  double sum = 0;
  for (const double ratio : split.ratios) sum += ratio;
  if (split.ratios.size() != 3 || std::fabs(sum - 1) > 1e-9 || split.ratios[0] <= 0) {
    errors_.add(place(draft, "split", "ratios"), "split.ratios",
                "must be three shares (train, valid, test) that add up to 1, the first above 0");
  }
  if (split.valid_from != 0 && split.test_from != 0 && split.valid_from > split.test_from) {
    errors_.add(place(draft, "split", "valid_from"), "split.valid_from",
                "must not be later than split.test_from");
  }
  // A resolved spec states both as 0, and then both follow from the ratios.
  const auto states_zero = [&](const char* key, double bound) {
    return bound == 0 && states(draft.settings, "split", key);
  };
  const bool valid = states_zero("valid_from", split.valid_from);
  const bool test = states_zero("test_from", split.test_from);
  if (split.by != "time" || valid == test) return;
  const std::string key = valid ? "valid_from" : "test_from";
  errors_.add(place(draft, "split", key), "split." + key,
              "is 0, which stands for a bound that follows from split.ratios; leave it out for "
              "that, or state -5e-324, the largest number below 0, to cut at the timestamp 0");
}

void Resolver::check_train(const Draft& draft) {
  const TrainSection& train = draft.out.run.train;
  if (!is_metric(train.stop_on)) {
    errors_.add(
        place(draft, "train", "stop_on"), "train.stop_on",
        "must be hr@K, ndcg@K or mrr@K, such as ndcg@20, but is " + in_backticks(train.stop_on));
  }
  if (!is_device_name(train.device)) {
    errors_.add(
        place(draft, "train", "device"), "train.device",
        "must be cpu, cuda or cuda:N, such as cuda:0, but is " + in_backticks(train.device));
  }
  const NegativesSection& negatives = draft.out.run.negatives;
  if (negatives.from == "pool" && !states(draft.settings, "negatives", "pool")) {
    errors_.add(place(draft, "negatives", "from"), "negatives.pool",
                "is required by `from: pool`: the number of items that are drawn once for each "
                "training event, for example `negatives: {from: pool, pool: 100}`");
  } else if (negatives.from == "pool" && negatives.pool < negatives.count) {
    errors_.add(place(draft, "negatives", "pool"), "negatives.pool",
                "must be at least negatives.count (" + std::to_string(negatives.count) +
                    "), but is " + std::to_string(negatives.pool));
  }
}

void Resolver::check_evaluate(const Draft& draft) {
  std::vector<int64_t> k = draft.out.run.evaluate.k;
  std::sort(k.begin(), k.end());
  if (k.empty() || std::adjacent_find(k.begin(), k.end()) != k.end()) {
    errors_.add(place(draft, "evaluate", "k"), "evaluate.k",
                "must be a list of different cuts, such as [5, 10, 20]");
  }
}

}  // namespace lea::spec
