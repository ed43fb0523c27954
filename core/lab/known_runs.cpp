#include "core/lab/known_runs.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/plain_files.h"
#include "db/store/store.h"

namespace lea::lab {
namespace {

// What the runs of the lab are compared with.
struct Wanted {
  const run::InstalledPlugins& installed;
  bool redo_stale = false;
};

// Why a finished run does not belong to the lab's current data set of this name. Empty when it
// does, or when the lab has no such data set.
std::string other_data(const run::Folder& folder, const std::string& used, const std::string& name,
                       const std::string& now) {
  if (!run::is_other_data(used, now)) return "";
  return "run " + folder.uuid().substr(0, 8) + " used another data set of the name " + name +
         " (fingerprint " + used.substr(0, 12) + ", now " + now.substr(0, 12) + ")";
}

void mark_outdated(const Wanted& wanted, KnownRun* known) {
  known->candidate.outdated =
      !known->other_data.empty() || (wanted.redo_stale && !known->outdated.empty());
}

KnownRun look_at(const run::Folder& folder, const run::Header& header, const std::string& data_name,
                 data::Fingerprints& data, const Wanted& wanted) {
  KnownRun known;
  known.folder = folder;
  known.candidate = {header.uuid, header.created, run::state_of(folder)};
  const auto result = run::read_result(folder);
  if (!result) return known;
  known.failure = result->reason;
  if (known.candidate.state != run::State::kFinished) return known;
  known.training = result->training;
  known.closed = known.candidate.closed = result->closed();
  known.other_data = other_data(folder, result->data_fingerprint, data_name, data.of(data_name));
  known.outdated = run::outdated_parts(*result, wanted.installed);
  mark_outdated(wanted, &known);
  return known;
}

void put(KnownRun known, std::optional<KnownRun>* counting) {
  if (!*counting || run::counts_before(known.candidate, (*counting)->candidate))
    *counting = std::move(known);
}

// Skips damaged folders and gives `refuse` the message. Somebody may remove a folder meanwhile.
void visit_runs(const std::vector<run::Folder>& folders,
                const std::function<void(const run::Folder&, const run::Header&)>& visit,
                const std::function<void(const std::string&)>& refuse) {
  for (const run::Folder& folder : folders) {
    try {
      as_error(folder.path, [&] { visit(folder, run::read_header(folder)); });
    } catch (const Error& error) {
      if (has_name(folder.path)) refuse(error.what());
    }
  }
}

class Search {
 public:
  Search(const std::string& lab, const spec::Experiment& experiment, const Wanted& wanted)
      : lab_(lab), experiment_(experiment), wanted_(wanted), data_(lab) {}

  std::vector<std::optional<KnownRun>> run() {
    const std::vector<run::Folder> folders = run::list_runs(lab_);
    std::vector<run::Folder> unknown;
    try {
      counting_.resize(experiment_.runs.size());
      unknown = read_index(folders);
    } catch (const Error&) {
      // The folders hold all that the index does. `lealab db check` reports a damaged index.
      counting_.clear();
      counting_.resize(experiment_.runs.size());
      unknown = folders;
    }
    read_folders(unknown);
    return std::move(counting_);
  }

 private:
  // Of the results of many runs: what they were made with, and which of it is outdated.
  struct MadeWith {
    std::string data_fingerprint;
    std::vector<std::string> outdated;
  };

  // Returns the folders that must be read.
  std::vector<run::Folder> read_index(const std::vector<run::Folder>& folders) {
    if (folders.empty() || !db::has_index(lab_)) return folders;
    const db::Store store(lab_, db::Store::Mode::kReadOnly);
    std::vector<db::Store::Key> keys;
    for (const spec::PlannedRun& run : experiment_.runs) keys.emplace_back(run.hash, run.run.seed);
    std::unordered_set<std::string> unfinished;
    store.find(keys, [&](size_t index, const db::FoundRun& found) {
      if (!take(index, found)) unfinished.insert(found.uuid);
    });
    std::unordered_set<std::string> indexed;
    for (std::string& uuid : store.uuids()) indexed.insert(std::move(uuid));
    std::vector<run::Folder> unknown;
    for (const run::Folder& folder : folders) {
      const std::string uuid = folder.uuid();
      if (!indexed.contains(uuid) || unfinished.contains(uuid)) unknown.push_back(folder);
    }
    return unknown;
  }

