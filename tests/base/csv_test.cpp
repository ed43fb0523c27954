#include "core/base/csv.h"

#include <gtest/gtest.h>

namespace lea {
namespace {

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(Csv, KeepsASpreadsheetFromRunningText) {
  for (const char* formula : {"=1+1", "+1", "-1", "@sum", "\tx", "'quoted"}) {
    EXPECT_EQ(csv_field(formula), "'" + std::string(formula));
  }
  EXPECT_EQ(csv_field("=1,2"), "\"'=1,2\"");
}

TEST(Csv, ReadsBackWhatItWrote) {
  const std::vector<std::string> fields = {"plain", "a,b", "\"", "=1",    "'x",
                                           "",      "-",   "-5", "@x,\"y"};
  std::string line;
  for (const std::string& field : fields) line += (line.empty() ? "" : ",") + csv_field(field);
  EXPECT_EQ(split_csv(line), fields);
  EXPECT_EQ(split_csv(line + "\r"), fields);
}

}  // namespace
}  // namespace lea
