#include "core/spec/yaml.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <tuple>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/text.h"

namespace lea::spec {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxNodes = 100000;
constexpr size_t kMaxAliases = 1000;
constexpr size_t kMaxScalar = size_t{64} << 10;
constexpr size_t kMaxErrors = 50;

// Thrown when the rest of the document cannot be read.
struct Unusable {
  Location at;
  std::string what;
};

// Builds the tree from yaml-cpp's events. The nodes of yaml-cpp itself would accept duplicate keys,
// lose the places of keys, and expand aliases without a limit.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(SourcePtr source, Errors& errors) : source_(std::move(source)), errors_(errors) {}

  NodePtr root() const { return root_; }
  Location locate(const YAML::Mark& mark) const {
    return {source_, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.at = locate(mark);
    add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Location at = locate(mark);
    if (++aliases_ > kMaxAliases) {
      throw Unusable{at, "has more than " + std::to_string(kMaxAliases) + " aliases"};
    }
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Unusable{at, "is an alias of the value that it stands in"};
    count(found->second->size, at);
    attach(found->second, at);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::kScalar;
    node.at = locate(mark);
    node.plain = tag == "?";
    node.text = value;
    refuse_tag(tag, node.at);
    if (value.size() > kMaxScalar) {
      throw Unusable{node.at, "is longer than " + std::to_string(kMaxScalar) + " bytes"};
    }
    check_characters(node);
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Entry> key;                // a key of a map whose value has not been read yet
    std::map<std::string, Location> places;  // of the keys that have been read
  };

  void refuse_tag(const std::string& tag, const Location& at) {
    if (tag != "?" && tag != "!" && !tag.empty()) {
      errors_.add(at, "",
                  "tags such as " + in_backticks(tag) + " are not used in a spec; remove it");
    }
  }
  void check_characters(const Node& node) {
    std::string text = node.text;
    std::erase_if(text, [](char c) { return c == '\n' || c == '\t'; });
    if (printable(text) != text) {
      errors_.add(
          node.at, "",
          "control and bidirectional characters are not allowed, but it is " + in_backticks(text));
    }
  }
  void count(size_t nodes, const Location& at) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      throw Unusable{at, "has more than " + std::to_string(kMaxNodes) +
                             " values once its aliases are expanded"};
    }
  }
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    Open frame;
    frame.node.kind = kind;
    frame.node.at = locate(mark);
    frame.anchor = anchor;
    refuse_tag(tag, frame.node.at);
    if (open_.size() >= kMaxDepth) {
      throw Unusable{frame.node.at, "is nested more than " + std::to_string(kMaxDepth) + " deep"};
    }
    open_.push_back(std::move(frame));
  }
  void close() {
    Open frame = std::move(open_.back());
    open_.pop_back();
    for (const NodePtr& item : frame.node.items) frame.node.size += item->size;
    for (const Entry& entry : frame.node.entries) frame.node.size += entry.value->size;
    add(std::move(frame.node), frame.anchor);
  }
  void add(Node node, YAML::anchor_t anchor) {
    const Location at = node.at;
    count(1, at);
    const auto shared = std::make_shared<const Node>(std::move(node));
    if (anchor != YAML::NullAnchor) anchors_[anchor] = shared;
    attach(shared, at);
  }
  // `at` is where the document has the value. For an alias this is not node->at.
  void attach(const NodePtr& node, const Location& at) {
    if (open_.empty()) {
      root_ = node;
      return;
    }
    Open& frame = open_.back();
    if (frame.node.is_list()) {
      frame.node.items.push_back(node);
    } else if (!frame.key) {
      frame.key = Entry{key_text(*node, at), at, nullptr};
    } else {
      frame.key->value = node;
      add_entry(frame);
      frame.key.reset();
    }
  }
  std::string key_text(const Node& node, const Location& at) {
    if (!node.is_scalar()) {
      throw Unusable{at, "a key must be a word, but is a " + std::string(node.is_list()  ? "list"
                                                                         : node.is_map() ? "map"
                                                                                         : "null")};
    }
    return node.text;
  }
  void add_entry(Open& frame) {
    const Entry& entry = *frame.key;
    if (entry.key == "<<") {
      errors_.add(entry.at, "", "merge keys (`<<`) are not used in a spec; use `extends`");
      return;
    }
    const auto [place, added] = frame.places.emplace(entry.key, entry.at);
    if (!added) {
      errors_.add(entry.at, "",
                  "duplicate key " + in_backticks(entry.key) + ", first stated in line " +
                      std::to_string(place->second.line));
      return;
    }
    frame.node.entries.push_back(entry);
  }

  SourcePtr source_;
  Errors& errors_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  size_t nodes_ = 0, aliases_ = 0;
  NodePtr root_;
};

