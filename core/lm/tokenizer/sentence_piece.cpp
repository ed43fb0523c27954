#include "core/lm/tokenizer/sentence_piece.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/lm/tokenizer/added_tokens.h"
#include "core/lm/tokenizer/sentence_piece_check.h"
#include "core/spec/error.h"
#include "core/spec/json_field.h"
#include "core/spec/publish.h"
#include "core/spec/text.h"

namespace lea::lm {
namespace {

using nlohmann::json;

// The library counts bytes in an int, and a rule can make a text many times longer.
constexpr size_t kFileLimit = 64 << 20, kTextLimit = 64 << 20;

// Put before a text that goes on behind a token, so that the library takes it for the middle of
// one: the prefix comes before the mark, and a space behind the mark stays. It is not UTF-8, so no
// text has it; as a user-defined symbol it is joined with nothing. Its id is the first behind the
// model's.
constexpr char kMark[] = "\x80";
// Field `pieces` of a ModelProto: {piece: kMark, type: USER_DEFINED}. A message in Protocol Buffers
// may be continued by appending to it.
constexpr char kMarkPiece[] = "\x0a\x05\x0a\x01\x80\x18\x04";

// `added_tokens_decoder`: an object of ids and tokens.
std::vector<AddedToken> stated_tokens(const JsonFields& config) {
  constexpr const char* kKey = "added_tokens_decoder";
  if (!config.has(kKey)) return {};
  if (!config.at(kKey).is_object()) config.fail(kKey, "must be an object of ids and tokens");
  json list = json::array();
  for (const auto& [id, token] : config.at(kKey).items()) {
    int64_t number = -1;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || !token.is_object())
      config.fail(kKey, "must be an object of ids and tokens");
    list.push_back(token);
    list.back()["id"] = number;
  }
  return read_added_tokens(list, config.where() + ": " + kKey);
}

class SentencePiece final : public Pipeline {
 public:
  SentencePiece(const std::string& bytes, const std::string& where, const JsonFields& config)
      : where_(where),
        add_prefix_space_(config.boolean("add_prefix_space", true)),
        begin_each_anew_(config.boolean("legacy", false)) {
    require_sound_model(bytes, where_);
    load(bytes + kMarkPiece);
    mark_ = library_.GetPieceSize() - 1;
    size_ = mark_;
    find_tokens(config);
    if (config.boolean("add_bos_token", false))
      frame_.before = {own_id(library_.bos_id(), config, "add_bos_token")};
    if (config.boolean("add_eos_token", false))
      frame_.behind = {own_id(library_.eos_id(), config, "add_eos_token")};
  }

  std::vector<int64_t> encode(const std::string& text) const override {
    if (text.size() > kTextLimit) {
      throw DataError("a text of " + std::to_string(text.size()) +
                      " bytes is too long for SentencePiece: split it into parts of at most " +
                      std::to_string(kTextLimit) + " bytes.");
    }
    std::vector<int64_t> ids;
    for (const Stretch& stretch : cut(text)) {
      if (stretch.id >= 0) {
        ids.push_back(stretch.id);
      } else {
        const bool anew = add_prefix_space_ && (begin_each_anew_ || stretch.begin == 0);
        segment(text.substr(stretch.begin, stretch.end - stretch.begin), anew, &ids);
      }
    }
    return ids;
  }

  const Frame& frame() const override { return frame_; }
  int64_t size() const override { return size_; }

 private:
  void load(const std::string& bytes) {
    std::string reason;
    try {
      const auto status = library_.LoadFromSerializedProto(bytes);
      if (status.ok()) return;
      reason = status.message();
    } catch (const std::exception& error) {  // its tries throw
      reason = error.what();
    }
    throw DataError(where_ + ": SentencePiece refuses it: " + printable(reason) +
                    ". Copy the file again from where the model came from.");
  }

  // Tokens that a file states with their flags, and those of the model.
  void find_tokens(const JsonFields& config) {
    std::vector<AddedToken> as_written, normalized;
    std::set<std::string> stated;
    for (AddedToken& token : stated_tokens(config)) {
      const int piece = library_.PieceToId(token.content);
      if (library_.IdToPiece(piece) == token.content && piece != token.id) {
        config.fail("added_tokens_decoder", in_backticks(token.content) + " is " +
                                                std::to_string(token.id) + ", but " +
                                                std::to_string(piece) + " in tokenizer.model");
      }
      size_ = std::max(size_, token.id + 1);
      stated.insert(token.content);
      (token.normalized ? normalized : as_written).push_back(std::move(token));
    }
    for (int id = 0; id < mark_; ++id) {
      const std::string& piece = library_.IdToPiece(id);
      if (!(library_.IsControl(id) || library_.IsUnknown(id)) || stated.contains(piece)) continue;
      AddedToken& token = as_written.emplace_back();
      token.id = id;
      token.content = piece;
    }
    as_written_ = TokenFinder(as_written);
    normalized_ = TokenFinder(normalized);
  }

  static int64_t own_id(int id, const JsonFields& config, const char* key) {
    if (id < 0) config.fail(key, "is true, but tokenizer.model has no such token");
    return id;
  }

  // Tokens of the text, and what lies between them. `normalized` ones are looked for in what the
  // others leave, as Hugging Face does it; it has no normaliser here.
  std::vector<Stretch> cut(std::string_view text) const {
    std::vector<Stretch> stretches;
    for (const Stretch& outer : as_written_.find(text)) {
      if (outer.id >= 0) {
        stretches.push_back(outer);
        continue;
      }
      for (const Stretch& inner :
           normalized_.find(text.substr(outer.begin, outer.end - outer.begin))) {
        stretches.push_back({inner.id, outer.begin + inner.begin, outer.begin + inner.end});
      }
    }
    return stretches;
  }

  // Appends the ids of a text without tokens: one that begins anew, or goes on behind a token.
  void segment(const std::string& text, bool anew, std::vector<int64_t>* ids) const {
    std::vector<int> found;
    const auto status = library_.Encode(anew ? text : kMark + text, &found);
    // A model can be valid and still fail here, or have a rule that gives the mark.
    const bool sound = std::count(found.begin(), found.end(), mark_) == (anew ? 0 : 1);
    if (!status.ok() || !sound) {
      throw DataError(where_ + ": SentencePiece finds no ids for " + in_backticks(text) + ": " +
                      printable(status.ok() ? "the model is damaged" : status.message()));
    }
    const auto begin = anew ? found.begin() : std::find(found.begin(), found.end(), mark_) + 1;
    ids->insert(ids->end(), begin, found.end());
  }

  std::string where_;
  sentencepiece::SentencePieceProcessor library_;
  bool add_prefix_space_ = true, begin_each_anew_ = false;
  int mark_ = 0;
  TokenFinder as_written_, normalized_;
  Frame frame_;
  int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Pipeline> read_sentence_piece(const std::string& folder) {
  const std::string path = folder + "/tokenizer.model", beside = folder + "/tokenizer_config.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return nullptr;
  const json config = read_json(beside).value_or(json::object());
  return std::make_unique<SentencePiece>(read_file(path, kFileLimit), printable(path),
                                         JsonFields(config, printable(beside)));
}

}  // namespace lea::lm
