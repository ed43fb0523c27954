#include "core/report/filter.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/report/json_path.h"

namespace lea::report {

struct Filter::Node {
  enum class Kind { kAnd, kOr, kNot, kCompare } kind = Kind::kCompare;
  std::unique_ptr<Node> left, right;
  std::string field, op, value;
  std::optional<double> number;  // empty when the value is not a number
};

namespace {

using Node = Filter::Node;

// Limits the recursion, so that no expression can exhaust the stack.
constexpr int kMaxDepth = 100;

struct Token {
  enum class Kind { kWord, kText, kOp, kOpen, kClose, kEnd } kind = Kind::kEnd;
  std::string text;
  size_t at = 0;
};

std::optional<double> as_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

class Parser {
 public:
  Parser(const std::string& text, const std::vector<std::string>& fields)
      : text_(text), fields_(fields) {
    next();
  }

  std::unique_ptr<Node> parse() {
    if (token_.kind == Token::Kind::kEnd) return nullptr;
    auto root = any(0);
    if (token_.kind == Token::Kind::kClose) fail(token_.at, "`)` closes nothing");
    if (token_.kind != Token::Kind::kEnd) {
      const std::vector<std::string> joins = {"and", "or"};
      fail(token_.at, "expected `and`, `or` or the end, but found `" + printable(token_.text) +
                          "`" + did_you_mean(token_.text, joins));
    }
    return root;
  }

 private:
  [[noreturn]] void fail(size_t at, const std::string& what) const {
    throw UsageError("filter:1:" + std::to_string(at + 1) + ": " + what + "\n  " +
                     printable(text_) + "\n  " +
                     std::string(printable(text_.substr(0, at)).size(), ' ') + "^");
  }

  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string("_.@-+:/*").find(c) != std::string::npos || (c & 0x80) != 0;
  }

  void next() {
    while (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_])) != 0)
      ++pos_;
    token_ = {Token::Kind::kEnd, "", pos_};
    if (pos_ == text_.size()) return;
    const char c = text_[pos_];
    if (c == '(' || c == ')') {
      token_ = {c == '(' ? Token::Kind::kOpen : Token::Kind::kClose, std::string(1, c), pos_++};
    } else if (c == '"' || c == '\'') {
      const size_t end = text_.find(c, pos_ + 1);
      if (end == std::string::npos) fail(pos_, "the quote is not closed");
      token_ = {Token::Kind::kText, text_.substr(pos_ + 1, end - pos_ - 1), pos_};
      pos_ = end + 1;
    } else if (std::string("=!<>~").find(c) != std::string::npos) {
      size_t end = pos_;
      while (end < text_.size() && std::string("=!<>~").find(text_[end]) != std::string::npos)
        ++end;
      token_ = {Token::Kind::kOp, text_.substr(pos_, end - pos_), pos_};
      pos_ = end;
    } else if (is_word(c)) {
      size_t end = pos_;
      while (end < text_.size() && is_word(text_[end])) ++end;
      token_ = {Token::Kind::kWord, text_.substr(pos_, end - pos_), pos_};
      pos_ = end;
    } else {
      fail(pos_, "`" + printable(std::string(1, c)) + "` has no meaning here; put text in quotes");
    }
  }

  bool accept_word(const char* word) {
    if (token_.kind != Token::Kind::kWord || lower(token_.text) != word) return false;
    next();
    return true;
  }

  std::unique_ptr<Node> join(Node::Kind kind, std::unique_ptr<Node> left,
                             std::unique_ptr<Node> right) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }

  std::unique_ptr<Node> any(int depth) {
    auto left = all(depth);
    while (accept_word("or")) left = join(Node::Kind::kOr, std::move(left), all(depth));
    return left;
  }

  std::unique_ptr<Node> all(int depth) {
    auto left = one(depth);
    while (accept_word("and")) left = join(Node::Kind::kAnd, std::move(left), one(depth));
    return left;
  }

  std::unique_ptr<Node> one(int depth) {
    if (depth > kMaxDepth) fail(token_.at, "nested deeper than " + std::to_string(kMaxDepth));
    if (accept_word("not")) return join(Node::Kind::kNot, one(depth + 1), nullptr);
    if (token_.kind != Token::Kind::kOpen) return compare();
    const size_t open = token_.at;
    next();
    auto inner = any(depth + 1);
    if (token_.kind != Token::Kind::kClose) fail(open, "`(` is not closed");
    next();
    return inner;
  }

  std::unique_ptr<Node> compare() {
    if (token_.kind == Token::Kind::kEnd) fail(token_.at, "expected a field, but the filter ends");
    if (token_.kind != Token::Kind::kWord) {
      fail(token_.at, "expected a field, but found `" + printable(token_.text) + "`");
    }
    auto node = std::make_unique<Node>();
    node->field = token_.text;
    if (std::find(fields_.begin(), fields_.end(), node->field) == fields_.end()) {
      fail(token_.at, "`" + printable(node->field) + "` is not a field of any run" +
                          did_you_mean(node->field, fields_));
    }
    next();
    static const std::vector<std::string> kOps = {"=", "==", "!=", "<", "<=", ">", ">=", "~"};
    if (token_.kind != Token::Kind::kOp ||
        std::find(kOps.begin(), kOps.end(), token_.text) == kOps.end()) {
      fail(token_.at,
           "expected one of = != < <= > >= ~ after `" + node->field + "`" +
               (token_.text.empty() ? "" : ", but found `" + printable(token_.text) + "`"));
    }
    node->op = token_.text == "==" ? "=" : token_.text;
    next();
    if (token_.kind != Token::Kind::kWord && token_.kind != Token::Kind::kText) {
      fail(token_.at, "expected a value after `" + node->field + " " + node->op + "`");
    }
    node->value = token_.text;
    if (token_.kind == Token::Kind::kWord) node->number = as_number(token_.text);
    check_value(*node);
    next();
    return node;
  }

  void check_value(const Node& node) const {
    static const std::vector<std::string> kStates = {"queued", "running",   "finished",
                                                     "failed", "cancelled", "interrupted"};
    if (node.field == "state" && (node.op == "=" || node.op == "!=") &&
        std::find(kStates.begin(), kStates.end(), node.value) == kStates.end()) {
      fail(token_.at,
           "`" + printable(node.value) + "` is not a state of a run (queued, running, " +
               "finished, failed, cancelled, interrupted)" + did_you_mean(node.value, kStates) +
               (nearest(node.value, kStates).empty() ? "; the state slot is label.state" : ""));
    }
    const bool ordered = node.op[0] == '<' || node.op[0] == '>';
    const bool metric = node.field.find('@') != std::string::npos;
    if ((ordered && metric) || node.field == "seed" || node.field == "age") {
      if (!node.number && node.op != "~") {
        fail(token_.at, "`" + node.field + "` is a number, but is compared with `" +
                            printable(node.value) + "`");
      }
    }
  }

  const std::string& text_;
  const std::vector<std::string>& fields_;
  size_t pos_ = 0;
  Token token_;
};

