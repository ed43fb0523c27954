// Prompts as ids, against Hugging Face's tokenizers and as readable text, and their forests.
#include "plugins/le/prompts.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "core/base/error.h"
#include "plugins/le/selection_prompts.h"
#include "tests/le/letters.h"

namespace lea::le {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int64_t kBegin = 7;

// The ids from a prompt's start to the row that was requested as number `read`.
Ids path_of(const lm::Forest& forest, int64_t read) {
  const lm::Forest::Arranged arranged = forest.arrange(at::kCPU);
  const auto at = [](const at::Tensor& tensor, int64_t i) { return tensor[i].item<int64_t>(); };
  const int64_t row = at(arranged.read, read);
  int64_t first = 0;
  for (const lm::AttentionBlock& block : arranged.layout.blocks) {
    const int64_t rows = block.groups * block.queries;
    if (row >= first + rows) {
      first += rows;
      continue;
    }
    const int64_t group = (row - first) / block.queries, end = first + rows,
                  seen = block.keys - block.queries + (row - first) % block.queries + 1;
    Ids ids;
    for (int64_t i = 0; i < seen; ++i) {
      const int64_t key = block.key.defined() ? at(block.key, group * block.keys + i)
                                              : end - (block.groups - group) * block.keys + i;
      ids.push_back(at(arranged.ids, key));
    }
    return ids;
  }
  return {};
}

// Prompts of the readable tokenizer; the settings are those of a test.
class PromptsTest : public testing::Test {
 protected:
  PromptsTest() {
    settings_.user_prompt = "Bought: {history};";
    settings_.action_prompt = "Is {item} next?";
    settings_.selection_prompt = "Of [{list}] take";
    settings_.hoisted_prompt = "Likely last: {history} or {item}";
    settings_.labels = "1|2|3";
  }

  Prompts prompts(const std::vector<std::string>& titles = {}) const {
    return {settings_, *letters_.tokenizer, letters_.size(), kBegin, titles};
  }
  SelectionPrompts selections(const std::vector<std::string>& titles = {}) const {
    return {settings_, *letters_.tokenizer, letters_.size(), kBegin, titles};
  }
  std::string refusal() const {
    return message_of<ConfigError>([&] { prompts(); });
  }
  std::string refusal_of_selections() const {
    return message_of<ConfigError>([&] { selections(); });
  }
  std::string read(const Ids& ids) const { return letters_.read(ids); }

