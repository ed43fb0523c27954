#include "core/lm/tokenizer/normalizer.h"

#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/pattern.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

Normalizer replacing(const JsonFields& fields) {
  const Pattern pattern = Pattern::of(fields.object("pattern"));
  return [pattern, content = fields.text("content")](const std::string& text) {
    std::string result;
    pattern.for_each(text, [&](std::string_view part, bool is_match) {
      result += is_match ? std::string_view(content) : part;
    });
    return result;
  };
}

Normalizer stripping(const JsonFields& fields) {
  const bool left = fields.boolean("strip_left", true), right = fields.boolean("strip_right", true);
  return [left, right](const std::string& text) {
    size_t begin = text.size(), end = 0;
    for (size_t at = 0; at < text.size();) {
      const CodePoint c = code_point_at(text, at);
      if (!is_white_space(c.value)) {
        begin = std::min(begin, at);
        end = at + c.bytes;
      }
      at += c.bytes;
    }
    if (!left) begin = 0;
    if (!right) end = text.size();
    return begin < end ? text.substr(begin, end - begin) : std::string();
  };
}

Normalizer sequence(const JsonFields& fields) {
  std::vector<Normalizer> steps;
  const nlohmann::json& list = fields.at("normalizers");
  if (!list.is_array()) fields.fail("normalizers", "must be a list");
  for (const nlohmann::json& step : list)
    steps.push_back(make_normalizer(step, fields.where() + ": normalizers"));
  return [steps](std::string text) {
    for (const Normalizer& step : steps) text = step(std::move(text));
    return text;
  };
}

}  // namespace

Normalizer make_normalizer(const nlohmann::json& document, const std::string& where) {
  if (document.is_null()) return [](std::string text) { return text; };
  const JsonFields fields(document, where);
  const std::string type = fields.text("type");
  const auto form = [](Form form) {
    return [form](const std::string& text) { return normalized(text, form); };
  };
  if (type == "NFC") return form(Form::kNfc);
  if (type == "NFD") return form(Form::kNfd);
  if (type == "NFKC") return form(Form::kNfkc);
  if (type == "NFKD") return form(Form::kNfkd);
  if (type == "Lowercase") return [](const std::string& text) { return lower_case(text); };
  if (type == "Sequence") return sequence(fields);
  if (type == "Replace") return replacing(fields);
  if (type == "Strip") return stripping(fields);
  if (type == "Prepend") {
    return [prefix = fields.text("prepend")](const std::string& text) {
      return text.empty() ? text : prefix + text;
    };
  }
  fields.fail("type", in_backticks(type) +
                          " is not supported; supported: NFC, NFD, NFKC, NFKD, Lowercase, "
                          "Prepend, Replace, Sequence, Strip");
}

}  // namespace lea::lm
