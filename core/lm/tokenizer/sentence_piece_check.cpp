#include "core/lm/tokenizer/sentence_piece_check.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/lm/tokenizer/trie.h"

namespace lea::lm {
namespace {

// Limits of the library: it has room for so many matches at one place of a text, but does not check
// that there are not more.
constexpr int kMostRuleMatches = 32, kMostSymbolMatches = 64;
// Our own limits, far above those of models in use.
constexpr int kMostPieces = 1 << 21, kLongestRule = 255;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw DataError(where + ": is no SentencePiece model, or a damaged one: " + what +
                  ". Copy the file again from where the model came from.");
}

// One field of a message of Protocol Buffers.
struct Field {
  uint64_t number = 0;
  uint64_t value = 0;                     // of an integer
  std::optional<std::string_view> bytes;  // of a text or a message
};

// Reads the fields of a message one by one.
class Message {
 public:
  Message(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  // Returns false at the end.
  bool next(Field* field) {
    if (rest_.empty()) return false;
    const uint64_t tag = integer();
    *field = {};
    field->number = tag >> 3;
    if (field->number == 0 || tag > UINT32_MAX) refuse(where_, "a field has no valid number");
    switch (tag & 7) {
      case 0:
        field->value = integer();
        return true;
      case 1:
        take(8);
        return true;
      case 2:
        field->bytes = take(integer());
        return true;
      case 5:
        take(4);
        return true;
      default:
        refuse(where_, "a field has no valid kind");
    }
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) refuse(where_, "it ends too early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // Reads seven bits a byte, the lowest first. The top bit says that more bytes follow.
  uint64_t integer() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
    refuse(where_, "an integer does not end");
  }

  std::string_view rest_;
  const std::string& where_;
};

// precompiled_charsmap consists of:
//   4 bytes   the size of the double array in bytes
//   array     a double array of darts-clone
//   texts     the texts that its values point into, each ended by a zero byte
class Rules {
 public:
  Rules(std::string_view map, const std::string& where) : where_(where) {
    uint32_t size = 0;
    if (map.size() < sizeof(size)) refuse(where_, "its normalisation rules are cut short");
    std::memcpy(&size, map.data(), sizeof(size));
    map.remove_prefix(sizeof(size));
    if (size > map.size() || size % 4 != 0) refuse(where_, "its normalisation rules are cut short");
    if (size == 0) refuse(where_, "its normalisation rules are empty");
    units_.resize(size / 4);
    std::memcpy(units_.data(), map.data(), size);
    texts_ = map.size() - size;
    most_matches_.resize(units_.size(), kUnknown);
  }

  void require_sound() { most_matches(0, 0); }

 private:
  static constexpr int8_t kUnknown = -1, kOnTheWay = -2;

  // The largest number of rules that match on one way from this node to a leaf. Branches of the
  // tree may be shared, so the result of each node is kept.
  int most_matches(size_t node, int depth) {
    if (most_matches_[node] >= 0) return most_matches_[node];
    if (most_matches_[node] == kOnTheWay || depth > kLongestRule)
      refuse(where_, "a normalisation rule does not end");
    most_matches_[node] = kOnTheWay;
    const uint32_t unit = units_[node];
    const size_t children = node ^ ((unit >> 10) << ((unit & 0x200) >> 6));
    if ((children | 255) >= units_.size()) refuse(where_, "a normalisation rule leads nowhere");
    int most = 0;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      if ((units_[children ^ byte] & 0x800000ff) == byte)
        most = std::max(most, most_matches(children ^ byte, depth + 1));
    }
    if (unit & 0x100) {
      if ((units_[children] & 0x7fffffff) >= texts_)
        refuse(where_, "a normalisation rule has no text");
      ++most;
    }
    if (most > kMostRuleMatches) refuse(where_, "too many normalisation rules begin alike");
    most_matches_[node] = static_cast<int8_t>(most);
    return most;
  }

  const std::string& where_;
  std::vector<uint32_t> units_;
  size_t texts_ = 0;  // bytes
  std::vector<int8_t> most_matches_;
};

void check_normalizer(std::string_view bytes, const std::string& where) {
  Message normalizer(bytes, where);
  for (Field field; normalizer.next(&field);) {
    const bool is_charsmap = field.number == 2 && field.bytes && !field.bytes->empty();
    if (is_charsmap) Rules(*field.bytes, where).require_sound();
  }
}

void check_kind(std::string_view bytes, const std::string& where) {
  Message trainer(bytes, where);
  for (Field field; trainer.next(&field);) {
    const bool is_model_type = field.number == 3 && !field.bytes;
    if (is_model_type && field.value != 1 && field.value != 2) {
      throw DataError(where + ": model_type " + std::to_string(field.value) +
                      " is not supported; supported: 1 (unigram), 2 (bpe)");
    }
  }
}

// The text of a piece, and whether it is a user-defined symbol.
std::pair<std::string_view, bool> read_piece(std::string_view bytes, const std::string& where) {
  std::string_view text;
  bool user_defined = false;
  Message piece(bytes, where);
  for (Field field; piece.next(&field);) {
    if (field.number == 1 && field.bytes) text = *field.bytes;
    const bool is_type = field.number == 3 && !field.bytes;
    user_defined = user_defined || (is_type && static_cast<uint32_t>(field.value) == 4);
  }
  return {text, user_defined};
}

void check_symbols(const std::vector<std::string_view>& symbols, const std::string& where) {
  Trie all;
  for (const std::string_view symbol : symbols) all.insert(symbol, 0);
  for (const std::string_view symbol : symbols) {
    int matches = 0;
    all.for_each_at(symbol, 0, [&](size_t, int64_t) { ++matches; });
    if (matches > kMostSymbolMatches)
      refuse(where, "too many of its user-defined symbols begin alike");
  }
}

}  // namespace

void require_sound_model(std::string_view bytes, const std::string& where) {
  std::vector<std::string_view> symbols;
  int pieces = 0;
  Message model(bytes, where);
  for (Field field; model.next(&field);) {
    if (!field.bytes) continue;
    if (field.number == 1) {
      const auto [text, user_defined] = read_piece(*field.bytes, where);
      if (user_defined) symbols.push_back(text);
      // The library's tries end a text at a zero byte.
      if (text.find('\0') != std::string_view::npos) refuse(where, "a piece has a zero byte");
      if (++pieces > kMostPieces) refuse(where, "it has too many pieces");
    }
    if (field.number == 2) check_kind(*field.bytes, where);
    if (field.number == 3 || field.number == 5) check_normalizer(*field.bytes, where);
  }
  check_symbols(symbols, where);
}

}  // namespace lea::lm
