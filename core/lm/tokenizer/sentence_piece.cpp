#include "core/lm/tokenizer/sentence_piece.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/added_tokens.h"
#include "core/lm/tokenizer/named_tokens.h"
#include "core/lm/tokenizer/sentence_piece_check.h"

namespace lea::lm {
namespace {

using nlohmann::json;

// The library counts bytes in an int, and a rule can make a text many times longer.
constexpr size_t kFileLimit = 64 << 20, kTextLimit = 64 << 20;

// Put before a text that follows a token, so that the library does not treat it as a beginning: the
// library puts the prefix before the mark, and keeps a space behind it. The mark is not UTF-8, so
// no text has it. It is a user-defined symbol, so it is joined with nothing. Its id is the first
// one behind the model's ids.
constexpr char kMark[] = "\x80";
// Field `pieces` of a ModelProto: {piece: kMark, type: USER_DEFINED}. Protocol Buffers allow
// appending fields to a message.
constexpr char kMarkPiece[] = "\x0a\x05\x0a\x01\x80\x18\x04";

// Appends the tokens of a list or, in some files, of an object. Each is a text, or an object with
// its `content`.
void append_more_names(const JsonFields& config, const char* key, std::vector<Named>* names) {
  if (!config.has(key)) return;
  const std::string where = config.where() + ": " + key;
  for (const auto& [name, value] : config.at(key).items()) {
    const json one = {{"content", value.is_object() ? value.value("content", json()) : value}};
    names->push_back({JsonFields(one, where).text("content"), where});
  }
}

std::vector<Named> special_names(const Beside& beside) {
  std::vector<Named> names;
  for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                          "cls_token", "mask_token"}) {
    const auto name = named(beside, key, std::nullopt);
    if (name && !name->content.empty()) names.push_back(*name);
  }
  const JsonFields config(beside.config, printable(beside.config_path));
  append_more_names(config, "additional_special_tokens", &names);
  append_more_names(config, "extra_special_tokens", &names);
  return names;
}

// Reads added_tokens.json of older folders, an object of texts and ids. The tokens get no flags,
// because transformers ignores the flags of such folders.
std::vector<AddedToken> older_tokens(const Beside& beside) {
  const JsonFields fields(beside.added, printable(beside.added_path));
  std::vector<AddedToken> tokens;
  for (const auto& [content, id] : beside.added.items()) {
    AddedToken& token = tokens.emplace_back();
    token.content = content;
    token.id = fields.integer(content.c_str());
    if (content.empty() || token.id < 0 || token.id > INT32_MAX)
      fields.fail(content.c_str(), "is no token with a valid id");
  }
  return tokens;
}

// Reads `added_tokens_decoder`, an object of ids and tokens.
std::vector<AddedToken> stated_tokens(const JsonFields& config) {
  constexpr const char* kKey = "added_tokens_decoder";
  if (!config.at(kKey).is_object()) config.fail(kKey, "must be an object of ids and tokens");
  json list = json::array();
  for (const auto& [id, token] : config.at(kKey).items()) {
    int64_t number = -1;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || !token.is_object())
      config.fail(kKey, "must be an object of ids and tokens");
    // Transformers' defaults for absent flags.
    const bool special = JsonFields(token, config.where() + ": " + kKey).boolean("special", false);
    list.push_back({{"single_word", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"normalized", !special},
                    {"special", false}});
    list.back().update(token);
    list.back()["id"] = number;
  }
  return read_added_tokens(list, config.where() + ": " + kKey);
}

// The parts of a decoded text before, between and behind marks. In UTF-8 the mark's byte can only
// continue a character.
std::vector<std::string> cut_at_marks(const std::string& text) {
  std::vector<std::string> parts(1);
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const size_t bytes = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text[at] == kMark[0])
      parts.emplace_back();
    else
      parts.back() += text.substr(at, bytes);
    at += bytes;
  }
  return parts;
}

class SentencePiece final : public Pipeline {
 public:
  SentencePiece(const std::string& bytes, const std::string& where, const Beside& beside)
      : SentencePiece(bytes, where, beside,
                      JsonFields(beside.config, printable(beside.config_path))) {}

