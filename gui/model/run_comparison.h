// Two runs side by side: what was stated, what they measured, how they trained, where and by what
// they were made.
#pragma once

#include <QObject>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/model/lab_model.h"
#include "gui/model/memory_table.h"
#include "gui/model/plot_series.h"

namespace lea::gui {

// A key of both runs. Empty texts are of a run that lacks it.
struct ComparedLine {
  std::string part;  // "run", "made with", "spec"
  std::string key, a, b;
  bool always = false;  // shown also where both are equal
  bool differs() const { return a != b; }
};

struct ComparedMetric {
  std::string part, metric;  // "test", "ndcg@20"
  std::optional<double> a, b;
};

struct Comparison {
  struct Run {
    std::string uuid, title;    // "industry_baselines: gru4rec snqn, seed 1"
    std::string why_no_curves;  // empty when it has some
  };
  std::array<Run, 2> runs;
  std::vector<ComparedLine> lines;
  std::vector<ComparedMetric> metrics;
  std::vector<std::string> warnings;       // why the metrics cannot be compared
  std::vector<std::string> curve_metrics;  // of either run
  std::array<std::map<std::string, RunCurve>, 2> curves;
};

// Compares what the index, or the folder of a run, has of them.
Comparison compare_runs(const db::RunRecord& a, const db::RunRecord& b);

// The curves of both for a metric; none of a run that has none.
std::vector<PlotLine> compared_curves(const Comparison& comparison, const std::string& metric);

// Finds two runs by their uuids, or the first digits, in the index and else in the lab's folders.
class RunComparison : public QObject {
  Q_OBJECT

 public:
  explicit RunComparison(LabModel& lab, QObject* parent = nullptr);

  void compare(const QString& a, const QString& b);
  void clear();
  void cancel();
  const std::shared_ptr<const Comparison>& result() const { return result_; }
  bool is_busy() const { return busy_; }
  // Why the last question has no answer; "" when it has, or when there was none.
  const QString& problem() const { return problem_; }

 Q_SIGNALS:
  void changed();

 private:
  using Found = std::array<std::optional<db::RunRecord>, 2>;
  void read_folders(const std::array<std::string, 2>& asked, const Found& found);
  void take(const Found& found);
  void fail(const QString& text);

  LabModel& lab_;
  Ticket index_ticket_, folder_ticket_;
  std::shared_ptr<const Comparison> result_;
  bool busy_ = false;
  QString problem_;
};

}  // namespace lea::gui
