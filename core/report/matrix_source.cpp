#include "core/report/matrix_source.h"

#include <algorithm>
#include <limits>
#include <map>

#include "core/report/json_path.h"

namespace lea::report {
namespace {

Standing standing_of(const Member& member, const run::InstalledPlugins& installed) {
  switch (member.candidate.state) {
    case run::State::kFinished:
      return run::outdated_parts(member.result, installed).empty() ? Standing::kFinished
                                                                   : Standing::kStale;
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

// The data set of a row; empty for one that is only planned.
std::string data_of(const Row& row) {
  const auto& members = row.finished.empty() ? row.unfinished : row.finished;
  return members.empty() ? "" : text_at(members.front().run.spec, "data.name");
}

// The data sets of the rows are an axis also where the spec has none for them.
bool names_data(const Pivot& pivot) {
  return std::find(pivot.axes.begin(), pivot.axes.end(), "data.name") != pivot.axes.end();
}

class Builder {
 public:
  Builder(const Pivot& pivot, const run::InstalledPlugins& installed)
      : pivot_(pivot), installed_(installed), with_data_(!names_data(pivot)) {
    source_.experiment = pivot.experiment;
    source_.over_splits = pivot.over_splits;
    for (size_t a = 0; a < pivot.axes.size(); ++a)
      source_.settings_axes.push_back({pivot.axes[a], pivot.labels[a]});
    if (with_data_) source_.settings_axes.push_back({kDataAxis, {}});
    source_.set_columns(pivot.columns);
    collect_repetitions();
  }

  MatrixSource build() {
    std::string data;  // of a row that is only planned: that of the others
    for (const Row& row : pivot_.rows) {
      if (data.empty()) data = data_of(row);
    }
    for (const Row* row : printed_rows(pivot_)) add(*row, data);
    return std::move(source_);
  }

 private:
  static std::string seed_label(int64_t seed) { return seed == 0 ? "-" : std::to_string(seed); }

  // Their labels in the order of the numbers.
  void collect_repetitions() {
    std::set<Repetition> all;
    for (const Row* row : printed_rows(pivot_)) {
      for (const auto* members : {&row->finished, &row->unfinished}) {
        for (const Member& member : *members) all.insert(member.repetition);
      }
      all.insert(row->missing.begin(), row->missing.end());
    }
    std::set<int64_t> seeds;
    for (const Repetition& repetition : all) {
      seeds.insert(repetition.seed);
      if (pivot_.over_splits)
        MatrixSource::index_of(std::to_string(repetition.split), &source_.split);
    }
    for (const int64_t seed : seeds) MatrixSource::index_of(seed_label(seed), &source_.seed);
  }

  void add(const Row& row, const std::string& usual_data) {
    MatrixSource::Setting setting;
    for (size_t a = 0; a < pivot_.axes.size(); ++a)
      setting.labels.push_back(MatrixSource::index_of(row.labels[a], &source_.settings_axes[a]));
    if (with_data_) {
      const std::string data = data_of(row);
      setting.labels.push_back(
          MatrixSource::index_of(data.empty() ? usual_data : data, &source_.settings_axes.back()));
    }
    setting.name = row.name;
    setting.untrained = row.untrained;
    setting.borrowed = !row.finished.empty() && is_borrowed(row);
    setting.below_floor = row.below_floor;
    setting.group = groups_.emplace(row.group, static_cast<uint32_t>(groups_.size())).first->second;
    source_.settings.push_back(std::move(setting));
    for (const auto* members : {&row.finished, &row.unfinished}) {
      for (const Member& member : *members) add_run(member.repetition, &member);
    }
    for (const Repetition& missing : row.missing) add_run(missing, nullptr);
  }

  bool is_borrowed(const Row& row) const {
    return std::any_of(pivot_.borrowed.begin(), pivot_.borrowed.end(),
                       [&](const Row& borrowed) { return &borrowed == &row; });
  }

  void add_run(const Repetition& repetition, const Member* member) {
    MatrixSource::Run run;
    run.setting = static_cast<uint32_t>(source_.settings.size() - 1);
    run.repetition = repetition;
    run.seed = MatrixSource::index_of(seed_label(repetition.seed), &source_.seed);
    if (pivot_.over_splits)
      run.split = MatrixSource::index_of(std::to_string(repetition.split), &source_.split);
    if (member != nullptr) {
      run.uuid = member->run.uuid;
      run.standing = standing_of(*member, installed_);
      run.closed = member->closed;
    }
    source_.runs.push_back(std::move(run));
    for (const Column& column : source_.columns) {
      double value = std::numeric_limits<double>::quiet_NaN();
      if (member != nullptr && member->candidate.state == run::State::kFinished) {
        const auto& metrics = column.part == "valid" ? member->metrics.valid : member->metrics.test;
        const auto found = metrics.find(column.metric);
        if (found != metrics.end()) value = found->second;
      }
      source_.values.push_back(value);
    }
  }

  const Pivot& pivot_;
  const run::InstalledPlugins& installed_;
  const bool with_data_;
  MatrixSource source_;
  std::map<std::string, uint32_t> groups_;
};

}  // namespace

const char* to_string(Standing standing) {
  static constexpr std::array<const char*, kStandings> kNames = {
      "finished", "stale", "running", "interrupted", "queued", "cancelled", "failed", "missing"};
  return kNames.at(static_cast<size_t>(standing));
}

uint32_t MatrixSource::index_of(const std::string& label, Axis* axis) {
  const auto found = std::find(axis->labels.begin(), axis->labels.end(), label);
  const auto index = static_cast<uint32_t>(found - axis->labels.begin());
  if (found == axis->labels.end()) axis->labels.push_back(label);
  return index;
}

void MatrixSource::set_columns(const std::vector<Column>& all) {
  columns = all;
  read.assign(columns.size(), true);
  for (const Column& column : columns) {
    column_metric.push_back(index_of(column.metric, &metric));
    column_part.push_back(index_of(column.part, &part));
  }
}

std::vector<const MatrixSource::Axis*> MatrixSource::axes() const {
  std::vector<const Axis*> all;
  for (const Axis& axis : settings_axes) all.push_back(&axis);
  for (const Axis* axis : {&split, &seed, &metric, &part}) {
    if (!axis->labels.empty()) all.push_back(axis);
  }
  return all;
}

const MatrixSource::Axis* MatrixSource::axis(const std::string& name) const {
  for (const Axis* axis : axes()) {
    if (axis->name == name) return axis;
  }
  return nullptr;
}

MatrixSource matrix_source(const Pivot& pivot, const run::InstalledPlugins& installed) {
  return Builder(pivot, installed).build();
}

}  // namespace lea::report
