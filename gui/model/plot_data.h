// The experiment whose plots are shown: reads its table, its curves and its ranks on lanes, each when
// it is looked at.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <QTimer>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gui/model/lab_model.h"
#include "gui/model/plot_series.h"

namespace lea::gui {

class PlotData : public QObject {
  Q_OBJECT

 public:
  // The curves of one cell for one metric.
  struct Curves {
    PlotLine mean;
    size_t runs = 0, imported = 0, without = 0;  // `without`: neither imported nor untrained
    double averaged = 0;                         // over how many steps; 0: not at all
  };

  explicit PlotData(LabModel& lab, QObject* parent = nullptr);

  // Reads only while somebody looks.
  void set_watched(bool watched);
  // The experiments of the lab, once they are known.
  const QStringList& experiments() const { return experiments_; }
  void choose(const QString& experiment);
  const QString& experiment() const { return experiment_; }
  // Null until it has been read, and when the experiment has no runs.
  const std::shared_ptr<const PlotTable>& table() const { return table_; }
  bool is_read() const { return read_; }

  // The metrics of which some run has a curve, once the table is read.
  const std::vector<std::string>& curve_metrics() const { return curve_metrics_; }
  // Reads what is missing of these cells. What is known is in curves() and cuts().
  void want_curves(const std::string& metric, const std::set<size_t>& cells);
  void want_cuts(const std::set<size_t>& cells);
  const Curves* curves(const std::string& metric, size_t cell) const;
  const CellCuts* cuts(size_t cell) const;

  bool is_busy() const { return busy_ > 0; }
  // Reads the table again, keeping it until the answer is there.
  void reload();
  void cancel();

 Q_SIGNALS:
  void experiments_changed();
  void table_changed();
  void curves_changed();
  void cuts_changed();
  void busy_changed();

 private:
  struct Read {
    std::shared_ptr<const PlotTable> table;
    std::vector<std::string> curve_metrics;
  };
  static Read read_table(const db::Store& store, const std::string& experiment,
                         const std::string& lab);
  static Curves read_curves(const db::Store& store, const report::Row& row,
                            const std::string& metric);

  void begin();
  void list_experiments();
  void take(Read read);
  void failed(const QString& text);
  void step_busy(int by);

  LabModel& lab_;
  QTimer reload_soon_;
  QElapsedTimer reading_;
  Ticket list_ticket_, table_ticket_, curves_ticket_, cuts_ticket_;
  Lane ranks_{"ranks"};  // reads many files
  QStringList experiments_;
  QString experiment_;
  std::shared_ptr<const PlotTable> table_;
  std::vector<std::string> curve_metrics_;
  std::map<std::pair<std::string, size_t>, Curves> curves_;
  std::map<size_t, CellCuts> cuts_;
  std::set<size_t> asked_cuts_;
  std::set<std::pair<std::string, size_t>> asked_curves_;
  bool watched_ = false, stale_ = true, read_ = false, reading_table_ = false;
  int busy_ = 0;
};

}  // namespace lea::gui
