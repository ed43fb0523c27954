#include "core/lm/tokenizer/token_decoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/byte_alphabet.h"
#include "core/lm/tokenizer/metaspace.h"
#include "core/lm/tokenizer/model.h"
#include "core/lm/tokenizer/normalizer.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

using Tokens = std::vector<std::string>;

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Replaces every occurrence of `from` by `to`. As in the reference, an empty text occurs around each
// character.
std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const bool found = text.compare(at, from.size(), from) == 0;
    if (found) result += to;
    if (found && !from.empty()) {
      at += from.size();
      continue;
    }
    const size_t bytes = code_point_at(text, at).bytes;
    result += text.substr(at, bytes);
    at += bytes;
  }
  return from.empty() ? result + to : result;
}

std::string joined_tokens(const Tokens& tokens, const char* between) {
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) text += between;
    text += tokens[i];
  }
  return text;
}

// The steps of the WordPiece decoder's clean-up, which knows one more than transformers.
std::string cleaned(std::string text, bool with_do_not) {
  static constexpr std::array<std::pair<const char*, const char*>, 11> kSteps = {
      {{" .", "."},
       {" ?", "?"},
       {" !", "!"},
       {" ,", ","},
       {" ' ", "'"},
       {" n't", "n't"},
       {" 'm", "'m"},
       {" do not", " don't"},
       {" 's", "'s"},
       {" 've", "'ve"},
       {" 're", "'re"}}};
  for (const auto& [from, to] : kSteps) {
    if (with_do_not || from != std::string_view(" do not")) text = replaced(text, from, to);
  }
  return text;
}

// Applies `change` to each token, with its index.
template <class Change>
TokenDecoder each(Change change) {
  return [change](Tokens tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = change(tokens[i], i);
    return tokens;
  };
}

// A token with a letter outside the alphabet stands for its own bytes.
Tokens byte_level(const Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += from_byte_alphabet(token).value_or(token);
  return {valid_utf8(bytes)};
}

// Adjacent tokens of bytes become their text or, if they are not UTF-8 together, a U+FFFD each.
Tokens byte_fallback(const Tokens& tokens) {
  Tokens result;
  std::string bytes;
  const auto add_bytes = [&] {
    if (bytes.empty()) return;
    if (invalid_utf8(bytes) == std::string::npos) {
      result.push_back(bytes);
    } else {
      result.insert(result.end(), bytes.size(), kReplacement);
    }
    bytes.clear();
  };
  for (const std::string& token : tokens) {
    if (const auto byte = byte_of_token(token)) {
      bytes += *byte;
      continue;
    }
    add_bytes();
    result.push_back(token);
  }
  add_bytes();
  return result;
}

TokenDecoder metaspace(const JsonFields& fields) {
  return each([step = read_metaspace(fields)](const std::string& token, size_t index) {
    const bool removes = index == 0 && step.scheme != "never";
    return replaced(token, step.mark, removes ? "" : " ");
  });
}

TokenDecoder bpe(const JsonFields& fields) {
  return [suffix = fields.text("suffix")](Tokens tokens) {
    for (size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = replaced(tokens[i], suffix, i + 1 == tokens.size() ? "" : " ");
    return tokens;
  };
}

TokenDecoder word_piece(const JsonFields& fields) {
  fields.at("cleanup");  // throws if it is missing
  return each([prefix = fields.text("prefix"), clean = fields.boolean("cleanup", false)](
                  const std::string& token, size_t index) {
    std::string text = token;
    if (index > 0) text = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
    return clean ? cleaned(text, /*with_do_not=*/true) : text;
  });
}

TokenDecoder ctc(const JsonFields& fields) {
  fields.at("cleanup");
  return [pad = fields.text("pad_token"), delimiter = fields.text("word_delimiter_token"),
          clean = fields.boolean("cleanup", false)](Tokens tokens) {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    Tokens result;
    for (const std::string& token : tokens) {
      std::string text = replaced(token, pad, "");
      if (clean) text = replaced(cleaned(text, /*with_do_not=*/true), delimiter, " ");
      if (!text.empty()) result.push_back(text);
    }
    return result;
  };
}

size_t count_in(const JsonFields& fields, const char* key) {
  const int64_t count = fields.integer(key);
  if (count < 0) fields.fail(key, "must be at least 0, but is " + std::to_string(count));
  return static_cast<size_t>(count);
}

TokenDecoder strip(const JsonFields& fields) {
  const std::string content = fields.text("content");
  if (content.empty() || code_point_at(content, 0).bytes != content.size())
    fields.fail("content", "must be one character, but is " + in_backticks(content));
  return each([content, start = count_in(fields, "start"), stop = count_in(fields, "stop")](
                  std::string_view token, size_t) {
    for (size_t i = 0; i < start && token.starts_with(content); ++i)
      token.remove_prefix(content.size());
    for (size_t i = 0; i < stop && token.ends_with(content); ++i)
      token.remove_suffix(content.size());
    return std::string(token);
  });
}

TokenDecoder sequence(const JsonFields& fields) {
  std::vector<TokenDecoder> steps;
  const nlohmann::json& list = fields.at("decoders");
  if (!list.is_array()) fields.fail("decoders", "must be a list");
  for (const nlohmann::json& step : list) {
    const JsonFields stated(step, fields.where() + ": decoders");  // null is no step
    steps.push_back(make_token_decoder(step, stated.where()));
  }
  return [steps](Tokens tokens) {
    for (const TokenDecoder& step : steps) tokens = step(std::move(tokens));
    return tokens;
  };
}

}  // namespace

std::string without_spaces_before_punctuation(std::string text) {
  return cleaned(std::move(text), /*with_do_not=*/false);
}

TokenDecoder make_token_decoder(const nlohmann::json& document, const std::string& where) {
  const auto joining = [](const char* between) {
    return [between](const Tokens& tokens) { return Tokens{joined_tokens(tokens, between)}; };
  };
  if (document.is_null()) return joining(" ");
  const JsonFields fields(document, where);
  const std::string type = fields.text("type");
  if (type == "BPEDecoder") return bpe(fields);
  if (type == "ByteFallback") return byte_fallback;
  if (type == "ByteLevel") return byte_level;
  if (type == "CTC") return ctc(fields);
  if (type == "Fuse") return joining("");
  if (type == "Metaspace") return metaspace(fields);
  if (type == "Replace") {
    return each([replace = make_normalizer(document, where)](const std::string& token, size_t) {
      return replace(token);
    });
  }
  if (type == "Sequence") return sequence(fields);
  if (type == "Strip") return strip(fields);
  if (type == "WordPiece") return word_piece(fields);
  fields.fail("type", in_backticks(type) +
                          " is not supported; supported: BPEDecoder, ByteFallback, ByteLevel, CTC, "
                          "Fuse, Metaspace, Replace, Sequence, Strip, WordPiece");
}

}  // namespace lea::lm
