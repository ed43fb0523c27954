#include "core/lab/index_check.h"

#include <map>
#include <memory>
#include <optional>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/links.h"
#include "core/lab/collector.h"
#include "core/run/experiment_plan.h"
#include "core/run/folder.h"
#include "core/run/state.h"
#include "db/store/store.h"

namespace lea::lab {
namespace {

// How a run stands in its folder and in the index.
struct Finding {
  bool open = false;    // has not ended
  bool behind = false;  // has ended or read its test part, and the index does not know it yet
  std::string problem;
};

bool has_ended(const std::string& state) {
  const auto known = run::state_from(state);
  return known && run::is_final(*known);
}

bool is_closed(const nlohmann::json& result) {
  return result.is_object() && !result.value("metrics", nlohmann::json::object()).contains("test");
}

Finding compare(const run::Folder& run, const db::RunRow* row) {
  Finding finding;
  try {
    const RunRecord record = as_error(run.path, [&] { return read_run(run); });
    finding.open = !has_ended(record.run.state);
    if (row == nullptr || !has_ended(row->state)) {
      finding.behind = !finding.open;
    } else if (record.run.state == "finished" && !is_closed(record.run.result) &&
               is_closed(row->result)) {
      finding.behind = true;  // its test part was opened since
    } else if (record.run.state != row->state || record.run.result != row->result) {
      finding.problem = "run " + run.uuid() + ": folder (" + record.run.state + ") and index (" +
                        row->state + ") differ. `lealab db rebuild` mends it.";
    }
  } catch (const Error& error) {
    finding.problem = error.what();
  }
  return finding;
}

class Check {
 public:
  explicit Check(const std::string& lab) : lab_(lab) {
    if (!db::has_index(lab)) return;
    check_.has_index = true;
    try {
      store_ = open(lab);
      check_.problems = store_->problems();
      for (db::RunRow& row : store_->runs()) rows_.emplace(row.uuid, std::move(row));
      check_.content = store_->content_hash();
    } catch (const StoreError& error) {
      store_.reset();  // the folders can be checked nevertheless
      rows_.clear();
      check_.problems.emplace_back(error.what());
    }
  }

  IndexCheck result() {
    check_plans();
    for (const run::Folder& run : run::list_runs(lab_)) {
      const auto row = rows_.find(run.uuid());
      add(run, compare(run, row == rows_.end() ? nullptr : &row->second));
      if (row != rows_.end()) rows_.erase(row);
    }
    for (const auto& [uuid, row] : rows_) {
      if (!has_folder(uuid) && row_of(uuid)) add_lost(uuid);
    }
    return std::move(check_);
  }

 private:
  // A copy in memory has the schema of this program, where that of the file is older.
  static std::unique_ptr<db::Store> open(const std::string& lab) {
    try {
      return std::make_unique<db::Store>(lab, db::Store::Mode::kReadOnly);
    } catch (const StoreError&) {
      return std::make_unique<db::Store>(lab, db::Store::Mode::kMemory);
    }
  }

  void check_plans() {
    for (const std::string& file : run::plan_files(lab_)) {
      try {
        as_error(file, [&] { return run::read_plan(file); });
      } catch (const Error& error) {
        if (has_name(file)) check_.problems.emplace_back(error.what());
      }
    }
  }

  bool has_folder(const std::string& uuid) const {
    return has_name(run::folder_of(lab_, uuid).path);
  }

  std::optional<db::RunRow> row_of(const std::string& uuid) const {
    return store_ ? store_->run(uuid) : std::nullopt;
  }

  void add_lost(const std::string& uuid) {
    check_.problems.push_back("run " + uuid +
                              ": is in the index, but has no folder. `lealab db rebuild` drops "
                              "it.");
  }

  void add(const run::Folder& run, Finding finding) {
    if (!finding.problem.empty()) {
      // The run may have changed since it was read, so both sides are read again.
      const auto row = row_of(run.uuid());
      if (!has_folder(run.uuid())) {
        if (row) add_lost(run.uuid());
        return;
      }
      finding = compare(run, row ? &*row : nullptr);
    }
    ++check_.runs;
    check_.open += finding.open;
    check_.behind += finding.behind;
    if (!finding.problem.empty()) check_.problems.push_back(std::move(finding.problem));
  }

  const std::string& lab_;
  std::unique_ptr<db::Store> store_;        // null without a sound index
  std::map<std::string, db::RunRow> rows_;  // by uuid, of runs that were not looked at
  IndexCheck check_;
};

}  // namespace

IndexCheck check_index(const std::string& lab) { return Check(lab).result(); }

}  // namespace lea::lab
