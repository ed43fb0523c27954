#include "core/data/interaction_reader.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/id_table.h"
#include "core/data/timestamp.h"

namespace lea::data {
namespace {

constexpr size_t kRowsBetweenLooks = 4096;

// Texts that data tools write for a missing value. As an id, such a text would join unrelated
// events into one sequence or item.
bool is_missing(std::string_view text) {
  for (const std::string_view name :
       {"", "NA", "NaN", "nan", "<NA>", "NULL", "null", "None", "\\N"}) {
    if (text == name) return true;
  }
  return false;
}

std::string in_ticks(std::string_view text) {
  std::string shown = "`";
  shown += printable(text.substr(0, 40));
  return shown + "`";
}

// Notices sequences whose rows name several users.
class UsersOfSessions {
 public:
  void add(uint32_t sequence, std::string_view id, std::string_view user) {
    const uint32_t number = users_.insert(user);
    if (sequence >= first_.size()) {
      first_.resize(size_t{sequence} + 1, IdTable::kNone);
      several_.resize(first_.size());
    }
    uint32_t& first = first_[sequence];
    if (first == IdTable::kNone) first = number;
    if (first == number || several_[sequence]) return;
    several_[sequence] = true;
    if (++count_ == 1) {
      example_ =
          in_ticks(id) + " (users " + in_ticks(users_.text(first)) + " and " + in_ticks(user) + ")";
    }
  }

  // The sentence is empty when each session has one user.
  std::string sentence(const std::string& user_column, const std::string& session_column) const {
    if (count_ == 0) return "";
    return counted(count_, "session") + " of the column " + in_ticks(session_column) +
           (count_ == 1 ? " has" : " have") + " rows of several users in " + in_ticks(user_column) +
           ", the first is " + example_ +
           ". If session numbers begin again for each user, import with `--columns user=" +
           printable(user_column) + ",session=" + printable(session_column) +
           "`, so that a sequence is one user's session.";
  }

 private:
  IdTable users_;
  std::vector<uint32_t> first_;  // by sequence; kNone before its first user
  std::vector<bool> several_;
  int64_t count_ = 0;
  std::string example_;
};

class Reader {
 public:
  Reader(const std::string& path, const Layout& layout, const TableForm& form, BadRows& bad,
         Interactions& interactions)
      : table_(path, bad, form),
        columns_(find_columns(table_, layout)),
        interactions_(interactions) {}

  ReadInteractions read(const std::vector<std::string>& behaviours) {
    if (columns_.behaviour) interactions_.begin_behaviours(behaviours);
    while (table_.next()) {
      if (interactions_.events() % kRowsBetweenLooks == 0) stop_if_cancelled();
      if (interactions_.events() >= Interactions::kMost) {
        throw DataError(printable(table_.path()) + ": more than " +
                        std::to_string(Interactions::kMost) + " interactions.");
      }
      add_row();
    }
    ReadInteractions result;
    result.unused_columns = columns_.unused;
    result.iso8601 = times_ == Times::kDates;
    if (columns_.user) {
      result.mixed_sessions =
          users_.sentence(name_of(*columns_.user), name_of(columns_.sequence[0]));
    }
    return result;
  }

 private:
  enum class Times { kUnknown, kNumbers, kDates };

  // The name of a column as --columns takes it.
  const std::string& name_of(size_t column) const { return table_.header()[column]; }
  std::string_view field(size_t column) const { return table_.fields()[column]; }

  void add_row() {
    for (const size_t column : columns_.sequence) {
      if (!check_id(column)) return;
    }
    if (!check_id(columns_.item)) return;
    double time = 0;
    if (!read_time(&time)) return;
    if (columns_.behaviour && !add_behaviour(*columns_.behaviour)) return;
    const std::string_view sequence = sequence_id();
    const uint32_t index = interactions_.add(sequence, field(columns_.item), time);
    if (columns_.user && !is_missing(field(*columns_.user)))
      users_.add(index, sequence, field(*columns_.user));
  }

  // An id may not hold what ends a field or a line of the lab's files. Only other separators than
  // the tab let such characters through.
  bool check_id(size_t column) {
    const std::string_view text = field(column);
    if (is_missing(text)) {
      table_.refuse(
          column, "the " + printable(name_of(column)) + " is missing (`" + printable(text) + "`).");
      return false;
    }
    if (table_.form().separator != "\t" && text.find_first_of("\t\n\r") != text.npos) {
      table_.refuse(column, "the " + printable(name_of(column)) + " " + in_ticks(text) +
                                " holds a tab or a line end.");
      return false;
    }
    return true;
  }

  std::string_view sequence_id() {
    if (columns_.sequence.size() == 1) return field(columns_.sequence[0]);
    joined_.clear();
    for (const size_t column : columns_.sequence) {
      if (!joined_.empty()) joined_ += ':';
      // Without the mark, `a:b` of user `c` and `b` of user `c:a` would be one sequence.
      for (const char c : field(column)) {
        if (c == ':' || c == '\\') joined_ += '\\';
        joined_ += c;
      }
    }
    return joined_;
  }

  bool add_behaviour(size_t column) {
    if (is_missing(field(column))) {
      table_.refuse(column, "the behaviour is missing.");
      return false;
    }
    if (!check_id(column)) return false;
    if (interactions_.add_behaviour(field(column))) return true;
    throw DataError(printable(table_.path()) + ":" + std::to_string(table_.line()) +
                    ":1: more than 255 different behaviours. Is the right column named behaviour?");
  }

  bool read_time(double* time) {
    const std::string_view text = field(columns_.time);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *time);
    const bool number =
        error == std::errc() && end == text.data() + text.size() && std::isfinite(*time);
    const auto date = number ? std::nullopt : parse_iso8601(text);
    if (date) *time = *date;
    if (!number && !date) {
      return refuse_time(wrong_time(text, error == std::errc::result_out_of_range));
    }
    const Times form = number ? Times::kNumbers : Times::kDates;
    if (times_ == Times::kUnknown) times_ = form;
    if (times_ == form) return true;
    return refuse_time("the timestamp " + in_ticks(text) +
                       (number ? " is a number, but those before are dates."
                               : " is a date, but those before are numbers."));
  }

  static std::string wrong_time(std::string_view text, bool overflow) {
    const std::string shown = in_ticks(text);
    if (is_missing(text)) return "the timestamp is missing (" + shown + ").";
    if (overflow) return "the timestamp " + shown + " is beyond the range of a double.";
    if (text.find(',') != text.npos)
      return "the timestamp " + shown + " has a comma; write a decimal point.";
    return "the timestamp must be a number, or a date such as 2014-04-02T10:51:09Z, but is " +
           shown + ".";
  }

  bool refuse_time(const std::string& what) {
    table_.refuse(columns_.time, what);
    return false;
  }

  TableReader table_;
  Columns columns_;
  Interactions& interactions_;
  UsersOfSessions users_;
  Times times_ = Times::kUnknown;
  std::string joined_;
};

}  // namespace

ReadInteractions read_interactions(const std::string& path, const Layout& layout,
                                   const TableForm& form,
                                   const std::vector<std::string>& behaviours, BadRows& bad,
                                   Interactions& interactions) {
  return Reader(path, layout, form, bad, interactions).read(behaviours);
}

}  // namespace lea::data