// Whether the bytes are text that the parser may read. Otherwise adds the reason to the errors.
bool check_encoding(std::string_view text, const SourcePtr& source, Errors& errors) {
  if (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF") {
    errors.add({source}, "", "is UTF-16 text; save it as UTF-8");
    return false;
  }
  const size_t bad = invalid_utf8(text);
  if (bad != std::string_view::npos) {
    errors.add(place_of(text, bad, source), "",
               "byte " + std::to_string(bad) + " is not UTF-8; save the file as UTF-8");
    return false;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F) {
      errors.add(place_of(text, i, source), "",
                 "has the control character " + printable(text.substr(i, 1)) + "; remove it");
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Location::text() const {
  if (!source) return "";
  if (!source->has_lines) return printable(source->name);
  return printable(source->name) + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Entry* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Location place_of(std::string_view text, size_t offset, const SourcePtr& source) {
  const std::string_view before = text.substr(0, offset);
  const size_t start = before.rfind('\n');
  return {source, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(start == std::string_view::npos ? offset : offset - start - 1) + 1};
}

NodePtr make_scalar(std::string text, const Location& at) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.text = std::move(text);
  node.at = at;
  return std::make_shared<const Node>(std::move(node));
}

NodePtr make_map(std::vector<Entry> entries, const Location& at) {
  Node node;
  node.kind = Node::Kind::kMap;
  node.at = at;
  for (const Entry& entry : entries) node.size += entry.value->size;
  node.entries = std::move(entries);
  return std::make_shared<const Node>(std::move(node));
}

void Errors::add(const Location& at, const std::string& key, const std::string& what) {
  std::string text = at.text();
  if (!text.empty()) text += ": ";
  if (!key.empty()) text += printable(key) + ": ";
  text += what;
  keep({at, key, std::move(text)});
}

void Errors::add_unreadable(const Location& at, const std::string& text) { keep({at, "", text}); }

void Errors::keep(Diagnostic found) {
  if (texts_.insert(found.text).second) found_.push_back(std::move(found));
}

std::vector<Diagnostic> Errors::sorted() const {
  std::vector<Diagnostic> sorted = found_;
  const auto place = [](const Diagnostic& found) {
    const Location& at = found.location;
    return std::make_tuple(at.source ? at.source->layer : -1, at.line, at.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  return sorted;
}

void Errors::throw_if_any() const {
  if (found_.empty()) return;
  const std::vector<Diagnostic> all = sorted();
  std::string message;
  const size_t shown = std::min(all.size(), kMaxErrors);
  for (size_t i = 0; i < shown; ++i) message += (i == 0 ? "" : "\n") + all[i].text;
  if (all.size() > shown) message += "\nand " + std::to_string(all.size() - shown) + " more";
  throw ConfigError(message);
}

void refuse(const Location& at, const std::string& key, const std::string& what) {
  Errors errors;
  errors.add(at, key, what);
  throw ConfigError(errors.sorted().front().text);
}

NodePtr parse_yaml(std::string_view text, const SourcePtr& source, Errors& errors) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (text.size() > kMaxBytes) {
    errors.add({source}, "", "is longer than " + std::to_string(kMaxBytes) + " bytes");
    return nullptr;
  }
  if (!check_encoding(text, source, errors)) return nullptr;
  TreeBuilder builder(source, errors);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || !builder.root()) {
      errors.add({source}, "", "is empty");
      return nullptr;
    }
    const NodePtr root = builder.root();
    TreeBuilder second(source, errors);
    if (parser.HandleNextDocument(second)) {
      errors.add(second.root() ? second.root()->at : Location{source}, "",
                 source->has_lines
                     ? "a second document starts here; a spec is one document"
                     : "more text follows behind the end of the value. A text that begins with `{` "
                       "or `[` needs quotes of its own, as in --set 'key=\"{item} is\"'");
      return nullptr;
    }
    return root;
  } catch (const Unusable& unusable) {
    errors.add(unusable.at, "", unusable.what);
  } catch (const YAML::Exception& error) {
    errors.add(builder.locate(error.mark), "", "is not YAML: " + printable(error.msg));
  }
  return nullptr;
}

NodePtr read_yaml(const std::string& path, const SourcePtr& source, Errors& errors) {
  std::string text;
  try {
    text = read_file(path, kMaxBytes);
  } catch (const Error& error) {
    errors.add({}, "", error.what());  // the message begins with the path
    return nullptr;
  }
  return parse_yaml(text, source, errors);
}

}  // namespace lea::spec