// Gives a field of what is compared, and whether the field also has another name for the value.
struct Compared {
  std::function<FieldValue(const std::string&)> field;
  std::function<bool(const Node&)> is_also = [](const Node&) { return false; };
};

bool compare(const Node& node, const Compared& compared) {
  const FieldValue value = compared.field(node.field);
  if (!value.present) return node.op == "!=";
  if (node.op == "~") return lower(value.text).find(lower(node.value)) != std::string::npos;
  int order = 0;
  if (value.number && node.number) {
    order = *value.number < *node.number ? -1 : *value.number > *node.number ? 1 : 0;
  } else {
    order = value.text.compare(node.value);
    // A prefix of the uuid is equal to it.
    if (node.field == "uuid" && !node.value.empty() && value.text.rfind(node.value, 0) == 0)
      order = 0;
    if (compared.is_also(node)) order = 0;
  }
  if (node.op == "=") return order == 0;
  if (node.op == "!=") return order != 0;
  if (node.op == "<") return order < 0;
  if (node.op == "<=") return order <= 0;
  if (node.op == ">") return order > 0;
  return order >= 0;
}

bool evaluate(const Node& node, const Compared& compared) {
  switch (node.kind) {
    case Node::Kind::kAnd:
      return evaluate(*node.left, compared) && evaluate(*node.right, compared);
    case Node::Kind::kOr:
      return evaluate(*node.left, compared) || evaluate(*node.right, compared);
    case Node::Kind::kNot:
      return !evaluate(*node.left, compared);
    case Node::Kind::kCompare:
      break;
  }
  return compare(node, compared);
}

void add_fields(const Node& node, std::set<std::string>* fields) {
  if (node.kind == Node::Kind::kCompare) fields->insert(node.field);
  if (node.left) add_fields(*node.left, fields);
  if (node.right) add_fields(*node.right, fields);
}

}  // namespace

Filter::Filter(const std::string& expression, const std::vector<std::string>& fields)
    : root_(Parser(expression, fields).parse()) {}
Filter::~Filter() = default;
Filter::Filter(Filter&& other) noexcept = default;
Filter& Filter::operator=(Filter&& other) noexcept = default;

bool Filter::matches(const RunView& view) const {
  if (!root_) return true;
  return evaluate(*root_, {[&](const std::string& field) { return field_of(view, field); },
                           // A plugin's full id is equal to its short label.
                           [&](const Node& node) {
                             return text_at(view.run.spec, node.field + ".id") == node.value;
                           }});
}

bool Filter::matches(const std::function<FieldValue(const std::string&)>& field) const {
  return !root_ || evaluate(*root_, {field});
}

std::vector<std::string> Filter::fields() const {
  std::set<std::string> fields;
  if (root_) add_fields(*root_, &fields);
  return {fields.begin(), fields.end()};
}

void check_field(const std::string& field, const std::vector<std::string>& fields,
                 const std::string& where) {
  if (std::find(fields.begin(), fields.end(), field) != fields.end()) return;
  throw UsageError(where + ": `" + printable(field) + "` is not a field of any run" +
                   did_you_mean(field, fields));
}

}  // namespace lea::report
