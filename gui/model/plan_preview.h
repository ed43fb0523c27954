// What a launch of a text would do: its cells, runs and artefacts, what is done, and what the rest takes.
// It is planned as `lealab plan` plans, on a lane, and a newer text ends the work for the older one.
// Nothing is trained or measured for it: what no earlier plan or run has found out stays unknown.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/planned_cells.h"
#include "core/lab/session.h"
#include "gui/model/lab_model.h"
#include "gui/model/memory_table.h"
#include "gui/model/spec_facts.h"

namespace lea::gui {

struct PlanSummary {
  size_t cells = 0, cells_done = 0;  // done: no run of it needs work
  size_t runs = 0, runs_done = 0;
  size_t artefacts_to_make = 0, artefacts_of_unknown_time = 0;
  double seconds = 0;
  int64_t jobs = 1;
  lab::PlannedDisk disk;
  std::vector<std::string> axes;
  std::vector<lab::PlannedCell> list;
  std::vector<std::string> lines;  // as `lealab plan` prints them below the cells

  bool nothing_to_do() const { return runs_done == runs; }
};

// The counts in one line.
QString counts_line(const PlanSummary& summary);

// The cells of a plan.
class CellTable : public MemoryTable {
  Q_OBJECT

 public:
  explicit CellTable(QObject* parent = nullptr);

  void show(const PlanSummary& summary);
  const std::vector<TableColumn>& columns() const override { return columns_; }

 protected:
  size_t size() const override { return cells_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  std::vector<TableColumn> columns_;
  std::vector<lab::PlannedCell> cells_;
};

class PlanPreview : public QObject {
  Q_OBJECT

 public:
  enum class State {
    kEmpty,    // there is no text
    kPlanned,  // the summary is that of the text
    kRefused,  // problem() says what is wrong with it
  };
  // A pause in typing, after which a text is planned.
  static constexpr int kPauseMilliseconds = 300;
  // After runs have ended, the plan is made again so soon.
  static constexpr int kNewsMilliseconds = 3000;

  PlanPreview(LabModel& lab, const SpecFacts& facts, QObject* parent = nullptr);

  // Plans a text. `path`: of its file; of a text without one, where it might stand.
  void show(const QString& text, const QString& path);
  // Plans the same text again.
  void again();

  State state() const { return state_; }
  // A newer text is being planned. State and summary are still those of the text before.
  bool is_working() const { return working_; }
  double seconds_working() const;
  const QString& wait() const { return wait_; }  // what takes long, in a sentence; may be empty
  const PlanSummary& summary() const { return summary_; }
  const QString& problem() const { return problem_; }  // one error a line
  CellTable& cells() { return cells_; }

 Q_SIGNALS:
  void changed();

 private:
  struct Answer {
    std::optional<PlanSummary> summary;
    std::string problem;
  };
  static Answer plan(const lab::SessionOptions& options, const Facts& facts);

  void start();
  void look_again();
  void take(Answer answer);

  LabModel& lab_;
  const SpecFacts& facts_;
  Ticket ticket_;
  QTimer pause_;
  QElapsedTimer since_;
  QString text_, path_, problem_, wait_;
  State state_ = State::kEmpty;
  bool working_ = false;
  bool has_news_ = false;  // of runs, which came while a plan was made
  PlanSummary summary_;
  CellTable cells_;
  Lane lane_{"plans"};  // ends before the rest does
};

}  // namespace lea::gui
