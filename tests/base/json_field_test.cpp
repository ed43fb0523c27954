#include "core/base/json_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace lea {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    parse_json(text, "file.json");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Json, SaysWhereAFileIsNotJson) {
  EXPECT_THAT(refusal("{\"a\": }"), HasSubstr("file.json: byte 7: not valid JSON"));
  EXPECT_THAT(refusal(""), HasSubstr("file.json: byte 1: not valid JSON"));
  EXPECT_THAT(refusal("\"\xff\""), HasSubstr("not valid JSON"));
  EXPECT_EQ(refusal("{\"a\": [1, 2.5, null]}"), "");
}

TEST(Json, RefusesANumberThatNoDoubleHolds) {
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("file.json: holds a number that is too large"));
}

TEST(Json, RefusesWhatIsNestedTooDeeply) {
  EXPECT_THAT(refusal(std::string(100000, '[')), HasSubstr("file.json: nested deeper than 64"));
}

TEST(JsonFields, NeverConvertAValue) {
  const nlohmann::json document = {{"n", -1}, {"x", 1.5}, {"t", "text"}, {"none", nullptr}};
  const JsonFields fields(document, "file.json");
  EXPECT_EQ(fields.integer("n"), -1);
  EXPECT_THROW(fields.integer("x"), DataError);
  EXPECT_THROW(fields.text("n"), DataError);
  EXPECT_THROW(fields.boolean("n", true), DataError);
  EXPECT_TRUE(fields.contains("none"));
  EXPECT_FALSE(fields.has("none"));
  EXPECT_EQ(fields.text("none", "fallback"), "fallback");
  EXPECT_EQ(fields.boolean("absent", true), true);
}

}  // namespace
}  // namespace lea
