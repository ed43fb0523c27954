// How text becomes fields, and how the text of a field becomes a time.
#include <gmock/gmock.h>

#include "core/data/field_cutter.h"
#include "core/data/table_reader.h"
#include "core/data/timestamp.h"
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Rows = std::vector<std::vector<std::string>>;

class Table : public Scratch {
 protected:
  // The header and all rows of a file.
  Rows rows(const std::string& text, const TableForm& form) const {
    BadRows bad(0);
    TableReader table(write("table", text), bad, form);
    Rows rows = {table.header()};
    while (table.next()) rows.push_back({table.fields().begin(), table.fields().end()});
    bad.finish();
    return rows;
  }
};

const TableForm kComma = {",", true};

TEST_F(Table, ReadsQuotedFieldsOfCsv) {
  EXPECT_EQ(rows("id,title\r\na,\"Nuts, bolts\"\r\nb,\"a 5\"\" screw\"\r\nc,\"\"\n", kComma),
            (Rows{{"id", "title"}, {"a", "Nuts, bolts"}, {"b", "a 5\" screw"}, {"c", ""}}));
}

TEST_F(Table, ReadsAFieldOfSeveralLinesAndCountsThem) {
  BadRows bad(5);
  TableReader table(write("table", "id,title\na,\"one\n\ntwo\"\nb,x\n"), bad, kComma);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.fields()[1], "one\n\ntwo");
  EXPECT_EQ(table.line(), 2);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table.line(), 5);
}

TEST_F(Table, TakesAQuotationMarkInsideAPlainFieldAsItIs) {
  EXPECT_EQ(rows("id,title\na,5\" screw\n", kComma), (Rows{{"id", "title"}, {"a", "5\" screw"}}));
  EXPECT_EQ(rows("id\ttitle\na\t\"x\n", {}), (Rows{{"id", "title"}, {"a", "\"x"}}));
}

TEST_F(Table, RefusesQuotationMarksThatDoNotClose) {
  EXPECT_THAT(refusal_of([&] { rows("id,title\na,\"x\nb,y\n", kComma); }),
              HasSubstr("table:2:3: a quotation mark opens a field and is not closed."));
  EXPECT_THAT(refusal_of([&] { rows("id,title\na,\"x\"y\n", kComma); }),
              HasSubstr("table:2:6: text follows a quoted field"));
}

TEST_F(Table, ReadsOtherSeparators) {
  EXPECT_EQ(rows("u::i::t\n1::2::3\n", {"::", true}), (Rows{{"u", "i", "t"}, {"1", "2", "3"}}));
  EXPECT_EQ(rows("u;i\n\"1;2\";3\n", {";", true}), (Rows{{"u", "i"}, {"1;2", "3"}}));
  EXPECT_EQ(rows("u|i\n\"1|3\n", {"|", true}), (Rows{{"u", "i"}, {"\"1", "3"}}));
}

TEST_F(Table, NumbersTheColumnsOfAFileWithoutAHeader) {
  EXPECT_EQ(rows("\xef\xbb\xbf"
                 "a,b\nc,d\n",
                 {",", false}),
            (Rows{{"1", "2"}, {"a", "b"}, {"c", "d"}}));
  EXPECT_THAT(refusal_of([&] {
                rows("a,b\nc\n", {",", false});
              }),
              HasSubstr("table:2:1: the row has 1 field, but the first row has 2."));
}

TEST_F(Table, NamesTheColumnOfRowNumbersThatProgramsLeaveUnnamed) {
  EXPECT_EQ(rows(",user\n0,u\n", kComma)[0], (std::vector<std::string>{"column 1", "user"}));
}

TEST(FieldCutter, ContinuesARecordOnlyInsideQuotationMarks) {
  FieldCutter cutter(",");
  EXPECT_FALSE(cutter.continues("a,b\"c"));
  EXPECT_TRUE(cutter.continues("a,\"b"));
  EXPECT_TRUE(cutter.continues("still \"\" open"));
  EXPECT_FALSE(cutter.continues("closed\",c"));
  EXPECT_FALSE(cutter.continues("\"a\"\"b\",c"));
}

TEST(Iso8601, GivesSecondsSince1970) {
  EXPECT_EQ(parse_iso8601("1970-01-01"), 0.0);
  EXPECT_EQ(parse_iso8601("1969-12-31T23:59:59Z"), -1.0);
  EXPECT_EQ(parse_iso8601("2014-04-02T10:51:09.277Z"), 1396435869.277);
  EXPECT_EQ(parse_iso8601("2014-04-02 10:51:09"), 1396435869.0);
  EXPECT_EQ(parse_iso8601("2014-04-02T10:51"), 1396435860.0);
  for (const char* zone : {"+02:00", "+0200", "+02"})
    EXPECT_EQ(parse_iso8601(std::string("2014-04-02T12:51:09") + zone), 1396435869.0) << zone;
  EXPECT_EQ(parse_iso8601("2014-04-02T05:21:09-05:30"), 1396435869.0);
  EXPECT_EQ(parse_iso8601("2000-02-29"), 951782400.0);
}

TEST(Iso8601, TakesNothingElse) {
  for (const char* text :
       {"", "2014", "20140402", "2014-4-2", "2014-13-01", "2014-02-29", "2014-04-31", "2014-04-02T",
        "2014-04-02T24:00", "2014-04-02T10", "2014-04-02T10:51:61", "2014-04-02T10:51:09.",
        "2014-04-02T10:51:09,2", "2014-04-02T10:51:09z ", "2014-04-02T10:51:09+2",
        "2014-04-02T10:51:09+02:", "2014-04-02Z", " 2014-04-02", "02/04/2014"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

}  // namespace
}  // namespace lea::data
