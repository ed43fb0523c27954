// YAML as a located tree: every key and value knows its file, line and column, and nothing that a
// reader could misunderstand is accepted (duplicate or merge keys, tags, a second document, cyclic
// aliases).
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lea::spec {

// Where text came from: a file, or one `--set` of the command line.
struct Source {
  std::string name;       // as errors show it: the path, or "--set a.b=c"
  std::string folder;     // that relative paths in it start from
  int layer = 0;          // later layers win; those that a spec extends come before it
  bool has_lines = true;  // false: an error names the source without line and column
};
using SourcePtr = std::shared_ptr<const Source>;

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

// Immutable once built, so that aliases and layers share sub-trees.
struct Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Location at;
  std::string text;   // scalars
  bool plain = true;  // scalars: not quoted, so that it may be a number, true or false
  std::vector<NodePtr> items;
  std::vector<Entry> entries;
  size_t size = 1;  // nodes below and this one, aliases expanded

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  const Entry* find(std::string_view key) const;  // null when absent or no map
};

NodePtr make_scalar(std::string text, const Location& at);
NodePtr make_map(std::vector<Entry> entries, const Location& at);

// Collects errors so that a user sees all of them at once, in the order of the files and lines.
class Errors {
 public:
  // `key` is the path of the key, such as "train.batch_size"; empty when the file as a whole is
  // meant.
  void add(const Location& at, const std::string& key, const std::string& what);
  bool empty() const { return found_.empty(); }
  size_t count() const { return found_.size(); }
  // Throws ConfigError with the first 50, one a line.
  void throw_if_any() const;

 private:
  struct Found {
    Location at;
    std::string text;
  };
  std::vector<Found> found_;
  std::set<std::string> texts_;  // one error is told once, however many cells meet it
};

// Null when the text is not one well-formed document; the reason is then in `errors`.
NodePtr parse_yaml(std::string_view text, const SourcePtr& source, Errors& errors);

// Reads and parses a file of at most 1 MiB.
NodePtr read_yaml(const std::string& path, const SourcePtr& source, Errors& errors);

// The tree without locations: plain scalars that look like a number, true or false become that.
nlohmann::json plain_json(const Node& node);

// The two number grammars. Empty when `text` is one, else why it is not.
std::string parse_integer(const std::string& text, int64_t* value);
std::string parse_real(const std::string& text, double* value);

}  // namespace lea::spec
