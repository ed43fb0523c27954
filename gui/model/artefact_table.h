// The artefacts of the lab as a table: size, cost, quality and users, and what can be done with them.
// All of it is read and done on a lane, because a lab may have many runs.
#pragma once

#include <QTimer>
#include <deque>

#include "core/lab/artefacts.h"
#include "gui/model/lab_model.h"
#include "gui/model/memory_table.h"
#include "gui/model/plugin_facts.h"

namespace lea::gui {

class ArtefactTable : public MemoryTable {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "artefacts";

  explicit ArtefactTable(LabModel& lab, QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }

  // Whether somebody looks at the table. Only then it is read, and read again when runs end.
  void set_watched(bool watched);
  void list();
  bool is_listing() const { return listing_; }
  bool was_listed() const { return listed_; }
  size_t rows() const { return rows_.size(); }
  int64_t bytes() const;

  const lab::ArtefactRow& row(const QModelIndex& index) const {
    return rows_.at(source_row(index));
  }
  Facts facts(const QModelIndex& index) const;
  // What `lealab artefacts show` prints.
  QString details(const QModelIndex& index) const;
  // Why it cannot be used; "" when it can.
  QString problem(const QModelIndex& index) const;
  // The question before an artefact is removed: what it is, and who uses it.
  QString question_before_removing(const QModelIndex& index) const;
  // The runs of the experiments that use it, as a filter of the runs; "" for none.
  QString runs_filter(const QModelIndex& index) const;

  // Compares the files of one artefact, or with "" of all, with their checksums.
  void verify(const std::string& key);
  void remove(const std::string& key);
  // Finds what nothing needs any more; prune_planned says what. Nothing is removed.
  void plan_prune();
  void prune();

 Q_SIGNALS:
  void listing_changed();
  void prune_planned(const QString& question);  // "" when there is nothing to remove

 protected:
  size_t size() const override { return rows_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  template <class Work, class Done>
  void act(Work work, Done done);
  void take(std::vector<lab::ArtefactRow> rows);
  void choose_columns();

  LabModel& lab_;
  std::vector<TableColumn> columns_;
  std::vector<lab::ArtefactRow> rows_;
  QTimer soon_;
  bool watched_ = false, listing_ = false, listed_ = false;
  Ticket list_ticket_;
  std::deque<Ticket> tickets_;
  Lane lane_{"artefacts"};  // its thread ends before anything above is destroyed
};

}  // namespace lea::gui
