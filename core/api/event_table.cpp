#include "core/api/event_table.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/event_rows.h"
#include "core/base/text.h"

namespace lea {

struct EventTable::File {
  std::string path;
  EventRows rows;
  const Context& context;
  int64_t used = 0, event = -1;
};

EventTable::EventTable(const std::string& path, std::vector<std::string> columns,
                       const Context& context)
    : file_(new File{path, EventRows(path, std::move(columns)), context}) {}

EventTable::~EventTable() = default;

bool EventTable::next() {
  while (file_->rows.next()) {
    const int64_t sequence = file_->context.sequence_of(std::string(file_->rows.sequence()));
    if (sequence < 0) continue;
    const int64_t* offset = file_->context.training().offset.const_data_ptr<int64_t>();
    const int64_t position = file_->rows.position();
    if (position >= offset[sequence + 1] - offset[sequence]) continue;
    file_->event = offset[sequence] + position;
    ++file_->used;
    return true;
  }
  if (file_->rows.rows() > 0 && file_->used == 0) {
    throw DataError(
        file_->path + ": has " + counted(file_->rows.rows(), "row") +
        ", none of which belongs to a training sequence: sequence_id must hold the ids of the "
        "imported data set (`lealab data export` writes them)");
  }
  return false;
}

int64_t EventTable::event() const { return file_->event; }
size_t EventTable::columns() const { return file_->rows.columns(); }
int64_t EventTable::line() const { return file_->rows.line(); }

int64_t EventTable::item(size_t column) const {
  const std::string_view id = file_->rows.field(column);
  const int64_t item = file_->context.item_of(std::string(id));
  if (item == 0) refuse("there is no item " + in_backticks(id) + " in the data set");
  return item;
}

float EventTable::value(size_t column) const { return file_->rows.value(column); }

void EventTable::refuse(const std::string& what) const { file_->rows.refuse(what); }

}  // namespace lea
