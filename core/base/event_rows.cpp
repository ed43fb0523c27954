#include "core/base/event_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr size_t kMaxLine = size_t{1} << 20;
constexpr const char* kAnyColumns = "...";

}  // namespace

EventRows::EventRows(const std::string& path, std::vector<std::string> columns)
    : path_(path), form_({"sequence_id", "position"}) {
  form_.insert(form_.end(), columns.begin(), columns.end());
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) {
    throw DataError(path + ": is not a readable file; a table is a text file with the header " +
                    header_form());
  }
  refuse_lfs_pointer_at(path);
  file_.open(path, std::ios::binary);
  if (!read_fields()) refuse("the file is empty; its header must be " + header_form());
  check_header();
  columns_ = fields_.size();
}

void EventRows::check_header() const {
  const bool open = form_.back() == kAnyColumns;
  const size_t named = form_.size() - (open ? 1 : 0);
  const bool fits = open ? fields_.size() > named : fields_.size() == named;
  for (size_t i = 0; i < named && fits; ++i) {
    if (fields_[i] != form_[i]) {
      refuse("the header's column " + std::to_string(i + 1) + " must be `" + form_[i] +
             "`, but is " + in_backticks(fields_[i]) + "; the whole header is " + header_form());
    }
  }
  if (!fits) {
    refuse("the header must be " + header_form() + ", but has " +
           counted(std::ssize(fields_), "column"));
  }
}

bool EventRows::next() {
  if (!read_fields()) return false;
  ++rows_;
  if (fields_.size() != columns_) {
    refuse("must have " + counted(static_cast<int64_t>(columns_), "column") +
           " separated by tabs, but has " + std::to_string(fields_.size()));
  }
  position_ = number<int64_t>(1, "a whole number, 0 or more");
  if (position_ < 0) refuse("position must be 0 or more, but is " + std::to_string(position_));
  return true;
}

float EventRows::value(size_t column) const {
  const float value = number<float>(column, "a finite number");
  if (!std::isfinite(value)) refuse(name_of(column) + " must be finite");
  return value;
}

void EventRows::refuse(const std::string& what) const {
  throw DataError(path_ + ":" + std::to_string(line_) + ": " + what);
}

bool EventRows::read_fields() {
  ++line_;
  if (!std::getline(file_, text_)) return false;
  if (text_.size() > kMaxLine) refuse("the line is longer than 1 MiB");
  if (line_ == 1 && text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);  // a byte order mark
  if (!text_.empty() && text_.back() == '\r') text_.pop_back();
  fields_.clear();
  for (size_t begin = 0; begin <= text_.size();) {
    const size_t end = std::min(text_.find('\t', begin), text_.size());
    fields_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end + 1;
  }
  return true;
}

template <class T>
T EventRows::number(size_t column, const char* what) const {
  T value{};
  const std::string_view field = fields_[column];
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || error != std::errc() || end != field.data() + field.size())
    refuse(name_of(column) + " must be " + what + ", but is " + in_backticks(field));
  return value;
}

std::string EventRows::name_of(size_t column) const {
  return column < form_.size() && form_[column] != kAnyColumns
             ? form_[column]
             : "column " + std::to_string(column + 1);
}

std::string EventRows::header_form() const { return joined(form_, "<TAB>"); }

}  // namespace lea
