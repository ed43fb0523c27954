// Byte pair encoding: merges the pair of lowest rank, the leftmost first, until no pair is left.
#include <queue>
#include <unordered_map>

#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/model.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

using nlohmann::json;

constexpr size_t kCachedPieces = 1 << 16, kCachedBytes = 64;

struct Merge {
  int64_t rank = 0, id = 0;  // id: of the token that the pair becomes
};

uint64_t pair_key(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
}

// A token of a piece while pairs are merged. Symbols are a linked list, so that a merge is cheap.
struct Symbol {
  int64_t id = 0;
  int64_t previous = -1, next = -1;
  bool gone = false;
};

struct Candidate {
  int64_t rank, left, id;
  // The queue returns the greatest candidate first, so the best one must be the greatest.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

class Bpe final : public TokenModel {
 public:
  Bpe(const JsonFields& fields) {
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!fields.text(key, "").empty()) fields.fail(key, "is not supported");
    }
    if (fields.number("dropout", 0) != 0)
      fields.fail("dropout", "is not supported: equal texts would give different ids");
    byte_fallback_ = fields.boolean("byte_fallback", false);
    fuse_unknown_ = fields.boolean("fuse_unk", false);
    ignore_merges_ = fields.boolean("ignore_merges", false);
    read_vocabulary(fields);
    read_merges(fields);
    const std::string unknown = fields.text("unk_token", "");
    if (unknown.empty()) return;
    unknown_ = id_of(unknown);
    if (!unknown_) fields.fail("unk_token", in_backticks(unknown) + " is not in the vocabulary");
  }

  void encode(const std::string& piece, std::vector<int64_t>* ids) const override {
    if (piece.size() > kCachedBytes) return merge(piece, ids);
    auto found = cache_.find(piece);
    if (found == cache_.end()) {
      if (cache_.size() >= kCachedPieces) cache_.clear();
      std::vector<int64_t> fresh;
      merge(piece, &fresh);
      found = cache_.emplace(piece, std::move(fresh)).first;
    }
    ids->insert(ids->end(), found->second.begin(), found->second.end());
  }

  std::optional<int64_t> id_of(const std::string& token) const override {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<std::string> token_of(int64_t id) const override {
    if (tokens_.empty()) {
      for (const auto& [token, own] : ids_) tokens_[own] = &token;
    }
    const auto found = tokens_.find(id);
    return found == tokens_.end() ? std::nullopt : std::optional(*found->second);
  }

  int64_t size() const override { return size_; }
  int64_t count() const override { return std::ssize(ids_); }

 private:
  void read_vocabulary(const JsonFields& fields) {
    const json& vocabulary = fields.at("vocab");
    if (!vocabulary.is_object()) fields.fail("vocab", "must be an object of tokens and ids");
    for (const auto& [token, id] : vocabulary.items()) {
      if (!id.is_number_integer() || id < 0 || id > INT32_MAX)
        fields.fail("vocab", in_backticks(token) + " has no valid id");
      ids_[token] = id.get<int64_t>();
      size_ = std::max(size_, id.get<int64_t>() + 1);
    }
  }

  // A merge is "a b" in older files, ["a", "b"] in newer ones.
  void read_merges(const JsonFields& fields) {
    const json& merges = fields.at("merges");
    if (!merges.is_array()) fields.fail("merges", "must be a list");
    int64_t rank = 0;
    for (const json& merge : merges) {
      std::string left, right;
      if (merge.is_string()) {
        const std::string text = merge.get<std::string>();
        const size_t space = text.find(' ');
        left = text.substr(0, space);
        right = space == std::string::npos ? "" : text.substr(space + 1);
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string()) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
      }
      const auto a = id_of(left), b = id_of(right), both = id_of(left + right);
      if (!a || !b || !both) {
        fields.fail("merges", "number " + std::to_string(rank) + " (" +
                                  printable(merge.dump().substr(0, 80)) +
                                  ") does not join two tokens of the vocabulary to a third");
      }
      merges_[pair_key(*a, *b)] = Merge{rank++, *both};  // the last of equal pairs counts
    }
  }

  std::vector<Symbol> symbols_of(const std::string& piece) const {
    std::vector<Symbol> symbols;
    bool unknown_waits = false;
    const auto add = [&](int64_t id) {
      const int64_t place = std::ssize(symbols);
      symbols.push_back({id, place - 1, place + 1});
    };
    // As in the reference, an unknown letter is held back until a known letter or the end, and the
    // bytes of later letters are placed before it.
    const auto add_waiting = [&] {
      if (unknown_waits) add(*unknown_);
      unknown_waits = false;
    };
    for (size_t at = 0; at < piece.size();) {
      const size_t bytes = code_point_at(piece, at).bytes;
      const std::string letter = piece.substr(at, bytes);
      at += bytes;
      if (const auto id = id_of(letter)) {
        add_waiting();
        add(*id);
        continue;
      }
      std::vector<int64_t> fallback;
      if (byte_fallback_ && append_bytes(*this, letter, &fallback)) {
        for (const int64_t id : fallback) add(id);
        continue;
      }
      if (!unknown_) continue;  // the reference drops it as well
      if (!fuse_unknown_) add_waiting();
      unknown_waits = true;
    }
    add_waiting();
    if (!symbols.empty()) symbols.back().next = -1;
    return symbols;
  }

  void merge(const std::string& piece, std::vector<int64_t>* ids) const {
    if (ignore_merges_) {
      if (const auto id = id_of(piece)) return ids->push_back(*id);
    }
    std::vector<Symbol> symbols = symbols_of(piece);
    std::priority_queue<Candidate> queue;
    const auto consider = [&](int64_t left) {
      if (left < 0 || symbols[left].next < 0) return;
      const auto found = merges_.find(pair_key(symbols[left].id, symbols[symbols[left].next].id));
      if (found != merges_.end()) queue.push({found->second.rank, left, found->second.id});
    };
    for (int64_t i = 0; i < std::ssize(symbols); ++i) consider(i);
    while (!queue.empty()) {
      const Candidate best = queue.top();
      queue.pop();
      Symbol& left = symbols[best.left];
      if (left.gone || left.next < 0) continue;
      Symbol& right = symbols[left.next];
      const auto found = merges_.find(pair_key(left.id, right.id));
      if (found == merges_.end() || found->second.id != best.id) continue;  // the pair has changed
      left.id = best.id;
      right.gone = true;
      left.next = right.next;
      if (left.next >= 0) symbols[left.next].previous = best.left;
      consider(best.left);
      consider(left.previous);
    }
    for (const Symbol& symbol : symbols) {
      if (!symbol.gone) ids->push_back(symbol.id);
    }
  }

  std::unordered_map<std::string, int64_t> ids_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::optional<int64_t> unknown_;
  bool byte_fallback_ = false, fuse_unknown_ = false, ignore_merges_ = false;
  int64_t size_ = 0;
  mutable std::unordered_map<std::string, std::vector<int64_t>> cache_;
  // The keys of ids_, which stay where they are. Made when a token is asked for.
  mutable std::unordered_map<int64_t, const std::string*> tokens_;
};

}  // namespace

std::unique_ptr<TokenModel> make_bpe(const json& document, const std::string& where) {
  return std::make_unique<Bpe>(JsonFields(document, where));
}

}  // namespace lea::lm
