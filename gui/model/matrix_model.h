// The results of an experiment as the page Results shows them: reads them on the lane of queries, and
// follows the changes of the index.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <QTimer>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/model/cell_runs.h"
#include "gui/model/lab_model.h"
#include "gui/model/matrix_state.h"
#include "gui/model/matrix_table.h"

namespace lea::gui {

class MatrixModel : public QObject {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "results";

  explicit MatrixModel(LabModel& lab, QObject* parent = nullptr);

  struct Experiment {
    std::string name, created;
  };
  // Newest first.
  const std::vector<Experiment>& experiments() const { return experiments_; }

  const MatrixState& state() const { return state_; }
  // Shows something else. Reads only what was not read yet.
  void set_state(const MatrixState& state);
  // Reads only while somebody looks.
  void set_watched(bool watched);

  enum class Phase {
    kNoLab,
    kReading,       // the first answer is not there yet
    kNoExperiment,  // the lab has no runs and plans
    kNoOutcome,     // no run has finished or failed: `sentence`
    kFailed,        // the message bar has the reason, which is `sentence`, too
    kReady,
  };
  Phase phase() const { return phase_; }
  const QString& sentence() const { return sentence_; }

  MatrixTable& table() { return table_; }
  const report::Matrix& matrix() const { return table_.matrix(); }
  // The axes and labels that there are. Null before the first answer.
  const report::MatrixSource* source() const { return source_.get(); }
  // The view that is shown; that of the table when the state has none.
  const report::MatrixView& view() const { return matrix().view; }
  // What stands below the matrix, one paragraph a line.
  QStringList footer() const;

  // Whether it shows what `lealab table` prints.
  bool is_table() const;
  // The command that prints what it shows. Empty where there is none, and then `why_not` is the reason.
  QString command(QString* why_not = nullptr) const;
  // The text that `lealab table` prints in the format, or that of the matrix in another view:
  // "latex", "markdown" or "csv".
  QString rendered(const std::string& format) const;

  // What a launch of the experiment's spec would do. The spec of a launch is empty where it is
  // impossible, and `why_not` is the reason.
  struct Gaps {
    size_t missing = 0,
           unfinished = 0;  // runs of the whole experiment; unfinished: failed, queued ...
    std::string spec;
    QString why_not;
  };
  Gaps gaps() const;

  // Shows the runs of a cell in `runs`. Without an index: none.
  void choose(const QModelIndex& cell);
  CellRuns& runs() { return runs_; }
  QString cell_title() const;

  bool is_busy() const { return busy_; }
  void cancel();

 Q_SIGNALS:
  void experiments_changed();
  void changed();  // phase, matrix, footer, gaps
  void busy_changed();
  void runs_changed();

 private:
  // What is read of the index. Never changed once it is shared between threads.
  struct Known {
    std::shared_ptr<const report::MatrixSource> source;
    std::shared_ptr<const report::Pivot>
        pivot;         // without its documents; null for a large experiment
    QString sentence;  // empty: a run has finished or failed
    QStringList notes;
  };
  struct Answer {
    Known known;
    report::Matrix matrix;
  };

  static Answer read(const db::Store& store, const MatrixState& state,
                     const report::TableOptions& options, std::optional<Known> known,
                     const Lane::Cancelled& cancelled);
  static Known read_whole(const db::Store& store, const MatrixState& state,
                          const report::TableOptions& options, const Lane::Cancelled& cancelled);

  void lab_opened();
  void index_changed();
  void ask_experiments();
  void take_experiments(std::vector<Experiment> experiments);
  void ask(bool again);
  void take(Answer answer);
  void ask_runs();
  void set_busy(bool busy);
  void set_phase(Phase phase, const QString& sentence = {});

  LabModel& lab_;
  MatrixState state_;
  std::optional<Known> known_;
  MatrixState known_for_;  // what `known_` was read for
  std::shared_ptr<const report::MatrixSource> source_;
  MatrixTable table_;
  CellRuns runs_;
  std::optional<std::pair<std::vector<std::string>, std::vector<std::string>>> chosen_;  // labels
  std::vector<Experiment> experiments_;
  run::InstalledPlugins installed_;
  Lane probing_{"probing"};
  Ticket list_ticket_, read_ticket_, runs_ticket_, probe_ticket_;
  QElapsedTimer asked_;      // since the last question about the matrix
  qint64 milliseconds_ = 0;  // that its answer took
  QTimer catch_up_;
  Phase phase_ = Phase::kNoLab;
  QString sentence_;
  bool busy_ = false, watched_ = false, behind_ = false, listed_ = false;
};

}  // namespace lea::gui
