// The runs of the index as a table of any length: the order of all rows is known by their uuids, and
// their content is read in pages, when it is looked at.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/report/filter.h"
#include "gui/model/lab_model.h"
#include "gui/model/table_model.h"

namespace lea::gui {

class RunTable : public TableModel {
  Q_OBJECT

 public:
  static constexpr int kPage = 200;

  explicit RunTable(LabModel& lab, QObject* parent = nullptr);

  // Shows the runs that were made for an experiment; all for "".
  void show_experiment(const std::string& experiment);
  // Reads again, keeping the rows that are shown until the answer is there.
  void reload();

  // The uuid of a row that is in the table.
  const std::string& uuid(int row) const { return uuids_.at(static_cast<size_t>(row)); }
  // The run of a row, when its page has been read.
  const report::RunView* view(int row) const;

  const std::vector<TableColumn>& columns() const override { return columns_; }
  // Adds a column for a field, or does nothing when there is one.
  void add_column(const std::string& field);
  void set_filter(const std::string& expression) override;
  std::vector<std::string> fields() const override { return fields_; }
  void all_rows(const std::vector<int>& columns,
                const std::function<void(const Rows&)>& done) override;
  bool is_busy() const override { return busy_; }
  void cancel() override;

  int row_of_id(const QString& id) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

 private:
  struct Listed {
    std::vector<std::string> uuids;  // that match, in their order
    qint64 all = 0;
    std::vector<std::string> fields;
    std::vector<report::RunView> first;  // the first page
  };

  void take(Listed listed);
  void add_main_metric();
  void fetch(int page) const;
  void set_busy(bool busy);
  static QVariant text_of(const report::RunView& view, const std::string& field);

  LabModel& lab_;
  std::vector<TableColumn> columns_;
  std::string experiment_, expression_;
  std::string sort_field_ = "created";
  bool descending_ = true;
  std::vector<std::string> uuids_, fields_;
  mutable std::map<int, std::vector<std::optional<report::RunView>>> pages_;
  mutable std::set<int> fetching_;
  mutable std::map<int, std::unique_ptr<Ticket>> page_tickets_;
  Ticket ticket_, export_ticket_;
  bool busy_ = false, has_metric_ = false;
};

}  // namespace lea::gui
