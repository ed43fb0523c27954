#include "core/lm/tokenizer/model.h"

#include <charconv>

#include "core/base/json_field.h"
#include "core/base/text.h"

namespace lea::lm {
namespace {

// The token of a byte in byte fallback, such as "<0x0A>".
std::string byte_token(unsigned char byte) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
}

}  // namespace

bool append_bytes(const TokenModel& model, const std::string& text, std::vector<int64_t>* ids) {
  std::vector<int64_t> bytes;
  for (const char byte : text) {
    const auto id = model.id_of(byte_token(static_cast<unsigned char>(byte)));
    if (!id) return false;
    bytes.push_back(*id);
  }
  ids->insert(ids->end(), bytes.begin(), bytes.end());
  return true;
}

std::optional<char> byte_of_token(const std::string& token) {
  constexpr size_t kLength = 6;
  if (token.size() != kLength || !token.starts_with("<0x") || token.back() != '>') return {};
  unsigned char byte = 0;
  const char *begin = token.data() + 3, *end = begin + 2;
  const auto [stop, error] = std::from_chars(begin, end, byte, 16);
  if (stop != end || error != std::errc()) return {};
  return static_cast<char>(byte);
}

std::string token_model_kind(const nlohmann::json& document, const std::string& where) {
  const JsonFields fields(document, where);
  // Files from before tokenizers 0.9 have no type. A model with merges is BPE.
  return fields.text("type", fields.has("merges") ? "BPE" : "Unigram");
}

std::unique_ptr<TokenModel> make_token_model(const nlohmann::json& document,
                                             const std::string& where) {
  const JsonFields fields(document, where);
  const std::string type = token_model_kind(document, where);
  if (type == "BPE") return make_bpe(document, where);
  if (type == "Unigram") return make_unigram(document, where);
  fields.fail("type", in_backticks(type) + " is not supported; supported: BPE, Unigram");
}

}  // namespace lea::lm
