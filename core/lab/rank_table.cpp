#include "core/lab/rank_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/array_format.h"
#include "core/base/csv.h"
#include "core/base/error.h"
#include "core/base/npz.h"
#include "core/base/text.h"

namespace lea::lab {
namespace fs = std::filesystem;

struct RankTable::Rows {
  virtual ~Rows() = default;
  virtual bool next(std::vector<std::string>* fields) = 0;
  virtual std::string place() const = 0;

  std::vector<std::string> columns;
};

namespace {

constexpr uint64_t kLimit = uint64_t{2} << 30;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Refuses a file that is not regular before anything is read, because a FIFO can block and a device
// may never end.
void check_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw DataError(printable(path) + ": is not a regular file.");
  if (!std::ifstream(path, std::ios::binary))
    throw DataError(printable(path) + ": cannot be opened: " + std::strerror(errno) + ".");
  if (fs::file_size(path, error) > kLimit) throw DataError(printable(path) + ": is too large");
}

class CsvRows : public RankTable::Rows {
 public:
  explicit CsvRows(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    std::string line;
    if (!std::getline(file_, line)) throw DataError(printable(path_) + ": is empty");
    if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    columns = split_csv(line);
  }

  bool next(std::vector<std::string>* fields) override {
    for (std::string line; std::getline(file_, line);) {
      ++line_;
      if (line.empty() || line == "\r") continue;
      *fields = split_csv(line);
      return true;
    }
    return false;
  }

  std::string place() const override { return printable(path_) + ":" + std::to_string(line_); }

 private:
  std::string path_;
  std::ifstream file_;
  int64_t line_ = 1;
};

// The elements of an array as text.
class Column {
 public:
  Column(const NpzFile& file, const NpzArray& array, const std::string& path)
      : dtype_(array.dtype), alone_(array.shape.empty()) {
    const std::string where = printable(path + ": " + array.name);
    if (array.shape.size() > 1) {
      throw DataError(where + ": must have one dimension, but has " +
                      std::to_string(array.shape.size()));
    }
    length_ = alone_ ? 1 : array.shape[0];
    const bool known = dtype_ == "I64" || dtype_ == "I32" || dtype_ == "F64" || dtype_ == "F32" ||
                       dtype_.starts_with("|S");
    if (!known) {
      throw DataError(where + ": has the type " + printable(dtype_) +
                      "; save counts as int64, and ids as byte strings, which "
                      "numpy.char.encode(ids, 'utf-8') gives");
    }
    if (array.bytes > kLimit) throw DataError(where + ": is too large");
    bytes_.resize(array.bytes);
    if (!bytes_.empty()) file.read(array, bytes_.data());
    width_ = length_ > 0 ? bytes_.size() / static_cast<size_t>(length_) : 0;
  }

  bool alone() const { return alone_; }
  int64_t length() const { return length_; }

  std::string text(int64_t row) const {
    const char* element = bytes_.data() + (alone_ ? 0 : static_cast<size_t>(row) * width_);
    if (dtype_ == "I64") return std::to_string(value<int64_t>(element));
    if (dtype_ == "I32") return std::to_string(value<int32_t>(element));
    if (dtype_ == "F64") return real_text(value<double>(element));
    if (dtype_ == "F32") return real_text(value<float>(element));
    return std::string(element, strnlen(element, width_));
  }

 private:
  template <class T>
  static T value(const char* element) {
    T value;
    std::memcpy(&value, element, sizeof value);
    return value;
  }
  static std::string real_text(double value) {
    char text[400];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
    return std::string(text, end);
  }

  std::string dtype_;
  bool alone_;
  int64_t length_ = 0;
  size_t width_ = 0;  // of an element
  std::vector<char> bytes_;
};

class ArrayRows : public RankTable::Rows {
 public:
  explicit ArrayRows(const std::string& path) : path_(path) {
    const NpzFile file(path);
    for (const NpzArray& array : file.arrays()) {
      columns.push_back(array.name);
      columns_.emplace_back(file, array, path);
      const Column& column = columns_.back();
      if (column.alone()) continue;
      if (rows_ >= 0 && column.length() != rows_) {
        throw DataError(printable(path + ": " + array.name) + ": has " +
                        counted(column.length(), "element") + ", but an array before it " +
                        std::to_string(rows_));
      }
      rows_ = column.length();
    }
  }

  bool next(std::vector<std::string>* fields) override {
    if (row_ >= rows_) return false;
    fields->clear();
    for (const Column& column : columns_) fields->push_back(column.text(row_));
    ++row_;
    return true;
  }

  std::string place() const override {
    return printable(path_) + (row_ > 0 ? ": row " + std::to_string(row_) : "");
  }

 private:
  std::string path_;
  std::vector<Column> columns_;
  int64_t rows_ = -1, row_ = 0;
};

}  // namespace

RankTable::RankTable(const std::string& path) {
  check_file(path);
  if (array_format(path) == ArrayFormat::kNpz) {
    rows_ = std::make_unique<ArrayRows>(path);
  } else {
    rows_ = std::make_unique<CsvRows>(path);
  }
}

RankTable::~RankTable() = default;

const std::vector<std::string>& RankTable::columns() const { return rows_->columns; }

bool RankTable::next() { return rows_->next(&fields_); }

std::string RankTable::place() const { return rows_->place(); }

}  // namespace lea::lab
