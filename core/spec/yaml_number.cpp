// How a plain scalar becomes a number. The rules are stricter than YAML's, because YAML readers
// disagree: 010 is 8, 10 or an error, and 1_000 and 12:30 are numbers to some of them.
#include <charconv>
#include <cmath>

#include "core/spec/yaml.h"

namespace lea::spec {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

size_t leading_digits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

bool all_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

// Whether the text is 0, or digits without a leading zero, with or without a sign.
bool is_integer(std::string_view text) {
  text = without_sign(text);
  return !text.empty() && leading_digits(text) == text.size() &&
         (text.size() == 1 || text[0] != '0');
}

// Whether the text has digits, a fraction or an exponent: 5, 0.5, .5, 5., 1e-3.
bool is_real(std::string_view text) {
  text = without_sign(text);
  const size_t whole = leading_digits(text);
  if (whole > 1 && text[0] == '0') return false;
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    fraction = leading_digits(text.substr(1));
    text.remove_prefix(1 + fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  const std::string_view exponent = without_sign(text.substr(1));
  return !exponent.empty() && leading_digits(exponent) == exponent.size();
}

// The reason why a text is no number, also one that some YAML reader takes for a number.
std::string why_no_number(std::string_view text) {
  text = without_sign(text);
  if (text.size() > 1 && text[0] == '0' && all_of(text, "0123456789.")) {
    return "leading zeros are read as octal by some; write it without";
  }
  if (text.size() > 2 && text[0] == '0' && std::string_view("xXoObB").find(text[1]) < 6 &&
      all_of(text.substr(2), "0123456789abcdefABCDEF")) {
    return "write it in decimal";
  }
  if (!text.empty() && is_digit(text[0]) && all_of(text, "0123456789_.")) {
    return "write the digits without `_`";
  }
  for (const char* word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", "inf", "nan"}) {
    if (text == word) return "it must be finite";
  }
  return "it is not a number";
}

}  // namespace

std::string parse_real(const std::string& text, double* value) {
  if (!is_real(text)) return why_no_number(text);
  // from_chars does not follow the locale, which a window may set. strtod does.
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), *value);
  if (error == std::errc()) return "";
  return "it does not fit into a number of 64 bits";
}

std::string parse_integer(const std::string& text, int64_t* value) {
  if (is_integer(text)) {
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), *value);
    return error == std::errc() ? "" : "it does not fit into an integer of 64 bits";
  }
  double real = 0;
  const std::string problem = parse_real(text, &real);
  if (!problem.empty()) return problem;
  const bool exponent = text.find_first_of("eE") != std::string::npos;
  if (!exponent || real != std::floor(real)) return "it is not an integer";
  if (std::fabs(real) > 9007199254740992.0) return "it is too large to be exact; write all digits";
  *value = static_cast<int64_t>(real);
  return "";
}

nlohmann::json plain_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kList: {
      nlohmann::json list = nlohmann::json::array();
      for (const NodePtr& item : node.items) list.push_back(plain_json(*item));
      return list;
    }
    case Node::Kind::kMap: {
      nlohmann::json map = nlohmann::json::object();
      for (const Entry& entry : node.entries) map[entry.key] = plain_json(*entry.value);
      return map;
    }
    case Node::Kind::kScalar:
      break;
  }
  if (!node.plain) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  int64_t integer = 0;
  if (is_integer(node.text) && parse_integer(node.text, &integer).empty()) return integer;
  double real = 0;
  if (parse_real(node.text, &real).empty()) return real;
  return node.text;
}

}  // namespace lea::spec