  Letters letters_{{" first", " second", " third"}};
  Settings settings_;
  const std::vector<int64_t> history_ = {3, 1, 2}, list_ = {5, 1};
};

TEST_F(PromptsTest, AreThePapersInItsOrder) {
  const Prompts paper = prompts();
  EXPECT_EQ(read(paper.state_prompt(history_)), "<3><1><2>");
  EXPECT_EQ(read(paper.reward_prompt(history_, 4)), "Bought: <3>, <1>, <2>; Is <4> next?");
  EXPECT_EQ(read(selections().prompt(history_, list_)),
            "Bought: <3>, <1>, <2>; Of [<5>, <1>] take");
  EXPECT_FALSE(paper.one_tree());
}

TEST_F(PromptsTest, ReadTheStateAtTheEndOfTheUserPromptOnRequest) {
  settings_.state_prompt = "user";
  EXPECT_EQ(read(prompts().state_prompt(history_)), "Bought: <3>, <1>, <2>;");
  EXPECT_TRUE(prompts().one_tree());
  settings_.user_prompt = "Bought: {history}";
  EXPECT_EQ(read(prompts().state_prompt(history_)), "Bought: <3>, <1>, <2>");
}

TEST_F(PromptsTest, PutTheConstantTextFirstAndTheCandidateLastWhenHoisted) {
  settings_.order = "hoisted";
  const Prompts hoisted = prompts();
  EXPECT_EQ(read(hoisted.state_prompt(history_)), "Likely last: <3>, <1>, <2>");
  EXPECT_EQ(read(hoisted.reward_prompt(history_, 4)), "Likely last: <3>, <1>, <2> or <4>");
  EXPECT_EQ(read(selections().prompt(history_, list_)),
            "Bought: <3>, <1>, <2>; Of [<5>, <1>] take");
  EXPECT_TRUE(hoisted.one_tree());
}

TEST_F(PromptsTest, NumberTheCandidates) {
  settings_.list_item = "{number}: {item}!";
  settings_.list_separator = " / ";
  EXPECT_EQ(read(selections().prompt(history_, list_)),
            "Bought: <3>, <1>, <2>; Of [1: <5>! / 2: <1>!] take");
}

TEST_F(PromptsTest, BeginWithTheBeginTokenOnRequest) {
  settings_.begin_token = true;
  for (const char* order : {"paper", "hoisted"}) {
    settings_.order = order;
    const Prompts begun = prompts();
    EXPECT_EQ(begun.state_prompt(history_).front(), kBegin);
    EXPECT_EQ(begun.reward_prompt(history_, 4).front(), kBegin);
    EXPECT_EQ(selections().prompt(history_, list_).front(), kBegin);
  }
}

TEST_F(PromptsTest, WriteItemsAsTitlesOnRequest) {
  settings_.items = "titles";
  const std::vector<std::string> titles = {"Oasis", "Live Forever", "", "d", "e"};
  const Prompts titled = prompts(titles);
  EXPECT_EQ(read(titled.state_prompt(history_)), "unknown, Oasis, Live Forever");
  EXPECT_EQ(read(titled.reward_prompt(history_, 4)),
            "Bought: unknown, Oasis, Live Forever; Is d next?");
  EXPECT_EQ(read(selections(titles).prompt(history_, list_)),
            "Bought: unknown, Oasis, Live Forever; Of [e, Oasis] take");
}

TEST_F(PromptsTest, KnowTheirGreatestLength) {
  settings_.items = "titles";
  const std::vector<std::string> titles = {"a", "Live Forever", "b"};
  const std::vector<int64_t> longest = {2, 2, 2};
  const Prompts asked = prompts(titles);
  EXPECT_EQ(asked.longest(3), std::ssize(asked.reward_prompt(longest, 2)));
  const SelectionPrompts chosen = selections(titles);
  EXPECT_EQ(chosen.longest(3), std::ssize(chosen.prompt(longest, longest)));
}

// Every way to write prompts that changes the shape of the trees.
struct Shape {
  const char *order, *state_prompt, *items;
  bool begin;
};

class Forests : public PromptsTest, public testing::WithParamInterface<Shape> {
 protected:
  Forests() {
    settings_.order = GetParam().order;
    settings_.state_prompt = GetParam().state_prompt;
    settings_.items = GetParam().items;
    settings_.begin_token = GetParam().begin;
  }
};

TEST_P(Forests, HoldTheWholePrompts) {
  const std::vector<std::string> titles = {"Oasis", "Live Forever", "Wonderwall", "d", "e"};
  const Prompts made = prompts(titles);
  const SelectionPrompts chosen = selections(titles);
  lm::Forest forest;
  struct Read {
    int64_t number;
    Ids prompt;
  };
  std::vector<Read> reads;
  for (const std::vector<int64_t>& items : {history_, {2, 5}}) {
    const std::vector<int64_t> states = made.add_history(forest, items, true),
                               rewards = made.one_tree() ? states
                                                         : made.add_history(forest, items, false),
                               lists = chosen.add_history(forest, items);
    ASSERT_EQ(states.size(), items.size());
    for (size_t i = 0; i < items.size(); ++i) {
      const std::span<const int64_t> history(items.data(), i + 1);
      for (const int64_t action : {4, 1})
        reads.push_back(
            {made.read_reward(forest, rewards[i], action), made.reward_prompt(history, action)});
      reads.push_back({made.read_state(forest, states[i]), made.state_prompt(history)});
      reads.push_back({chosen.read(forest, lists[i], list_), chosen.prompt(history, list_)});
    }
  }
  for (size_t i = 0; i < reads.size(); ++i) {
    EXPECT_EQ(reads[i].number, static_cast<int64_t>(i));
    EXPECT_EQ(path_of(forest, reads[i].number), reads[i].prompt) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(OfPrompts, Forests,
                         testing::Values(Shape{"paper", "items", "tokens", false},
                                         Shape{"paper", "items", "tokens", true},
                                         Shape{"paper", "items", "titles", true},
                                         Shape{"paper", "user", "tokens", false},
                                         Shape{"paper", "user", "titles", true},
                                         Shape{"hoisted", "items", "tokens", false},
                                         Shape{"hoisted", "user", "titles", true}),
                         [](const auto& shape) {
                           return std::string(shape.param.order) + "_" + shape.param.state_prompt +
                                  "_" + shape.param.items + (shape.param.begin ? "_begin" : "");
                         });

TEST_F(PromptsTest, ShareTheHeaderAndTheTextBeforeTheActions) {
  settings_.order = "hoisted";
  const Prompts hoisted = prompts();
  lm::Forest forest;
  const auto header = std::ssize(std::string("Likely last: ")),
             history = 3 + 2 * std::ssize(std::string(", "));
  std::vector<int64_t> rows = hoisted.add_history(forest, history_, false);
  EXPECT_EQ(forest.rows(), header + history);
  hoisted.add_history(forest, history_, true);
  EXPECT_EQ(forest.rows(), header + 2 * history);
  hoisted.read_reward(forest, rows[1], 4);
  hoisted.read_reward(forest, rows[1], 5);
  hoisted.read_reward(forest, rows[1], 1);
  EXPECT_EQ(forest.rows(), header + 2 * history + std::ssize(std::string(" or ")) + 3);
}

TEST_F(PromptsTest, RefuseTextAfterTheCandidateWhenHoisted) {
  settings_.order = "hoisted";
  settings_.hoisted_prompt = "After {history} is {item}?";
  EXPECT_EQ(refusal(),
            "le: hoisted_prompt: must end with {item}, but `?` follows. The reward is read at the "
            "item, so that text would change nothing");
  settings_.hoisted_prompt = "Is {item} after {history}";
  EXPECT_EQ(refusal(), "le: hoisted_prompt: must hold {history} before {item}");
}

TEST_F(PromptsTest, RefuseAWordingThatLacksAPlace) {
  settings_.user_prompt = "Bought.";
  EXPECT_EQ(refusal(), "le: user_prompt: must hold {history} once, but does not");
  EXPECT_EQ(refusal_of_selections(), refusal());
  settings_.user_prompt = "{history}";
  settings_.list_item = "{title}";
  EXPECT_EQ(refusal_of_selections(),
            "le: list_item: has no place {title} (there are: {item}, {number})");
}

TEST_F(PromptsTest, RefuseOnlyWhatTheyRead) {
  settings_.selection_prompt = settings_.list_item = "nothing";
  settings_.labels = "first|second";
  settings_.hoisted_prompt = "nothing";
  EXPECT_EQ(refusal(), "no error") << "nothing is selected, and the order is the paper's";
  settings_.hoisted_prompt = "Likely last: {history} or {item}";
  settings_.user_prompt = settings_.action_prompt = "nothing";
  settings_.order = "hoisted";
  EXPECT_EQ(refusal(), "no error");
  settings_.user_prompt = "Bought: {history};";
  settings_.selection_prompt = "Of [{list}] take";
  settings_.list_item = "{item}";
  settings_.labels = "1|2|3";
  settings_.hoisted_prompt = "nothing";
  EXPECT_EQ(refusal_of_selections(), "no error") << "they have the paper's order";
}

TEST_F(PromptsTest, ProposeLabelsThatAreOneToken) {
  settings_.labels = " first| second| third";
  EXPECT_EQ(selections().labels(),
            (Ids{letters_.id(" first"), letters_.id(" second"), letters_.id(" third")}));
  settings_.labels = "first|second|third";
  EXPECT_EQ(refusal_of_selections(),
            "le: labels: `first` is 5 tokens of this model, and a label must be one. Labels that "
            "are: `1|2|3`, `A|B|C`, ` first| second| third`");
  settings_.labels = "1||3";
  EXPECT_THAT(refusal_of_selections(), HasSubstr("le: labels: `` is 0 tokens of this model"));
  settings_.labels = "1|2|1";
  EXPECT_THAT(refusal_of_selections(),
              HasSubstr("le: labels: `1` and `1` are the same token of this model, and "
                        "labels must differ. Labels that are: `1|2|3`"));
}

TEST_F(PromptsTest, RefuseAMissingBeginToken) {
  settings_.begin_token = true;
  EXPECT_EQ(message_of<ConfigError>(
                [&] { Prompts(settings_, *letters_.tokenizer, letters_.size(), -1, {}); }),
            "le: begin_token: this model has no begin token (bos_token_id in its config.json). "
            "Leave begin_token out, or name a model that has one");
}

TEST_F(PromptsTest, RefuseAJointThatHidesTheEndOfTheUserPrompt) {
  const Letters merging({"; I"});
  const auto make = [&] { Prompts(settings_, *merging.tokenizer, merging.size(), kBegin, {}); };
  EXPECT_EQ(message_of<ConfigError>(make), "no error") << "the state is read elsewhere";
  settings_.state_prompt = "user";
  EXPECT_EQ(message_of<ConfigError>(make),
            "le: joint: with `state_prompt: user` the state is read at the end of the user prompt, "
            "but this model's tokenizer merges `;` with the text that follows, ` Is `. Change the "
            "joint or the end of the user prompt, for example with a newline between them");
}

TEST_F(PromptsTest, RefuseListsWithMoreCandidatesThanLabels) {
  EXPECT_EQ(message_of<ConfigError>([&] {
              selections().prompt(history_, std::vector<int64_t>{1, 2, 3, 4});
            }),
            "le: labels: there are 3 labels, but a list has 4 candidates");
}

TEST_F(PromptsTest, RefuseItemsThatDoNotExist) {
  settings_.items = "titles";
  EXPECT_THROW(prompts({"a"}).reward_prompt(std::vector<int64_t>{1}, 2), std::invalid_argument);
  EXPECT_THROW(prompts({"a"}).reward_prompt(std::vector<int64_t>{1}, 0), std::invalid_argument);
  lm::Forest forest;
  EXPECT_THROW(prompts({"a"}).add_history(forest, {}, true), std::invalid_argument);
}

TEST(PromptsOfHuggingFace, HaveTheSameIds) {
  std::ifstream file(LEA_SOURCE_DIR "/tests/golden/le/prompts.json");
  const json golden = json::parse(file);
  const auto history = golden["history"].get<Ids>(), list = golden["list"].get<Ids>();
  const auto action = golden["action"].get<int64_t>();
  int compared = 0, refused = 0;
  for (const json& of_tokenizer : golden["cases"]) {
    const auto name = of_tokenizer["tokenizer"].get<std::string>();
    const lm::Tokenizer tokenizer(LEA_SOURCE_DIR "/tests/golden/lm/tokenizers/" + name);
    for (const json& expected : of_tokenizer["prompts"]) {
      ParamValues values;
      for (const auto& [key, value] : expected["settings"].items()) {
        if (value.is_boolean())
          values[key] = value.get<bool>();
        else
          values[key] = value.get<std::string>();
      }
      const auto settings = assign_params<Settings>(values);
      const auto make = [&] {
        return Prompts(settings, tokenizer, golden["vocabulary"], golden["begin"],
                       golden["titles"]);
      };
      if (expected["merges"].get<bool>()) {
        EXPECT_THROW(make(), ConfigError) << name;
        ++refused;
        continue;
      }
      const Prompts prompts = make();
      const SelectionPrompts selections(settings, tokenizer, golden["vocabulary"], golden["begin"],
                                        golden["titles"]);
      const std::string where = name + " " + expected["settings"].dump();
      EXPECT_EQ(selections.labels(), of_tokenizer["labels"].get<Ids>()) << where;
      EXPECT_EQ(prompts.state_prompt(history), expected["state"].get<Ids>()) << where;
      EXPECT_EQ(prompts.reward_prompt(history, action), expected["reward"].get<Ids>()) << where;
      EXPECT_EQ(selections.prompt(history, list), expected["selection"].get<Ids>()) << where;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 50);
  EXPECT_EQ(refused, 4);
}

}  // namespace
}  // namespace lea::le