  SentencePiece(const std::string& bytes, const std::string& where, const Beside& beside,
                const JsonFields& config)
      : where_(where),
        add_prefix_space_(config.boolean("add_prefix_space", true)),
        begin_each_anew_(config.boolean("legacy", false)) {
    require_sound_model(bytes, where_);
    load(bytes + kMarkPiece);
    mark_ = library_.GetPieceSize() - 1;
    find_tokens(beside, config);
    if (config.boolean("add_bos_token", false)) frame_.before = ids_of(beside, "bos_token", "<s>");
    if (config.boolean("add_eos_token", false)) frame_.behind = ids_of(beside, "eos_token", "</s>");
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

  // The library decodes all ids at once, because it removes a space at the beginning of a text. The
  // mark stands for each token that the library does not have.
  std::string decode(const std::vector<int64_t>& ids) const override {
    std::vector<int> pieces;
    std::vector<std::string> contents;  // of the marks
    for (const int64_t id : ids) {
      if (special_.contains(id)) continue;
      const auto added = added_.find(id);
      if (id >= 0 && id < mark_) {
        pieces.push_back(static_cast<int>(id));
      } else if (added != added_.end()) {
        pieces.push_back(mark_);
        contents.push_back(added->second);
      }
    }
    std::string text;
    const auto status = library_.Decode(pieces, &text);
    if (status.ok() && contents.empty()) return text;
    const std::vector<std::string> parts = cut_at_marks(text);
    if (!status.ok() || parts.size() != contents.size() + 1) {
      throw DataError(where_ + ": SentencePiece finds no text for ids: " +
                      printable(status.ok() ? "the model is damaged" : status.message()));
    }
    std::string result = parts[0];
    for (size_t i = 0; i < contents.size(); ++i) result += contents[i] + parts[i + 1];
    return result;
  }

  const Frame& frame() const override { return frame_; }
  IdCount id_count() const override { return count_; }

 private:
  void load(const std::string& bytes) {
    std::string reason;
    try {
      const auto status = library_.LoadFromSerializedProto(bytes);
      if (status.ok()) return;
      reason = status.message();
    } catch (const std::exception& error) {  // the library's tries throw
      reason = error.what();
    }
    throw DataError(where_ + ": SentencePiece refuses it: " + printable(reason) +
                    ". Copy the file again from where the model came from.");
  }

  std::optional<int64_t> piece_id(const std::string& content) const {
    const int id = library_.PieceToId(content);
    if (id == mark_ || library_.IdToPiece(id) != content) return std::nullopt;
    return id;
  }

  // Collects the special tokens: those that a file lists with ids, those that a file only names,
  // and the control and unknown tokens of the model.
  void find_tokens(const Beside& beside, const JsonFields& config) {
    const bool has_decoder = config.has("added_tokens_decoder");
    std::vector<AddedToken> tokens = has_decoder ? stated_tokens(config) : older_tokens(beside);
    std::sort(tokens.begin(), tokens.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
    require_own_ids(
        tokens, [this](const std::string& content) { return piece_id(content); }, mark_,
        has_decoder ? config.where() + ": added_tokens_decoder" : printable(beside.added_path));
    for (const AddedToken& token : tokens) ids_[token.content] = token.id;
    for (const Named& name : special_names(beside)) {
      for (AddedToken& token : tokens) {
        if (token.content != name.content) continue;
        token.special = true;
        token.normalized = token.normalized && has_decoder;  // special tokens are not normalised
      }
      if (ids_.contains(name.content)) continue;
      tokens.push_back({id_of(name), name.content, false, false, false, false, true});
      ids_[name.content] = tokens.back().id;
    }
    for (int id = 0; id < mark_; ++id) {
      const std::string& piece = library_.IdToPiece(id);
      if (!(library_.IsControl(id) || library_.IsUnknown(id)) || ids_.contains(piece)) continue;
      tokens.push_back({id, piece, false, false, false, false, true});
    }
    count_ids(tokens);
    std::vector<AddedToken> as_written, normalized;
    for (AddedToken& token : tokens) {
      (token.normalized ? normalized : as_written).push_back(std::move(token));
    }
    as_written_ = TokenFinder(as_written);
    normalized_ = TokenFinder(normalized);
  }

  // The unknown token is no special one here: the library decodes it to a sign.
  void count_ids(const std::vector<AddedToken>& tokens) {
    count_.all = count_.ordinary = mark_;
    for (const AddedToken& token : tokens) {
      count_.all = std::max(count_.all, token.id + 1);
      added_[token.id] = token.content;
      if (token.special && !(token.id < mark_ && library_.IsUnknown(static_cast<int>(token.id))))
        special_.insert(token.id);
    }
    while (added_.contains(count_.ordinary - 1)) --count_.ordinary;
  }

  int64_t id_of(const Named& name) const {
    if (const auto found = ids_.find(name.content); found != ids_.end()) return found->second;
    if (const auto id = piece_id(name.content)) return *id;
    throw DataError(name.where + ": " + in_backticks(name.content) +
                    " has no id in tokenizer.model, added_tokens_decoder or added_tokens.json; "
                    "transformers would make one up. Save the tokenizer with transformers' "
                    "save_pretrained, which writes tokenizer.json.");
  }

  // Ids to add before or behind each text; none if the token is null.
  std::vector<int64_t> ids_of(const Beside& beside, const char* key, const char* otherwise) const {
    const auto name = named(beside, key, otherwise);
    if (!name) return {};
    return {id_of(*name)};
  }

  // Cuts a text into tokens and the text between them. As in Hugging Face, `normalized` tokens are
  // only searched in what the others leave. There is no normaliser here.
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

  // Appends the ids of a text without tokens. `anew`: it begins as a new text; otherwise it follows
  // a token.
  void segment(const std::string& text, bool anew, std::vector<int64_t>* ids) const {
    std::vector<int> found;
    const auto status = library_.Encode(anew ? text : kMark + text, &found);
    // Even a valid model can fail here, or have a rule that produces the mark.
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
  std::map<std::string, int64_t> ids_;  // of tokens that files list or name
  TokenFinder as_written_, normalized_;
  std::map<int64_t, std::string> added_;  // the tokens that the finders know
  std::set<int64_t> special_;             // those of them that no decoded text has
  Frame frame_;
  IdCount count_;
};

}  // namespace

std::unique_ptr<Pipeline> read_sentence_piece(const std::string& folder) {
  const std::string path = folder + "/tokenizer.model";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return nullptr;
  return std::make_unique<SentencePiece>(read_input(path, kFileLimit), printable(path),
                                         Beside(folder));
}

}  // namespace lea::lm
