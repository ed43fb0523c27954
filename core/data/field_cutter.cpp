#include "core/data/field_cutter.h"

#include <utility>

namespace lea::data {

FieldCutter::FieldCutter(std::string separator)
    : separator_(std::move(separator)), quotes_(separator_ == "," || separator_ == ";") {}

bool FieldCutter::continues(std::string_view line) {
  if (!quotes_ || (!open_ && line.find('"') == line.npos)) return false;
  enum class At { kStart, kPlain, kQuoted, kAfterQuote };
  At at = open_ ? At::kQuoted : At::kStart;
  for (const char c : line) {
    if (at == At::kQuoted) {
      if (c == '"') at = At::kAfterQuote;
    } else if (c == '"' && at != At::kPlain) {
      at = At::kQuoted;
    } else {
      at = c == separator_[0] ? At::kStart : At::kPlain;
    }
  }
  open_ = at == At::kQuoted;
  return open_;
}

std::string FieldCutter::cut(std::string_view record, size_t* where) {
  fields_.clear();
  starts_.clear();
  unescaped_.clear();
  size_t at = 0;
  for (;;) {
    starts_.push_back(at);
    *where = at;
    if (quotes_ && at < record.size() && record[at] == '"') {
      const std::string problem = cut_quoted(record, &at);
      if (!problem.empty()) return problem;
      if (at == record.size()) return "";
      if (record.compare(at, separator_.size(), separator_) != 0) {
        *where = at;
        return "text follows a quoted field; inside a quoted field, write a quotation mark twice.";
      }
    } else {
      // The search for a single character is much faster.
      const size_t end =
          separator_.size() == 1 ? record.find(separator_[0], at) : record.find(separator_, at);
      fields_.push_back(record.substr(at, end == record.npos ? end : end - at));
      if (end == record.npos) return "";
      at = end;
    }
    at += separator_.size();
  }
}

// Reads the field whose first quotation mark is at `*at`, and moves `*at` behind the closing one.
std::string FieldCutter::cut_quoted(std::string_view record, size_t* at) {
  const size_t begin = *at + 1;
  size_t close = begin;
  bool escaped = false;
  for (;; close += 2, escaped = true) {
    close = record.find('"', close);
    if (close == record.npos) return "a quotation mark opens a field and is not closed.";
    if (close + 1 == record.size() || record[close + 1] != '"') break;
  }
  std::string_view text = record.substr(begin, close - begin);
  if (escaped) {
    std::string& plain = unescaped_.emplace_back();
    for (size_t i = 0; i < text.size(); ++i) {
      plain += text[i];
      if (text[i] == '"') ++i;
    }
    text = plain;
  }
  fields_.push_back(text);
  *at = close + 1;
  return "";
}

}  // namespace lea::data
