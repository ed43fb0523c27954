#include "core/lm/tokenizer/pre_tokenizer.h"

#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/byte_alphabet.h"
#include "core/lm/tokenizer/metaspace.h"
#include "core/lm/tokenizer/oniguruma.h"
#include "core/lm/tokenizer/pattern.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

using Pieces = std::vector<std::string>;

// GPT-2's words: contractions; letters, numbers or other characters with at most one space before
// them; white space.
constexpr const char* kGpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Applies `split` to each piece.
template <class Split>
PreTokenizer each(Split split) {
  return [split](const Pieces& pieces, bool at_start) {
    Pieces result;
    for (size_t i = 0; i < pieces.size(); ++i) split(pieces[i], at_start && i == 0, &result);
    return result;
  };
}

PreTokenizer byte_level(const JsonFields& fields) {
  const bool prefix = fields.boolean("add_prefix_space", true);
  const bool words = fields.boolean("use_regex", true);
  const Pattern pattern(pcre2_of(kGpt2Words, fields.where()), fields.where());
  return each([=](const std::string& piece, bool, Pieces* result) {
    const std::string text = prefix && !piece.starts_with(' ') ? " " + piece : piece;
    if (!words) {
      result->push_back(in_byte_alphabet(text));
      return;
    }
    pattern.for_each(
        text, [&](std::string_view part, bool) { result->push_back(in_byte_alphabet(part)); });
  });
}

PreTokenizer splitting(const JsonFields& fields) {
  const Pattern pattern = Pattern::of(fields.object("pattern"));
  const std::string behavior = fields.text("behavior");
  if (behavior != "Isolated" && behavior != "Removed") {
    fields.fail("behavior",
                in_backticks(behavior) + " is not supported; supported: Isolated, Removed");
  }
  const bool removed = behavior == "Removed", invert = fields.boolean("invert", false);
  return each([=](const std::string& piece, bool, Pieces* result) {
    pattern.for_each(piece, [&](std::string_view part, bool is_match) {
      if (!part.empty() && (!removed || is_match == invert)) result->emplace_back(part);
    });
  });
}

PreTokenizer digits(const JsonFields& fields) {
  const bool individual = fields.boolean("individual_digits", false);
  return each([individual](const std::string& piece, bool, Pieces* result) {
    bool in_number = false;
    std::string part;
    for (size_t at = 0; at < piece.size();) {
      const CodePoint c = code_point_at(piece, at);
      const bool number = is_number(c.value);
      if (!part.empty() && (number != in_number || (number && individual))) {
        result->push_back(part);
        part.clear();
      }
      in_number = number;
      part += piece.substr(at, c.bytes);
      at += c.bytes;
    }
    if (!part.empty()) result->push_back(part);
  });
}

PreTokenizer metaspace(const JsonFields& fields) {
  return each(
      [step = read_metaspace(fields)](const std::string& piece, bool at_start, Pieces* result) {
        const std::string& mark = step.mark;
        std::string text;
        for (const char c : piece) text += c == ' ' ? mark : std::string(1, c);
        const bool prepend = step.scheme == "always" || (step.scheme == "first" && at_start);
        if (prepend && !text.empty() && !text.starts_with(mark)) text.insert(0, mark);
        if (!step.split) {
          result->push_back(text);
          return;
        }
        size_t begin = 0;
        for (size_t at; (at = text.find(mark, begin + 1)) != std::string::npos; begin = at)
          result->push_back(text.substr(begin, at - begin));
        if (begin < text.size()) result->push_back(text.substr(begin));
      });
}

PreTokenizer sequence(const JsonFields& fields) {
  std::vector<PreTokenizer> steps;
  const nlohmann::json& list = fields.at("pretokenizers");
  if (!list.is_array()) fields.fail("pretokenizers", "must be a list");
  for (const nlohmann::json& step : list)
    steps.push_back(make_pre_tokenizer(step, fields.where() + ": pretokenizers"));
  return [steps](Pieces pieces, bool at_start) {
    for (const PreTokenizer& step : steps) pieces = step(std::move(pieces), at_start);
    return pieces;
  };
}

}  // namespace

PreTokenizer make_pre_tokenizer(const nlohmann::json& document, const std::string& where) {
  if (document.is_null()) return [](Pieces pieces, bool) { return pieces; };
  const JsonFields fields(document, where);
  const std::string type = fields.text("type");
  if (type == "ByteLevel") return byte_level(fields);
  if (type == "Split") return splitting(fields);
  if (type == "Digits") return digits(fields);
  if (type == "Metaspace") return metaspace(fields);
  if (type == "Sequence") return sequence(fields);
  fields.fail("type", in_backticks(type) +
                          " is not supported; supported: ByteLevel, Digits, Metaspace, Sequence, "
                          "Split");
}

}  // namespace lea::lm
