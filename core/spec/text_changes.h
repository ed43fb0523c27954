// Changes of the bytes of a YAML text: those that a new, another or a removed part needs, and none
// elsewhere. They are collected and made together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/spec/yaml_places.h"

namespace lea::spec {

class TextChanges {
 public:
  // The places given to all functions are those of this text, which must outlive the object.
  explicit TextChanges(std::string_view text);

  void change(size_t begin, size_t end, std::string text);
  // Gives a part another value, which is one line in flow style.
  void replace(const Part& part, const std::string& value);
  // Adds lines below the line of `at`, with the line ends of the text.
  void add_lines(size_t at, const std::vector<std::string>& lines);
  // Adds "key: value" to a map in brackets, or to the pair in `[a: 1]`.
  void add_in_flow(const Place& map, const std::string& entry);
  // Inserts an item into a list that has items, or that stands in brackets.
  void insert(const Place& list, size_t index, const std::string& item);
  // Takes a part away. Unless `holder` is in brackets, it has other parts.
  void cut(const Place& holder, size_t index);
  // Takes the only part of the document away. A list becomes [].
  void cut_document(const Place& root);

  std::string made() const;  // the text with all changes

  // The number of bytes between the begin of the line and `at`.
  size_t column(size_t at) const { return at - line_begin(text_, at); }

 private:
  struct Change {
    size_t begin, end;
    std::string text;
  };

  bool only_blanks(size_t begin, size_t end) const;
  bool ends_line(size_t at) const;
  size_t line_end(size_t at) const;
  void insert_in_brackets(const Place& holder, size_t index, const std::string& text);
  void cut_in_brackets(const std::vector<Part>& parts, size_t index);
  void cut_lines(const std::vector<Part>& parts, size_t index);

  std::string_view text_;
  std::string break_ = "\n";
  std::vector<Change> changes_;
};

}  // namespace lea::spec
