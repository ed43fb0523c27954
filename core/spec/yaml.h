// YAML as a tree in which every key and value knows its file, line and column. What readers
// understand in different ways is refused: duplicate keys, merge keys, tags, a second document,
// cyclic aliases.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lea::spec {

// A text that is read: a file, or one `--set` of the command line.
struct Source {
  std::string name;       // as errors show it: the path, or "--set a.b=c"
  std::string folder;     // where relative paths in it start
  int layer = 0;          // a source with a higher number replaces what a lower one states
  bool has_lines = true;  // false: an error names the source without line and column
};
using SourcePtr = std::shared_ptr<const Source>;

// Texts that stand for files, by the paths of these: the document in an editor, say, or another one
// that it extends.
using Buffers = std::map<std::string, std::string>;

struct Location {
  SourcePtr source;
  int line = 1, column = 1;
  std::string text() const;  // "file:line:col"
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct Entry {
  std::string key;
  Location at;  // of the key
  NodePtr value;
};

// A value. It does not change once it is built, so aliases and layers may share it.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Location at;
  std::string text;            // of a scalar
  bool plain = true;           // of a scalar: without quotes, so it may be a number, true or false
  std::vector<NodePtr> items;  // of a list
  std::vector<Entry> entries;  // of a map
  size_t size = 1;  // this node and all below it, each alias counted as what it stands for

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  const Entry* find(std::string_view key) const;  // null when the map lacks it, or it is no map
};

NodePtr make_scalar(std::string text, const Location& at);
NodePtr make_map(std::vector<Entry> entries, const Location& at);

// The place of the byte at `offset` of a text.
Location place_of(std::string_view text, size_t offset, const SourcePtr& source);

// "grid.exclude[0]", as errors name an element of a list.
inline std::string numbered(const std::string& key, size_t index) {
  return key + "[" + std::to_string(index) + "]";
}

// What is wrong at one place.
struct Diagnostic {
  Location location;
  std::string key;   // dotted, such as "train.batch_size"; empty for an error of the whole file
  std::string text;  // as the command line prints it: "file:line:col: key: what"
};

// Collects errors, so that a user sees all of them at once in the order of the files and lines.
class Errors {
 public:
  // `key` is the full key, such as "train.batch_size", or empty for an error of the whole file.
  void add(const Location& at, const std::string& key, const std::string& what);
  // An error of a file that cannot be read. Its text names the file.
  void add_unreadable(const Location& at, const std::string& text);
  bool empty() const { return found_.empty(); }
  size_t count() const { return found_.size(); }
  std::vector<Diagnostic> sorted() const;
  // Throws ConfigError with the first 50, one a line.
  void throw_if_any() const;

 private:
  void keep(Diagnostic found);

  std::vector<Diagnostic> found_;
  std::set<std::string> texts_;  // an error that several cells have is reported once
};

// Throws ConfigError with this error alone, in the words of Errors.
[[noreturn]] void refuse(const Location& at, const std::string& key, const std::string& what);

// The document. Null, with the reason in the errors, when the text is not one well-formed document.
NodePtr parse_yaml(std::string_view text, const SourcePtr& source, Errors& errors);

// Reads and parses a file of at most 1 MiB.
NodePtr read_yaml(const std::string& path, const SourcePtr& source, Errors& errors);

// The tree without places. Plain scalars that look like a number, true or false become that.
nlohmann::json plain_json(const Node& node);

// The value as YAML on one line, in flow style, and a key as it stands there. Scalars keep their
// quotes, and get them where they need them.
std::string in_flow(const Node& node);
std::string key_in_flow(const std::string& key);

// Read an integer or a real number. Empty on success, otherwise the reason why `text` is none.
std::string parse_integer(const std::string& text, int64_t* value);
std::string parse_real(const std::string& text, double* value);

}  // namespace lea::spec
