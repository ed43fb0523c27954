#include "core/lab/artefacts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/run/experiment_plan.h"
#include "core/run/grid_folder.h"
#include "core/run/header.h"
#include "core/run/state.h"

namespace lea::lab {
namespace {

// How often each key is named, by finished runs and by what is still to be done.
struct Uses {
  std::map<std::string, size_t> users, waiting;
  std::map<std::string, std::set<std::string>> experiments;
  // By hash and seed: those that have finished, and which of them have their test part closed.
  std::set<std::pair<std::string, int64_t>> finished, closed;
  // Why a run, plan or grid cannot be read, so that nobody knows what it names. Empty: all were read.
  std::string unread;
};

// A run names its artefacts in its result, and before that in its header.
void add_run(const run::Folder& folder, Uses* uses) {
  std::optional<run::Result> result;
  try {
    result = run::read_result(folder);
  } catch (const Error&) {
    // `lealab db check` reports it. Its header still names what it needs.
  }
  if (result && result->state == run::State::kFinished) {
    for (const run::UsedArtefact& used : result->artefacts) ++uses->users[used.key];
    const run::Header header = run::read_header(folder);
    for (const run::UsedArtefact& used : result->artefacts)
      uses->experiments[used.key].insert(header.experiment);
    (result->closed() ? uses->closed : uses->finished).emplace(header.hash, header.seed);
  } else if (!result) {
    const run::Header header = run::read_header(folder);
    for (const std::string& key : header.artefacts) {
      ++uses->waiting[key];
      uses->experiments[key].insert(header.experiment);
    }
  }
}

// A plan names its artefacts, but not which of its runs needs which. So it needs all of them until
// all of its runs have finished.
void add_plan(const run::ExperimentPlan& plan, Uses* uses) {
  static const nlohmann::json::json_pointer kTest("/evaluate/test");
  const bool wants_test = plan.spec.is_object() && plan.spec.value(kTest, true);
  const bool done = std::all_of(plan.runs.begin(), plan.runs.end(), [&](const auto& planned) {
    const std::pair key(planned.hash, planned.seed);
    return uses->finished.contains(key) || (!wants_test && uses->closed.contains(key));
  });
  if (done) return;
  for (const std::string& key : plan.artefacts) {
    ++uses->waiting[key];
    uses->experiments[key].insert(plan.name);
  }
}

template <class F>
void skip_damaged(const std::string& path, Uses* uses, F&& read) {
  try {
    as_error(path, read);
  } catch (const Error& error) {
    // `lealab db check` reports it.
    if (uses->unread.empty()) uses->unread = error.what();
  }
}

Uses uses_in(const std::string& lab, const std::function<bool()>& cancelled = {}) {
  Uses uses;
  for (const run::Folder& folder : run::list_runs(lab)) {
    if (cancelled && cancelled())
      throw Error(Exit::kInterrupted, "the runs of the lab were not read to the end.");
    skip_damaged(folder.path, &uses, [&] { add_run(folder, &uses); });
  }
  for (const std::string& file : run::plan_files(lab)) {
    skip_damaged(file, &uses, [&] { add_plan(run::read_plan(file), &uses); });
  }
  for (const run::Folder& grid : run::live_grids(lab)) {
    skip_damaged(grid.path, &uses, [&] {
      for (const run::GridTask& task : run::read_grid(grid).tasks) {
        if (!task.artefact.empty()) ++uses.waiting[task.hash];
      }
    });
  }
  return uses;
}

ArtefactRow row_of(const run::Folder& folder, const Uses& uses) {
  ArtefactRow row;
  row.folder = folder;
  row.bytes = folder_bytes(folder.path);
  const auto count = [&](const std::map<std::string, size_t>& of) {
    const auto found = of.find(folder.uuid());
    return found == of.end() ? 0 : found->second;
  };
  row.users = count(uses.users);
  row.waiting = count(uses.waiting);
  const auto experiments = uses.experiments.find(folder.uuid());
  if (experiments != uses.experiments.end()) row.experiments = experiments->second;
  try {
    as_error(folder.path, [&] {
      row.header = run::read_artefact(folder);
      row.state = run::state_of(folder);
      row.result = run::read_result(folder);
      if (row.state == run::State::kFinished) run::check_artefact(folder, /*sums=*/false);
    });
  } catch (const run::NewerArtefact& error) {
    row.newer = true;
    row.problem = error.what();
  } catch (const Error& error) {
    row.problem = error.what();
  }
  return row;
}

// The needed artefacts and all that they are made from.
std::set<std::string> kept_keys(const std::vector<ArtefactRow>& rows) {
  std::map<std::string, const ArtefactRow*> by_key;
  for (const ArtefactRow& row : rows) by_key[row.folder.uuid()] = &row;
  std::set<std::string> kept;
  for (const ArtefactRow& row : rows) {
    if (!row.in_use()) continue;
    for (const ArtefactRow* next = &row; next && kept.insert(next->folder.uuid()).second;) {
      const auto found = next->header ? by_key.find(next->header->after) : by_key.end();
      next = found == by_key.end() ? nullptr : found->second;
    }
  }
  return kept;
}

std::vector<ArtefactRow> rows_of(const std::vector<run::Folder>& folders, const Uses& uses) {
  std::vector<ArtefactRow> rows;
  for (const run::Folder& folder : folders) rows.push_back(row_of(folder, uses));
  return rows;
}

}  // namespace

std::vector<ArtefactRow> artefact_rows(const std::string& lab,
                                       const std::function<bool()>& cancelled) {
  const std::vector<run::Folder> folders = run::list_artefacts(lab);
  if (folders.empty()) return {};
  return rows_of(folders, uses_in(lab, cancelled));
}

Pruned prune_artefacts(const std::string& lab, bool dry) {
  const std::vector<run::Folder> folders = run::list_artefacts(lab);
  if (folders.empty()) return {};
  const Uses uses = uses_in(lab);
  if (!uses.unread.empty()) {
    throw DataError(
        uses.unread +
        "\nSo it is unknown which artefacts it needs, and nothing was pruned. Remove or "
        "restore it first, or remove single artefacts with `lealab artefacts remove`.");
  }
  const std::vector<ArtefactRow> rows = rows_of(folders, uses);
  const std::set<std::string> kept = kept_keys(rows);
  Pruned pruned;
  for (const ArtefactRow& row : rows) {
    if (kept.contains(row.folder.uuid())) continue;
    if (row.newer) {
      pruned.newer.push_back(row);
      continue;
    }
    const auto claim = run::Claim::take(lab, row.folder.uuid());
    if (!claim) {
      pruned.busy.push_back(row);
      continue;
    }
    if (!dry) run::remove_artefact(row.folder);
    pruned.bytes += row.bytes;
    pruned.removed.push_back(row);
  }
  return pruned;
}

run::Claim claim_artefact(const std::string& lab, const std::string& key) {
  auto claim = run::Claim::take(lab, key);
  if (claim) return std::move(*claim);
  throw Error(Exit::kEnvironment, "artefact " + key.substr(0, 12) + " is being made by " +
                                      run::process_text(run::read_claim(lab, key).holder) +
                                      ". Stop that first (`lealab stop`).");
}

void remove_artefact(const std::string& lab, const run::Folder& artefact) {
  const run::Claim claim = claim_artefact(lab, artefact.uuid());
  run::remove_artefact(artefact);
}

Verified verify_artefacts(const std::string& lab, const std::string& prefix,
                          const std::function<bool()>& cancelled) {
  Verified verified;
  for (const run::Folder& folder : run::list_artefacts(lab)) {
    if (!folder.uuid().starts_with(prefix)) continue;
    if (cancelled && cancelled())
      throw Error(Exit::kInterrupted, "the artefacts were not checked to the end.");
    ++verified.seen;
    try {
      run::read_artefact(folder);
      verified.checked += run::check_artefact(folder, /*sums=*/true).has_value();
      run::check_records(folder);
    } catch (const Error& error) {
      verified.problems.push_back(error.what());
    }
  }
  return verified;
}

nlohmann::json to_json(const ArtefactRow& row) {
  nlohmann::json document = {{"key", row.folder.uuid()}, {"state", run::to_string(row.state)},
                             {"bytes", row.bytes},       {"users", row.users},
                             {"waiting", row.waiting},   {"experiments", row.experiments},
                             {"problem", row.problem}};
  if (row.header) {
    document.update({{"name", row.header->needed.name()},
                     {"plugin", row.header->needed.use.id},
                     {"params", row.header->needed.use.params},
                     {"after", row.header->after},
                     {"data", row.header->run.data.name},
                     {"created", row.header->created}});
  }
  if (row.result) {
    document["reason"] = row.result->reason;
    if (row.result->making) {
      document["seconds"] = row.result->making->seconds;
      document["quality"] = row.result->making->quality;
      document["sha256"] = row.result->making->sha256;
    }
    if (row.result->made_with) document["machine_kind"] = row.result->made_with->machine_kind;
  }
  return document;
}

nlohmann::json details_of(const ArtefactRow& row) {
  nlohmann::json document = to_json(row);
  document["folder"] = row.folder.path;
  if (!row.result || !row.result->making) return document;
  for (const auto& [name, record] : row.result->making->files)
    document["files"][name] = {{"bytes", record.bytes}, {"sha256", record.sha256}};
  return document;
}

}  // namespace lea::lab
