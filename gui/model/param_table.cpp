#include "gui/model/param_table.h"

#include "core/spec/param_text.h"

namespace lea::gui {

ParamTable::ParamTable(QObject* parent)
    : MemoryTable(parent),
      columns_({{"name", "Parameter"},
                {"type", "Type"},
                {"default", "Default"},
                {"range", "Range"},
                {"meaning", "Meaning"}}) {
  rows_replaced();
}

void ParamTable::set_params(const std::vector<ParamInfo>& params) {
  begin_replacing();
  params_ = params;
  rows_replaced();
}

report::FieldValue ParamTable::value(size_t row, const std::string& field) const {
  const ParamInfo& info = params_[row];
  const std::string text = field == "name"      ? info.name
                           : field == "type"    ? spec::type_text(info.type)
                           : field == "default" ? spec::default_text(info)
                           : field == "range"   ? spec::range_text(info)
                                                : info.meaning;
  return {!text.empty(), text, std::nullopt};
}

}  // namespace lea::gui
