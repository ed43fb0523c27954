// Shows people what the language model is sent: item sentences and prompts, as text and as ids.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "plugins/le/environment_maker.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/wording.h"

namespace lea::le {
namespace {

// A wording with texts in its places.
std::string filled(const std::string& wording, const std::map<std::string, std::string>& texts) {
  std::string text;
  for (const Piece& piece : parse_wording(wording, "le"))
    text += piece.place.empty() ? piece.text : texts.at(piece.place);
  return text;
}

class Shown {
 public:
  Shown(const Settings& settings, const lm::Tokenizer& tokenizer, PrepareContext& context)
      : settings_(settings),
        items_(context.items()),
        vocabulary_(lm::read_config(settings.model).vocabulary),
        begin_(begin_token(settings, tokenizer)),
        texts_(item_texts(settings, tokenizer, context, begin_, /*show=*/true)),
        prompts_(settings, tokenizer, vocabulary_, begin_, texts_.titles) {
    try {
      selections_.emplace(settings, tokenizer, vocabulary_, begin_, texts_.titles);
    } catch (const Error& error) {
      refusal_ = error.what();  // only what chooses from lists needs them
    }
  }

  // The prompts of sequence number `sequence` at its last event.
  void add(int64_t sequence, const std::vector<int64_t>& history, int64_t action) {
    std::string names;
    for (const int64_t one : history)
      names += (names.empty() ? "" : settings_.separator) + name_of(one);
    add_sentence(action);
    add_lines("state of training sequence " + std::to_string(sequence), "",
              prompts_.state_prompt(history));
    const std::string text =
        settings_.order == "hoisted"
            ? filled(settings_.hoisted_prompt, {{"history", names}, {"item", name_of(action)}})
            : filled(settings_.user_prompt, {{"history", names}}) + settings_.joint +
                  filled(settings_.action_prompt, {{"item", name_of(action)}});
    add_lines("reward of item " + std::to_string(action), text,
              prompts_.reward_prompt(history, action));
    if (selections_)
      add_selection(history, names, action);
    else
      lines_.push_back("selection: cannot be shown: " + refusal_);
  }

  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::string name_of(int64_t item) const {
    return texts_.titles.empty() ? "<item " + std::to_string(item) + ">"
                                 : texts_.titles[static_cast<size_t>(item - 1)];
  }

  void add_lines(const std::string& what, const std::string& text, const Ids& ids) {
    std::string numbers;
    for (const int64_t id : ids) {
      numbers += numbers.empty() ? "" : " ";
      numbers += id < vocabulary_ ? std::to_string(id)
                                  : "<item " + std::to_string(id - vocabulary_ + 1) + ">";
    }
    lines_.push_back(what + (text.empty() ? "" : ": " + text));
    lines_.push_back("  " + numbers);
  }

  void add_sentence(int64_t item) {
    const Sentence& sentence = texts_.sentences[static_cast<size_t>(item - 1)];
    Ids ids = sentence.before;
    if (sentence.begin >= 0) ids.insert(ids.begin(), sentence.begin);
    ids.push_back(vocabulary_ + item - 1);
    append(ids, sentence.after);
    add_lines("sentence of item " + std::to_string(item),
              texts_.shown[static_cast<size_t>(item - 1)], ids);
  }

  // The candidates of a run are those of its network; here the next item and the first others.
  void add_selection(const std::vector<int64_t>& history, const std::string& names,
                     int64_t action) {
    std::vector<int64_t> list = {action};
    for (int64_t other = 1; other <= items_ && std::ssize(list) < std::ssize(selections_->labels());
         ++other) {
      if (other != action) list.push_back(other);
    }
    std::string candidates;
    for (size_t i = 0; i < list.size(); ++i) {
      candidates += (i == 0 ? "" : settings_.list_separator) +
                    filled(settings_.list_item,
                           {{"item", name_of(list[i])}, {"number", std::to_string(i + 1)}});
    }
    add_lines("selection",
              filled(settings_.user_prompt, {{"history", names}}) + settings_.joint +
                  filled(settings_.selection_prompt, {{"list", candidates}}),
              selections_->prompt(history, list));
  }

  const Settings& settings_;
  const int64_t items_, vocabulary_, begin_;
  const ItemTexts texts_;
  const Prompts prompts_;
  std::optional<SelectionPrompts> selections_;
  std::string refusal_;  // why there are no selections
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> LanguageEnvironment::Maker::show(PrepareContext& context, int64_t limit) {
  const lm::Tokenizer tokenizer(settings_.model, lm::read_config(settings_.model).vocabulary);
  Shown shown(settings_, tokenizer, context);
  const TrainingData& training = context.training();
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  for (int64_t s = 0; s < training.sequences() && limit > 0; ++s) {
    const int64_t events = first[s + 1] - first[s];
    if (events < 2) continue;
    --limit;
    const int64_t from = std::max<int64_t>(0, events - 1 - training.history);
    shown.add(s + 1, {item + first[s] + from, item + first[s + 1] - 1}, item[first[s + 1] - 1]);
  }
  return shown.take();
}

}  // namespace lea::le
