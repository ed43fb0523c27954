// Compares the use of regular expressions of a tokenizer.json with that by the `tokenizers` library
// (tests/golden/lm/make_rules.py).
#include "core/lm/tokenizer/oniguruma.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/lm/tokenizer/normalizer.h"
#include "core/lm/tokenizer/pre_tokenizer.h"

namespace lea::lm {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json split(const std::string& expression) {
  return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", "Isolated"}};
}

void expect_refused(const std::string& expression, const std::string& message) {
  try {
    make_pre_tokenizer(split(expression), "tokenizer.json: pre_tokenizer");
    ADD_FAILURE() << expression << " was not refused";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr(message)) << expression;
  }
}

TEST(Oniguruma, MakesOfEachTextWhatTheReferenceMakesOfIt) {
  const json rules = *read_json(LEA_SOURCE_DIR "/tests/golden/lm/rules.json");
  const auto texts = rules["texts"].get<std::vector<std::string>>();
  ASSERT_GT(rules["steps"].size(), 90u);
  ASSERT_GT(texts.size(), 5u);
  for (const json& rule : rules["steps"]) {
    const json& step = rule["step"];
    json outcome = json::array();
    for (const std::string& text : texts) {
      if (step["type"] == "Replace")
        outcome.push_back(make_normalizer(step, "step")(text));
      else if (text.empty())
        outcome.push_back(json::array());
      else
        outcome.push_back(make_pre_tokenizer(step, "step")({text}, /*at_start=*/true));
    }
    EXPECT_EQ(outcome, rule["outcome"]) << step;
  }
}

TEST(Oniguruma, SaysWhatIsNotSupportedWhereAndWhy) {
  expect_refused(R"(a|\K.)",
                 R"(tokenizer.json: pre_tokenizer: pattern: Regex: `\K` at byte 2 of a|\K. is not )"
                 "supported: Oniguruma and PCRE2 may read it differently");
}

TEST(Oniguruma, RefusesWhatEnginesReadDifferently) {
  const std::string differently = "is not supported: Oniguruma and PCRE2 may read it differently";
  for (const char* escape : {"\\h", "\\H", "\\R", "\\X", "\\N", "\\O", "\\K", "\\G", "\\Q.\\E",
                             "(a)\\1", "\\0", "\\e", "\\cA", "\\k<n>", "\\y", "\\\u00e9", "[\\b]"})
    expect_refused(escape, differently);
  const std::string groups =
      "is not supported: of the groups that begin so, (?: (?i: (?m: (?> (?= (?! (?<= (?<! are";
  for (const char* group : {"(?s)a", "(?x) a", "(?m)a", "b(?i)a", "(?-i:a)", "(?<n>a)", "(?P<n>a)",
                            "(?#x)", "(a)|b(?1)", "(?~a)", "(?|a)", "(?"})
    expect_refused(group, groups);
  const std::string properties =
      "is not supported: of the properties, general categories (L, Lu ...) and common scripts "
      "(Han ...) are";
  for (const char* name : {"\\p{L&}", "\\p{Script=Latin}", "\\p{sc:Han}", "\\p{l}", "\\p{Alpha}",
                           "\\p{Any}", "[\\p{Xsp}]"})
    expect_refused(name, properties);
  expect_refused("\\pL", "`\\p` at byte 0 of \\pL is not supported: its name stands in { }");
  expect_refused("\\p{L", "its name stands in { }");
}

