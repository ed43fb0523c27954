// The declared parameters of a plugin as a table.
#pragma once

#include "core/spec/params.h"
#include "gui/model/memory_table.h"

namespace lea::gui {

class ParamTable : public MemoryTable {
  Q_OBJECT

 public:
  explicit ParamTable(QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }
  void set_params(const std::vector<ParamInfo>& params);

 protected:
  size_t size() const override { return params_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;

 private:
  const std::vector<TableColumn> columns_;
  std::vector<ParamInfo> params_;
};

}  // namespace lea::gui
