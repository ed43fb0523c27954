#include "core/lab/artefact_plan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/read_sums.h"
#include "core/data/split.h"
#include "core/lab/experiment_data.h"
#include "core/run/state.h"
#include "core/spec/section_json.h"
#include "core/spec/wide_state.h"

namespace lea::lab {

spec::ArtefactsOf artefacts_in(const spec::PluginCatalogue& catalogue) {
  return [&catalogue](const std::string& kind, const std::string& id) {
    const spec::PluginInfo* info = catalogue.find(kind, id);
    return info ? info->artefacts : std::vector<Artefact>();
  };
}

namespace {

// The sums of the data that artefacts read. Runs with equal data, split, history and pool share them.
class Sums {
 public:
  explicit Sums(std::string lab) : lab_(std::move(lab)) {}

  // Null when the lab lacks the data set.
  const spec::ReadSums* of(const spec::RunSpec& run) {
    const std::string key = split_key(run) + "|" + std::to_string(run.data.history) + "|" +
                            spec::section_json(run.negatives).dump();
    const auto known = sums_.find(key);
    if (known != sums_.end()) return known->second.get();
    std::unique_ptr<spec::ReadSums>& sums = sums_[key];
    if (!data::describe_dataset(lab_, run.data.name)) return nullptr;
    const auto data = data::Dataset::open(data::dataset_folder(lab_, run.data.name));
    const auto parts = data::parts_of(data::sequences_in(*data), run.split);
    sums = std::make_unique<spec::ReadSums>(data::read_sums(*data, parts, run));
    return sums.get();
  }

 private:
  std::string lab_;
  std::map<std::string, std::unique_ptr<spec::ReadSums>> sums_;
};

// An artefact that reads what the run does not have could never be made.
void check_reads(const spec::NeededArtefact& needed, const spec::RunSpec& run,
                 const spec::ReadSums& sums) {
  for (const std::string& name : needed.artefact.reads) {
    if (!sums.at(name).empty()) continue;
    throw ConfigError(
        needed.use.id + " makes its " + needed.artefact.kind +
        (name == "pool"
             ? " for a pool of negatives, but the spec states none: set `negatives: {from: "
               "pool, pool: 100}`"
             : " from the " + name + " of the items, but the data set " + printable(run.data.name) +
                   " has none: put an items.tsv beside its interactions, and import it under "
                   "another "
                   "name"));
  }
}

// Only the sums of what it reads: no others decide its content.
spec::ReadSums sums_for(const spec::NeededArtefact& needed, const spec::ReadSums& sums) {
  spec::ReadSums own;
  for (const std::string& name : needed.artefact.reads) own[name] = sums.at(name);
  return own;
}

void look_at(const std::string& lab, PlannedArtefact* planned) {
  const run::Folder folder = run::artefact_folder(lab, planned->key);
  try {
    const auto result = run::artefact_result(folder);
    if (!result) {
      if (std::filesystem::exists(folder.path)) run::read_artefact(folder);
      planned->running = run::state_of(folder) == run::State::kRunning;
    } else if (result->state == run::State::kFinished) {
      planned->making = run::check_artefact(folder, /*sums=*/false)->making;
      planned->done = true;
    } else {
      planned->note = "failed before: " + result->reason;
      planned->judged = result->finished_at;
    }
  } catch (const Error& error) {
    // The grid reports it as the reason why the artefact cannot be used.
    planned->note = error.what();
  }
}

}  // namespace

ArtefactPlan plan_artefacts(const std::string& lab, const spec::Experiment& experiment,
                            const spec::PluginCatalogue& catalogue,
                            const std::vector<size_t>& runs) {
  ArtefactPlan plan;
  Sums sums(lab);
  const spec::ArtefactsOf artefacts_of = artefacts_in(catalogue);
  std::map<std::string, size_t> known;  // by key; by name and parameters without a key
  std::optional<size_t> cell;
  for (const size_t index : runs) {
    stop_if_cancelled();
    const spec::RunSpec& run = experiment.runs[index].run;
    if (cell == experiment.runs[index].cell) {
      plan.needs.push_back(plan.needs.back());
      plan.raw_states.push_back(plan.raw_states.back());
      for (const size_t artefact : plan.needs.back()) ++plan.artefacts[artefact].users;
      continue;
    }
    cell = experiment.runs[index].cell;
    const auto needed = spec::needed_artefacts(run, artefacts_of);
    std::vector<size_t> needs, raw_states;
    std::vector<std::string> keys;
    const bool joins_raw = !run.state.none() && spec::is_joined_raw(run.state_use);
    const spec::ReadSums* read = needed.empty() ? nullptr : sums.of(run);
    for (const spec::NeededArtefact& artefact : needed) {
      if (read) check_reads(artefact, run, *read);
      keys.push_back(
          read ? spec::artefact_key(artefact, *read, artefact.after ? keys[*artefact.after] : "")
               : "");
      const std::string name =
          read ? keys.back() : artefact.name() + artefact.use.params.dump() + split_key(run);
      const auto [found, added] = known.emplace(name, plan.artefacts.size());
      if (added) {
        PlannedArtefact planned;
        planned.needed = artefact;
        planned.key = keys.back();
        if (read) planned.reads = sums_for(artefact, *read);
        if (artefact.after) planned.after = needs[*artefact.after];
        planned.run = index;
        if (read) look_at(lab, &planned);
        plan.artefacts.push_back(std::move(planned));
      }
      needs.push_back(found->second);
      if (!joins_raw || !artefact.used_in.contains("state")) continue;
      raw_states.push_back(found->second);
      plan.artefacts[found->second].joined_raw = true;
    }
    // Uses of a plugin that differ in nothing that the artefact depends on share it.
    std::vector<size_t> once;
    for (const size_t artefact : needs) {
      if (std::find(once.begin(), once.end(), artefact) == once.end()) once.push_back(artefact);
    }
    for (const size_t artefact : once) ++plan.artefacts[artefact].users;
    plan.needs.push_back(std::move(once));
    plan.raw_states.push_back(std::move(raw_states));
  }
  return plan;
}

std::vector<std::string> keys_of(const std::vector<PlannedArtefact>& artefacts,
                                 const std::vector<size_t>& indices) {
  std::vector<std::string> keys;
  for (const size_t index : indices) keys.push_back(artefacts[index].key);
  return keys;
}

run::ArtefactHeader header_of(const std::vector<PlannedArtefact>& artefacts, size_t artefact,
                              const spec::Experiment& experiment) {
  const PlannedArtefact& planned = artefacts[artefact];
  run::ArtefactHeader header;
  header.key = planned.key;
  header.needed = planned.needed;
  header.reads = planned.reads;
  header.after = planned.after ? artefacts[*planned.after].key : "";
  header.run = experiment.runs[planned.run].run;
  header.threads = experiment.prepare.threads;
  header.device = experiment.prepare.device;
  return header;
}

}  // namespace lea::lab
