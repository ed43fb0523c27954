// Reads values that a user's file gives for training events: tab-separated text with a header,
//
//   sequence_id <TAB> position <TAB> ...
//
// where sequence_id is an original id, and position counts the events of the sequence from 0. Rows
// of sequences or positions outside the training part are skipped, so that one file serves every
// split.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/api/context.h"
#include "core/base/error.h"

namespace lea {

class EventTable {
 public:
  // Reads the header, which must be `form`. A last name "..." in `form` stands for one or more
  // columns of any name. Throws DataError.
  EventTable(const std::string& path, std::vector<std::string> form, const Context& context)
      : path_(path), form_(std::move(form)), context_(context) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) {
      throw DataError(path + ": is not a readable file; a table is a text file with the header " +
                      header_form());
    }
    file_.open(path, std::ios::binary);
    if (!read_fields()) refuse("the file is empty; its header must be " + header_form());
    const bool open = form_.back() == "...";
    const size_t named = form_.size() - (open ? 1 : 0);
    const bool enough = open ? fields_.size() > named : fields_.size() == named;
    for (size_t i = 0; i < named && enough; ++i) {
      if (fields_[i] != form_[i]) {
        refuse("the header's column " + std::to_string(i + 1) + " must be `" + form_[i] +
               "`, but is `" + shown(fields_[i]) + "`; the whole header is " + header_form());
      }
    }
    if (!enough) {
      refuse("the header must be " + header_form() + ", but has " + std::to_string(fields_.size()) +
             " columns");
    }
    columns_ = fields_.size();
  }

  // Reads the next row of a training event. Returns false at the end. Throws DataError for a
  // malformed row, and at the end if the file has rows but none of a training event.
  bool next() {
    while (read_fields()) {
      ++rows_;
      if (fields_.size() != columns_) {
        refuse("must have " + std::to_string(columns_) + " columns separated by tabs, but has " +
               std::to_string(fields_.size()));
      }
      const int64_t position = number<int64_t>(1, "a whole number, 0 or more");
      if (position < 0) refuse("position must be 0 or more, but is " + shown(fields_[1]));
      const int64_t sequence = context_.sequence_of(std::string(fields_[0]));
      if (sequence < 0) continue;
      const int64_t* offset = context_.training().offset.const_data_ptr<int64_t>();
      if (position >= offset[sequence + 1] - offset[sequence]) continue;
      event_ = offset[sequence] + position;
      ++used_;
      return true;
    }
    if (rows_ > 0 && used_ == 0) {
      throw DataError(path_ + ": none of its " + std::to_string(rows_) +
                      " rows belongs to a training sequence: sequence_id must hold the ids of the "
                      "imported data set (`lealab data export` writes them)");
    }
    return false;
  }

  int64_t event() const { return event_; }
  size_t columns() const { return columns_; }
  int64_t line() const { return line_; }

  // The item in a column. Throws DataError when the data set has no item with this id.
  int64_t item(size_t column) const {
    const int64_t item = context_.item_of(std::string(fields_[column]));
    if (item == 0) refuse("there is no item `" + shown(fields_[column]) + "` in the data set");
    return item;
  }

  float value(size_t column) const {
    const float value = number<float>(column, "a finite number");
    if (!std::isfinite(value)) refuse(form_name(column) + " must be finite");
    return value;
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw DataError(path_ + ":" + std::to_string(line_) + ": " + what);
  }

 private:
  static constexpr size_t kMaxLine = size_t{1} << 20;

  bool read_fields() {
    ++line_;
    if (!std::getline(file_, text_)) return false;
    if (text_.size() > kMaxLine) refuse("the line is longer than 1 MiB");
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
  T number(size_t column, const char* what) const {
    T value{};
    const std::string_view field = fields_[column];
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (field.empty() || error != std::errc() || end != field.data() + field.size()) {
      refuse(form_name(column) + " must be " + what + ", but is `" + shown(field) + "`");
    }
    return value;
  }

  std::string form_name(size_t column) const {
    return column < form_.size() && form_[column] != "..." ? form_[column]
                                                           : "column " + std::to_string(column + 1);
  }
  std::string header_form() const {
    std::string text;
    for (const std::string& name : form_) text += (text.empty() ? "" : "<TAB>") + name;
    return text;
  }
  // Replaces control characters, so that a file cannot control the terminal.
  static std::string shown(std::string_view field) {
    std::string text(field.substr(0, 60));
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
  }

  std::string path_;
  std::vector<std::string> form_;
  const Context& context_;
  std::ifstream file_;
  std::string text_;
  std::vector<std::string_view> fields_;
  size_t columns_ = 0;
  int64_t line_ = 0, rows_ = 0, used_ = 0, event_ = -1;
};

}  // namespace lea