TEST(Oniguruma, RefusesRepeatsThatEnginesReadDifferently) {
  for (const char* repeat : {"a**", "a+*", "a{2}{3}", "a?{2}", "a???", "a{1,2}?+"})
    expect_refused(repeat, "is not supported: it repeats a repeat");
  for (const char* repeat : {"(a*)+", "(?:a|)?", "^*", "(?=a)+", "\\b+", "a{,2}+", "(a?b?){2}"})
    expect_refused(repeat, "is not supported: it repeats what can match nothing");
  for (const char* brace : {"a{", "a{x}", "a{,}", "a{1"})
    expect_refused(brace, "the character itself is written with \\ before it");
  for (const char* repeat : {"*a", "a|+", "(?)", "{2}"}) expect_refused(repeat, "is not supported");
  expect_refused("a|+", "it repeats nothing");
  expect_refused("a{2,1}", "it ends below its beginning");
  expect_refused("a{65536}", "at most 65535 repeats are");
}

TEST(Oniguruma, RefusesClassesThatEnginesReadDifferently) {
  expect_refused("[a&&b]", "`&&` at byte 2 of [a&&b] is not supported: an intersection of classes");
  expect_refused("[[:alpha:]]", "a class by name; write \\p{...}");
  expect_refused("[a[^b]]", "it excludes characters from within a class");
  expect_refused("[\\W]", "it excludes characters from within a class");
  expect_refused("[]a]", "a class that is empty or begins with ]; write \\] for the character");
  expect_refused("[a", "the class is not closed");
  expect_refused("[\\d-a]", "a - within a class; write \\- for the character");
  expect_refused("[a-b-c]", "a - within a class; write \\- for the character");
  expect_refused("[a-\\d]", "a range that ends in a class");
  expect_refused("[a-[b]]", "a range without an end");
  expect_refused("[b-a]", "a range that ends before its beginning");
}

TEST(Oniguruma, RefusesWhatIgnoresCaseBeyondSingleAsciiLetters) {
  for (const char* letter : {"(?i:\u00df)", "(?i:[\u00e9])", "(?i:[a-\u00e9])"})
    expect_refused(letter, "under (?i) only ASCII letters are");
  for (const char* pair : {"(?i:ss)", "(?i)S(?:t)", "(?i:fi)", "(?i:[f]L)", "(?i:off)"})
    expect_refused(pair, "would stand for one letter as well");
  for (const char* kind : {"(?i:\\p{L})", "(?i)a|\\w", "(?i:\\W)"})
    expect_refused(kind, "it stands under (?i)");
  expect_refused("(?i:[^a])", "it excludes characters under (?i)");
  expect_refused("(?i:(?<=a)b)", "it looks behind under (?i)");
}

TEST(Oniguruma, RefusesWhatIsNoExpressionThere) {
  expect_refused("a)", "a bracket is closed that is not open");
  expect_refused("(a", "the group is not closed");
  expect_refused("\\", "nothing stands behind it");
  for (const char* character : {"\\x", "\\x4", "\\xe9", "\\x{d800}", "\\x{110000}", "\\x{61",
                                "\\u12", "\\x{}", "\\x{123456789}"})
    expect_refused(character, "is not supported: it is no character");
  expect_refused("(?<=a+)b", "a repeat in what looks behind");
  expect_refused("(?<=(a))b", "a group in what looks behind");
  expect_refused("(?<=\\ba)b", "an assertion in what looks behind");
  expect_refused("(?<=a|)b", "it looks behind for nothing");
  expect_refused(std::string(101, '('), "groups are nested too deeply");
  expect_refused(std::string(102, '['), "classes are nested too deeply");
}

TEST(Oniguruma, SplitsATextOfAMegabyteOfOneKind) {
  const auto count = [](const char* expression, const std::string& text) {
    return make_pre_tokenizer(split(expression), "step")({text}, /*at_start=*/true).size();
  };
  EXPECT_EQ(count(R"(\p{N}{1,3}+|\s+)", std::string(1 << 20, '7')), 1u);
  EXPECT_EQ(count(R"(\p{N}{1,3}|\s+)", std::string(3 << 18, '7')), 1u << 18);
  EXPECT_EQ(count(R"(\s+(?!\S)|\s+$|\s)", std::string(1 << 20, ' ')), 1u);
}

}  // namespace
}  // namespace lea::lm
