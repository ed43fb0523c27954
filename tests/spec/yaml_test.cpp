#include "core/spec/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace lea::spec {
namespace {

struct Parsed {
  NodePtr root;
  std::string error;
};

Parsed parse(const std::string& text) {
  Errors errors;
  const auto source = std::make_shared<const Source>(Source{"f", "", 0, true});
  Parsed parsed{parse_yaml(text, source, errors), ""};
  try {
    errors.throw_if_any();
  } catch (const ConfigError& error) {
    parsed.error = error.what();
  }
  return parsed;
}

TEST(Yaml, KnowsThePlaceOfKeysAndValues) {
  const Parsed parsed = parse("a: 1\nb:\n  c: [x, yy]\n");
  ASSERT_EQ(parsed.error, "");
  const Entry* c = parsed.root->find("b")->value->find("c");
  EXPECT_EQ(c->at.text(), "f:3:3");
  EXPECT_EQ(c->value->items[1]->at.text(), "f:3:10");
  EXPECT_EQ(c->value->items[1]->text, "yy");
}

TEST(Yaml, SharesWhatAnAliasNamesAndCountsItExpanded) {
  const Parsed parsed = parse("a: &x [1, 2]\nb: *x\n");
  ASSERT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.root->find("a")->value, parsed.root->find("b")->value);
  EXPECT_EQ(parsed.root->size, 7u);
}

TEST(Yaml, AcceptsAByteOrderMarkOfUtf8) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: 1\n")
                .error,
            "");
}

// yaml-cpp 0.8 names the anchor, 0.7 does not.
TEST(Yaml, RefusesAnAliasOfNothing) {
  EXPECT_THAT(parse("a: *b\n").error,
              ::testing::StartsWith("f:1:4: is not YAML: the referenced anchor is not defined"));
}

struct Refused {
  const char* name;
  std::string text, error;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class YamlRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(YamlRefuses, AndSaysWhereAndWhy) {
  EXPECT_EQ(parse(GetParam().text).error, GetParam().error);
}

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string n = std::to_string(i), m = std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " [*a" + m;
    for (int j = 1; j < 10; ++j) text += ", *a" + m;
    text += "]\n";
  }
  return text;
}

std::string many_aliases() {
  std::string text = "a: &a 1\nb: [*a";
  for (int i = 0; i < 1000; ++i) text += ", *a";
  return text + "]\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, YamlRefuses,
    ::testing::Values(
        Refused{"Empty", "", "f:1:1: is empty"},
        Refused{"OnlyAComment", "# x\n", "f:1:1: is empty"},
        Refused{"DuplicateKey", "a: 1\nb: 2\na: 3\n",
                "f:3:1: duplicate key `a`, first stated in line 1"},
        Refused{"InnerDuplicateKey", "a: {b: 1,\n  b: 2}\n",
                "f:2:3: duplicate key `b`, first stated in line 1"},
        Refused{"MergeKey", "a: &x {b: 1}\nc:\n  <<: *x\n",
                "f:3:3: merge keys (`<<`) are not used in a spec; use `extends`"},
        Refused{"Tag", "a: !!str 5\n",
                "f:1:4: tags such as `tag:yaml.org,2002:str` are not used in a spec; remove it"},
        Refused{"LocalTag", "a: !python/object {}\n",
                "f:1:4: tags such as `!python/object` are not used in a spec; remove it"},
        Refused{"SecondDocument", "a: 1\n---\nb: 2\n",
                "f:3:1: a second document starts here; a spec is one document"},
        Refused{"TooDeep", nested(70), "f:1:65: is nested more than 64 deep"},
        Refused{"FarTooDeep", nested(100000), "f:1:65: is nested more than 64 deep"},
        Refused{"AliasBomb", bomb(),
                "f:5:45: has more than 100000 values once its aliases are expanded"},
        Refused{"TooManyAliases", many_aliases(), "f:2:4005: has more than 1000 aliases"},
        Refused{"CyclicAlias", "a: &a [1, *a]\n",
                "f:1:11: is an alias of the value that it stands in"},
        Refused{"LongScalar", "a: " + std::string(70000, 'x'), "f:1:4: is longer than 65536 bytes"},
        Refused{"ListAsKey", "? [a]\n: 1\n", "f:1:3: a key must be a word, but is a list"},
        Refused{"NullAsKey", "~: 1\n", "f:1:1: a key must be a word, but is a null"},
        Refused{"Tab", "a:\n\tb: 1\n", "f:2:3: is not YAML: illegal map value"},
        Refused{"Nul", std::string("a: 1\nb: \0\n", 10),
                "f:2:4: has the control character \\x00; remove it"},
        Refused{"Escape", "a: \x1b[31m\n", "f:1:4: has the control character \\x1b; remove it"},
        Refused{
            "EscapedEscape", "a: \"\\x1b[31m\"\n",
            "f:1:4: control and bidirectional characters are not allowed, but it is `\\x1b[31m`"},
        Refused{"Bidi", "a: \"x\\u202ey\"\n",
                "f:1:4: control and bidirectional characters are not allowed, but it is "
                "`x\\xe2\\x80\\xaey`"},
        Refused{"BadUtf8", "a: 1\nb: x\xFFy\n",
                "f:2:5: byte 9 is not UTF-8; save the file as UTF-8"},
        Refused{"Utf16",
                std::string("\xFF\xFE"
                            "a\0",
                            4),
                "f:1:1: is UTF-16 text; save it as UTF-8"},
        Refused{"Unclosed", "a: [1, 2\n", "f:2:1: is not YAML: end of sequence flow not found"}),
    [](const auto& info) { return std::string(info.param.name); });

