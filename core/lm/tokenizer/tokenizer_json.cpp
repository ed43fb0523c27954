#include "core/lm/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/tokenizer/added_tokens.h"
#include "core/lm/tokenizer/model.h"
#include "core/lm/tokenizer/normalizer.h"
#include "core/lm/tokenizer/pre_tokenizer.h"
#include "core/lm/tokenizer/token_decoder.h"

namespace lea::lm {
namespace {

using nlohmann::json;

std::vector<int64_t> special_ids(const JsonFields& fields, const std::string& name) {
  const JsonFields token = fields.object("special_tokens").object(name.c_str());
  const json& ids = token.at("ids");
  const bool valid = ids.is_array() && std::all_of(ids.begin(), ids.end(), [](const json& id) {
                       return id.is_number_integer() && id >= 0 && id <= INT32_MAX;
                     });
  if (!valid) token.fail("ids", "must be a list of ids");
  return ids.get<std::vector<int64_t>>();
}

void frame_of_template(const JsonFields& fields, Frame* frame) {
  const json& single = fields.at("single");
  if (!single.is_array()) fields.fail("single", "must be a list");
  Frame around;
  bool seen_text = false;
  for (const json& part : single) {
    const JsonFields step(part, fields.where() + ": single");
    if (step.has("Sequence")) {
      const std::string name = step.object("Sequence").text("id");
      if (name != "A")
        fields.fail("single",
                    "names a text " + in_backticks(name) + ", but there is only one, `A`");
      if (seen_text) fields.fail("single", "repeats the text, which is not supported");
      seen_text = true;
      continue;
    }
    const auto ids = special_ids(fields, step.object("SpecialToken").text("id"));
    std::vector<int64_t>& side = seen_text ? around.behind : around.before;
    side.insert(side.end(), ids.begin(), ids.end());
  }
  if (!seen_text) fields.fail("single", "lacks the text");
  *frame = around;
}

// `templates` counts the steps of type TemplateProcessing.
void read_post_processor(const json& document, const std::string& where, int* templates,
                         Frame* frame) {
  if (document.is_null()) return;
  const JsonFields fields(document, where);
  const std::string type = fields.text("type");
  if (type == "ByteLevel") return;  // changes offsets, not ids
  if (type == "TemplateProcessing") {
    if (++*templates > 1) fields.fail("type", "a second TemplateProcessing is not supported");
    return frame_of_template(fields, frame);
  }
  if (type != "Sequence") {
    fields.fail("type", in_backticks(type) +
                            " is not supported; supported: ByteLevel, Sequence, "
                            "TemplateProcessing");
  }
  const json& steps = fields.at("processors");
  if (!steps.is_array()) fields.fail("processors", "must be a list");
  for (const json& step : steps)
    read_post_processor(step, where + ": processors", templates, frame);
}

json part_of(const json& document, const char* key) {
  const auto found = document.find(key);
  return found == document.end() ? json() : *found;
}

class JsonPipeline final : public Pipeline {
 public:
  // `clean_up`: spaces before punctuation are removed from decoded text.
  JsonPipeline(const json& document, const std::string& where, bool clean_up)
      : clean_up_(clean_up) {
    const JsonFields fields(document, where);
    normalize_ = make_normalizer(part_of(document, "normalizer"), where + ": normalizer");
    split_ = make_pre_tokenizer(part_of(document, "pre_tokenizer"), where + ": pre_tokenizer");
    model_ = make_token_model(fields.at("model"), where + ": model");
    decode_ = make_token_decoder(part_of(document, "decoder"), where + ": decoder");
    int templates = 0;
    read_post_processor(part_of(document, "post_processor"), where + ": post_processor", &templates,
                        &frame_);
    const std::string where_added = where + ": added_tokens";
    std::vector<AddedToken> added =
        read_added_tokens(part_of(document, "added_tokens"), where_added);
    require_own_ids(
        added, [this](const std::string& token) { return model_->id_of(token); }, model_->count(),
        where_added);
    count_ids(added);
    std::vector<AddedToken> as_written, as_normalized;
    std::map<std::string, std::string> written_as;  // normalised content -> content in the file
    for (AddedToken& token : added) {
      if (!token.normalized) {
        as_written.push_back(std::move(token));
        continue;
      }
      const std::string written = token.content;
      token.content = normalize_(token.content);
      if (token.content.empty()) {
        if (!token.left_strip && !token.right_strip) continue;  // never found
        throw DataError(where_added + ": " + in_backticks(written) +
                        " is nothing in the normalised text, and would be found wherever there is "
                        "space to strip. Make it `normalized: false`.");
      }
      const auto [same, is_new] = written_as.emplace(token.content, written);
      if (!is_new) {  // the reference's choice depends on its hashes
        throw DataError(where_added + ": " + in_backticks(same->second) + " and " +
                        in_backticks(written) + " are both " + in_backticks(token.content) +
                        " in the normalised text. Make one of them `normalized: false`.");
      }
      as_normalized.push_back(std::move(token));
    }
    raw_ = TokenFinder(as_written);
    normalized_ = TokenFinder(as_normalized);
  }

