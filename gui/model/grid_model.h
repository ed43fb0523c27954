// The grid that a page shows: its tasks and what becomes of them.
#pragma once

#include <QObject>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/grid_follower.h"

namespace lea::gui {

class GridModel : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  // Nothing is shown.
  void clear();
  void add(const GridNews& news);

  bool empty() const { return header_ == nullptr; }
  // Precondition of the others: not empty.
  const run::GridHeader& header() const { return *header_; }
  const lab::GridProgress& progress() const { return *progress_; }
  const lab::TaskProgress& task(size_t index) const { return progress_->tasks()[index]; }
  const GridSummary& summary() const { return summary_; }
  // What the grid itself reported last: why it stops, or its answer to a request.
  const std::string& remark() const { return remark_; }

  // The tasks that make runs, by cell: those of one cell differ in their seeds.
  struct Cell {
    std::string name;
    std::vector<size_t> tasks;
  };
  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<size_t>& artefacts() const { return artefacts_; }

  // What failed, in groups of the same reason apart from the steps that it names.
  struct Failures {
    std::string reason;  // of the first one
    std::vector<size_t> tasks;
  };
  std::vector<Failures> failures() const;

 Q_SIGNALS:
  void about_to_reset();  // what was shown is still there
  void reset();           // other tasks
  void changed(
      const std::vector<size_t>& tasks);  // sorted; may be empty when the grid itself changed

 private:
  void arrange();

  std::shared_ptr<const run::GridHeader> header_;
  std::unique_ptr<lab::GridProgress> progress_;
  GridSummary summary_;
  std::string remark_;
  std::vector<Cell> cells_;
  std::vector<size_t> artefacts_;
};

}  // namespace lea::gui
