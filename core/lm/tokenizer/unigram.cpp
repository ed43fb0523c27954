// Unigram: finds the segmentation with the greatest sum of scores (Viterbi).
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/model.h"
#include "core/lm/tokenizer/trie.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {
namespace {

using nlohmann::json;

constexpr double kUnknownPenalty = 10;  // subtracted from the least score, as in SentencePiece

class Unigram final : public TokenModel {
 public:
  explicit Unigram(const JsonFields& fields) : where_(fields.where()) {
    byte_fallback_ = fields.boolean("byte_fallback", false);
    const json& vocabulary = fields.at("vocab");
    if (!vocabulary.is_array() || vocabulary.empty())
      fields.fail("vocab", "must be a list of [piece, score]");
    double least = std::numeric_limits<double>::infinity();
    for (const json& entry : vocabulary) {
      if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
        fields.fail("vocab", "must be a list of [piece, score]");
      const std::string piece = entry[0].get<std::string>();
      score_.push_back(entry[1].get<double>());
      least = std::min(least, score_.back());
      pieces_.insert(piece, std::ssize(score_) - 1);
      ids_[piece] = std::ssize(score_) - 1;
      tokens_.push_back(piece);
    }
    unknown_score_ = least - kUnknownPenalty;
    if (!fields.has("unk_id")) return;
    unknown_ = fields.integer("unk_id");
    if (unknown_ < 0 || unknown_ >= size()) fields.fail("unk_id", "is not in the vocabulary");
  }

  void encode(const std::string& piece, std::vector<int64_t>* ids) const override {
    const std::vector<Node> best = best_paths(piece);
    // Walks backwards. Adjacent unknown parts become one unknown part.
    std::vector<std::pair<size_t, size_t>> parts;
    bool last_unknown = false;
    for (size_t end = piece.size(); end > 0; end = best[end].begin) {
      const bool unknown = unknown_ >= 0 && best[end].id == unknown_;
      if (unknown && last_unknown) {
        parts.back().first = best[end].begin;
      } else {
        parts.emplace_back(best[end].begin, end);
      }
      last_unknown = unknown;
    }
    std::reverse(parts.begin(), parts.end());
    for (const auto& [begin, end] : parts) append(piece.substr(begin, end - begin), ids);
  }

  std::optional<int64_t> id_of(const std::string& token) const override {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<std::string> token_of(int64_t id) const override {
    if (id < 0 || id >= size()) return std::nullopt;
    return tokens_[static_cast<size_t>(id)];
  }

  int64_t size() const override { return std::ssize(score_); }
  int64_t count() const override { return size(); }

 private:
  struct Node {
    double score = 0;
    size_t begin = 0;
    int64_t id = -1;
    bool reached = false;
  };

  // For each byte of the piece, the best way to reach it.
  std::vector<Node> best_paths(const std::string& piece) const {
    std::vector<Node> best(piece.size() + 1);
    const auto offer = [&](size_t begin, size_t end, double score, int64_t id) {
      Node& node = best[end];
      if (!node.reached || score > node.score) node = {score, begin, id, true};
    };
    for (size_t at = 0; at < piece.size();) {
      const size_t letter = code_point_at(piece, at).bytes;
      const double here = best[at].score;
      bool known = false;
      pieces_.for_each_at(piece, at, [&](size_t end, int64_t id) {
        offer(at, end, here + score_[static_cast<size_t>(id)], id);
        known = known || end == at + letter;
      });
      if (!known && unknown_ < 0) {
        throw DataError(where_ + ": the vocabulary lacks " +
                        in_backticks(piece.substr(at, letter)) +
                        ", which a text holds, and unk_id names no token for it. The reference "
                        "fails there as well: leave the character out.");
      }
      if (!known) offer(at, at + letter, here + unknown_score_, unknown_);
      at += letter;
    }
    return best;
  }

  void append(const std::string& part, std::vector<int64_t>* ids) const {
    if (const auto id = id_of(part)) return ids->push_back(*id);
    if (byte_fallback_ && append_bytes(*this, part, ids)) return;
    if (unknown_ >= 0) ids->push_back(unknown_);
  }

  std::string where_;
  std::vector<double> score_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int64_t> ids_;
  Trie pieces_;
  double unknown_score_ = 0;
  int64_t unknown_ = -1;
  bool byte_fallback_ = false;
};

}  // namespace

std::unique_ptr<TokenModel> make_unigram(const json& document, const std::string& where) {
  return std::make_unique<Unigram>(JsonFields(document, where));
}

}  // namespace lea::lm