  // Returns false when the folder must be asked.
  bool take(size_t index, const db::FoundRun& found) {
    const auto state = run::state_from(found.state);
    if (!state || !run::is_final(*state)) return false;
    KnownRun known;
    known.folder = run::folder_of(lab_, found.uuid);
    if (!std::filesystem::exists(known.folder.file(run::kResultFile))) return false;
    known.closed = *state == run::State::kFinished && found.closed;
    if (known.closed && std::filesystem::exists(known.folder.file(run::kTestFile))) return false;
    known.candidate = {found.uuid, found.created, *state};
    known.candidate.closed = known.closed;
    known.failure = found.reason;
    if (*state == run::State::kFinished) {
      const std::string& name = experiment_.runs[index].run.data.name;
      const MadeWith& made = made_with(found.made_with);
      known.other_data = other_data(known.folder, made.data_fingerprint, name, data_.of(name));
      known.outdated = made.outdated;
      mark_outdated(wanted_, &known);
      known.training = run::Training{.steps = found.steps,
                                     .parameters = found.parameters,
                                     .train_seconds = found.train_seconds,
                                     .wall_seconds = found.wall_seconds};
    }
    put(std::move(known), &counting_[index]);
    return true;
  }

  const MadeWith& made_with(const std::string& text) {
    const auto [found, added] = made_with_.try_emplace(text);
    if (!added) return found->second;
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!list.is_array() || list.size() != 3)
      throw StoreError(lab_ + ": the results index has a damaged result");
    const run::Result result = run::result_from({{"state", "finished"},
                                                 {"plugins", list[0]},
                                                 {"numerics", list[1]},
                                                 {"data_fingerprint", list[2]}},
                                                "the results index");
    found->second = {result.data_fingerprint, run::outdated_parts(result, wanted_.installed)};
    return found->second;
  }

  void read_folders(const std::vector<run::Folder>& folders) {
    if (folders.empty()) return;
    std::map<std::pair<std::string, int64_t>, size_t> planned;
    for (size_t i = 0; i < experiment_.runs.size(); ++i)
      planned[{experiment_.runs[i].hash, experiment_.runs[i].run.seed}] = i;
    const auto visit = [&](const run::Folder& folder, const run::Header& header) {
      const auto found = planned.find({header.hash, header.seed});
      if (found == planned.end()) return;
      const std::string& name = experiment_.runs[found->second].run.data.name;
      put(look_at(folder, header, name, data_, wanted_), &counting_[found->second]);
    };
    visit_runs(folders, visit, [](const std::string&) {});  // collecting reports them
  }

  const std::string& lab_;
  const spec::Experiment& experiment_;
  const Wanted wanted_;
  data::Fingerprints data_;
  std::unordered_map<std::string, MadeWith> made_with_;  // by FoundRun::made_with
  std::vector<std::optional<KnownRun>> counting_;
};

}  // namespace

std::vector<std::optional<KnownRun>> known_runs(const std::string& lab,
                                                const spec::Experiment& experiment,
                                                const run::InstalledPlugins& installed,
                                                bool redo_stale) {
  return Search(lab, experiment, {installed, redo_stale}).run();
}

CountingRuns counting_runs(const std::string& lab, const std::string& experiment) {
  CountingRuns all;
  using Key = std::pair<std::string, int64_t>;  // hash and seed
  std::map<Key, size_t> position;               // in the plan
  const std::string file = run::plan_file(lab, experiment);
  // Older programs took any text for the name of an experiment of imported ranks.
  if (is_name(experiment) && has_name(file)) {
    try {
      all.plan = as_error(file, [&] { return run::read_plan(file); });
      for (size_t i = 0; i < all.plan->runs.size(); ++i)
        position[{all.plan->runs[i].hash, all.plan->runs[i].seed}] = i;
    } catch (const Error& error) {
      all.damaged.emplace_back(error.what());
    }
  }
  const run::InstalledPlugins none;
  data::Fingerprints data(lab);
  std::map<Key, std::optional<KnownRun>> counting;
  const auto visit = [&](const run::Folder& folder, const run::Header& header) {
    const bool made_for_it =
        header.experiment == experiment && (!all.plan || header.source != "lealab");
    if (!made_for_it && !position.contains({header.hash, header.seed})) return;
    run::require_plain_files(folder);
    const std::string name = spec::load_run(folder.file(run::kSpecFile)).data.name;
    KnownRun known = look_at(folder, header, name, data, {none});
    put(std::move(known), &counting[{header.hash, header.seed}]);
  };
  visit_runs(run::list_runs(lab), visit,
             [&](const std::string& message) { all.damaged.push_back(message); });
  std::vector<std::pair<size_t, run::Folder>> placed;
  for (const auto& [key, known] : counting) {
    const auto found = position.find(key);
    placed.emplace_back(found == position.end() ? position.size() : found->second, known->folder);
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, folder] : placed) all.folders.push_back(std::move(folder));
  return all;
}

}  // namespace lea::lab