  std::vector<int64_t> encode(const std::string& text) const override {
    std::vector<int64_t> ids;
    for (const Stretch& outer : raw_.find(text)) {
      if (outer.id >= 0) {
        ids.push_back(outer.id);
        continue;
      }
      const std::string section = normalize_(text.substr(outer.begin, outer.end - outer.begin));
      for (const Stretch& inner : normalized_.find(section)) {
        if (inner.id >= 0) {
          ids.push_back(inner.id);
          continue;
        }
        const bool at_start = outer.begin == 0 && inner.begin == 0;
        for (const std::string& piece :
             split_({section.substr(inner.begin, inner.end - inner.begin)}, at_start)) {
          model_->encode(piece, &ids);
        }
      }
    }
    return ids;
  }

  std::string decode(const std::vector<int64_t>& ids) const override {
    std::vector<std::string> tokens;
    for (const int64_t id : ids) {
      const auto added = added_.find(id);
      const auto token = added == added_.end() ? model_->token_of(id) : added->second;
      if (token && !special_.contains(*token)) tokens.push_back(*token);
    }
    std::string text;
    for (const std::string& part : decode_(std::move(tokens))) text += part;
    return clean_up_ ? without_spaces_before_punctuation(std::move(text)) : text;
  }

  const Frame& frame() const override { return frame_; }
  IdCount id_count() const override { return count_; }

 private:
  void count_ids(const std::vector<AddedToken>& added) {
    count_.all = count_.ordinary = model_->size();
    for (const AddedToken& token : added) {
      count_.all = std::max(count_.all, token.id + 1);
      added_[token.id] = token.normalized ? normalize_(token.content) : token.content;
      if (token.special) special_.insert(token.content);
    }
    while (added_.contains(count_.ordinary - 1)) --count_.ordinary;
  }

  Normalizer normalize_;
  PreTokenizer split_;
  std::unique_ptr<TokenModel> model_;
  TokenDecoder decode_;
  bool clean_up_ = false;
  TokenFinder raw_, normalized_;  // tokens to find before and after normalisation
  // As in the reference, a token that is searched in normalised text is also decoded to it, and is
  // left out only if its text is still the special token that the file states.
  std::unordered_map<int64_t, std::string> added_;
  std::set<std::string> special_;
  Frame frame_;
  IdCount count_;
};

// As in transformers 5: the clean-up was made for models other than BPE, whose texts it damages.
bool cleans_up(const json& model, const std::string& where, const std::string& folder) {
  const std::string path = folder + "/tokenizer_config.json";
  const auto document = read_json(path);
  if (!document) return false;
  const JsonFields config(*document, printable(path));
  return config.boolean("clean_up_tokenization_spaces", false) &&
         (token_model_kind(model, where) != "BPE" ||
          config.boolean("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output",
                         false));
}

}  // namespace

std::unique_ptr<Pipeline> read_tokenizer_json(const std::string& folder) {
  const std::string path = folder + "/tokenizer.json";
  const auto document = read_json(path);
  if (!document) return nullptr;
  const std::string where = printable(path);
  const JsonFields fields(*document, where);
  const bool clean_up = cleans_up(fields.at("model"), where + ": model", folder);
  return std::make_unique<JsonPipeline>(*document, where, clean_up);
}

}  // namespace lea::lm