struct Number {
  const char *text, *integer, *real;  // the reason against it, "" when accepted
};

TEST(Numbers, AreReadInOneWayOnly) {
  const std::string no_integer = "it is not an integer", none = "it is not a number";
  const std::string octal = "leading zeros are read as octal by some; write it without";
  const std::string finite = "it must be finite", digits = "write the digits without `_`";
  const std::string decimal = "write it in decimal";
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"0", "", ""},
      {"-7", "", ""},
      {"+7", "", ""},
      {"1e3", "", ""},
      {"1.5e3", "", ""},
      {"1.0", no_integer, ""},
      {"1.5", no_integer, ""},
      {"1e-3", no_integer, ""},
      {".5", no_integer, ""},
      {"5.", no_integer, ""},
      {"010", octal, octal},
      {"-010", octal, octal},
      {"00.5", octal, octal},
      {"0x10", decimal, decimal},
      {"0b1", decimal, decimal},
      {"1_000", digits, digits},
      {".nan", finite, finite},
      {".inf", finite, finite},
      {"-.inf", finite, finite},
      {"nan", finite, finite},
      {"1e400", "it does not fit into a number of 64 bits",
       "it does not fit into a number of 64 bits"},
      {"9223372036854775808", "it does not fit into an integer of 64 bits", ""},
      {"1e18", "it is too large to be exact; write all digits", ""},
      {"12:30:45", none, none},
      {"yes", none, none},
      {"", none, none},
      {"1e", none, none},
      {"- 1", none, none},
      {"1 2", none, none},
      {"--1", none, none},
      {"1.2.3", digits, digits},
  };
  for (const auto& [text, integer, real] : cases) {
    int64_t i = 0;
    double r = 0;
    EXPECT_EQ(parse_integer(text, &i), integer) << text;
    EXPECT_EQ(parse_real(text, &r), real) << text;
  }
  int64_t i = 0;
  EXPECT_EQ(parse_integer("1.5e3", &i), "");
  EXPECT_EQ(i, 1500);
  double r = 0;
  EXPECT_EQ(parse_real("+.5", &r), "");
  EXPECT_EQ(r, 0.5);
}

TEST(Errors, AreToldOnceInTheOrderOfTheFileAndAtMostFifty) {
  Errors errors;
  const auto source = std::make_shared<const Source>(Source{"f", "", 0, true});
  for (int line = 60; line > 0; --line) {
    errors.add({source, line, 1}, "k", "is wrong");
    errors.add({source, line, 1}, "k", "is wrong");
  }
  try {
    errors.throw_if_any();
    FAIL();
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 50);
    EXPECT_THAT(message, ::testing::StartsWith("f:1:1: k: is wrong\nf:2:1: k: is wrong\n"));
    EXPECT_THAT(message, ::testing::EndsWith("f:50:1: k: is wrong\nand 10 more"));
  }
}

}  // namespace
}  // namespace lea::spec
