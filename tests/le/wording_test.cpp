// Wordings: texts with places in braces.
#include "plugins/le/wording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/le/letters.h"

namespace lea::le {
namespace {

using testing::ElementsAre;

std::string parse_error(const std::string& wording) {
  return message_of<ConfigError>([&] { parse_wording(wording, "le: title"); });
}

std::string place_error(const std::string& wording, const std::vector<std::string>& places,
                        const std::vector<std::string>& optional = {}) {
  return message_of<ConfigError>(
      [&] { require_places(parse_wording(wording, "w"), places, "w", optional); });
}

TEST(Wording, IsTextsAndPlaces) {
  EXPECT_THAT(parse_wording("{item} is {title:20}, {a b}.", "w"),
              ElementsAre(Piece{"", "item", 0}, Piece{" is ", "", 0}, Piece{"", "title", 20},
                          Piece{", ", "", 0}, Piece{"", "a b", 0}, Piece{".", "", 0}));
  EXPECT_THAT(parse_wording("", "w"), ElementsAre());
}

TEST(Wording, WritesABraceTwice) {
  EXPECT_THAT(parse_wording("a {{x}} {{{item}}}", "w"),
              ElementsAre(Piece{"a {x} {", "", 0}, Piece{"", "item", 0}, Piece{"}", "", 0}));
}

TEST(Wording, RefusesBracesWithoutAPartnerAndBadPlaces) {
  EXPECT_EQ(
      parse_error("a {title"),
      "le: title: the `{` at byte 2 has no partner; a brace of the text itself is written twice");
  EXPECT_EQ(
      parse_error("a } b"),
      "le: title: the `}` at byte 2 has no partner; a brace of the text itself is written twice");
  EXPECT_EQ(
      parse_error("{a{b}"),
      "le: title: the `{` at byte 0 has no partner; a brace of the text itself is written twice");
  EXPECT_EQ(parse_error("x{}"), "le: title: {} names nothing");
  EXPECT_EQ(parse_error("{:3}"), "le: title: {:3} names nothing");
  for (const char* cap :
       {"{title:}", "{title:0}", "{title:x}", "{title:100001}", "{title:1234567}"}) {
    EXPECT_EQ(parse_error(cap), std::string("le: title: ") + cap +
                                    " has no number of tokens from 1 to 100000 after the colon");
  }
}

TEST(Wording, MustHoldItsPlacesOnce) {
  EXPECT_EQ(place_error("a {history} b", {"history"}), "no error");
  EXPECT_EQ(place_error("{number}. {item}", {"item"}, {"number"}), "no error");
  EXPECT_EQ(place_error("{item}", {"item"}, {"number"}), "no error");
  EXPECT_EQ(place_error("a", {"history"}), "w: must hold {history} once, but does not");
  EXPECT_EQ(place_error("{item}{item}", {"item"}),
            "w: must hold {item} once, but holds it 2 times");
  EXPECT_EQ(place_error("{item:2}", {"item"}),
            "w: {item} takes no number of tokens; only columns of item texts do");
  EXPECT_EQ(place_error("{histroy}", {"history", "item"}),
            "w: has no place {histroy}, did you mean `history`? (there are: {history}, {item})");
}

TEST(Wording, GivesTheTextsAroundItsPlaces) {
  EXPECT_THAT(texts_around("a{x}{y}b", {"x", "y"}, "w"), ElementsAre("a", "", "b"));
  EXPECT_THAT(texts_around("", {}, "w"), ElementsAre(""));
}

}  // namespace
}  // namespace lea::le
