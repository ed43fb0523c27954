#include "core/base/text.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/shell.h"

namespace lea {
namespace {

TEST(Nearest, FindsASlipOfUpToAThirdOfTheWord) {
  const std::vector<std::string> words = {"batch_size", "patience", "seeds"};
  EXPECT_EQ(nearest("bacth_size", words), "batch_size");  // neighbours swapped: one edit
  EXPECT_EQ(nearest("pateince", words), "patience");
  EXPECT_EQ(nearest("seed", words), "seeds");
  EXPECT_EQ(nearest("learning_rate", words), "");
  EXPECT_EQ(nearest("", words), "");
}

TEST(Nearest, CountsASwapOfNeighboursAsOneEdit) {
  EXPECT_EQ(nearest("abd", {"adb"}), "adb");  // 3 / 3 = 1 edit is allowed
  EXPECT_EQ(nearest("abd", {"dba"}), "");
}

TEST(Nearest, GivesUpOnVeryLongWordsInsteadOfTakingSeconds) {
  EXPECT_EQ(nearest(std::string(1 << 20, 'a'), {std::string(1 << 20, 'a')}), "");
}

TEST(DidYouMean, IsASuffixOrNothing) {
  EXPECT_EQ(did_you_mean("snqm", {"snqn"}), ", did you mean `snqn`?");
  EXPECT_EQ(did_you_mean("popularity", {"snqn"}), "");
  EXPECT_EQ(did_you_mean("snqn", {"snqn"}), "") << "the word itself is no proposal";
}

TEST(Joined, PutsTheSeparatorBetweenTheWords) {
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"a", "b"}, "; "), "a; b");
  EXPECT_EQ(joined({"a"}, "/"), "a");
  EXPECT_EQ(joined({}), "none");
}

TEST(Counted, IsSingularForOneAlone) {
  EXPECT_EQ(counted(0, "run"), "0 runs");
  EXPECT_EQ(counted(1, "run"), "1 run");
  EXPECT_EQ(counted(2, "bad row"), "2 bad rows");
}

TEST(Grouped, PutsCommasBetweenThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(71872), "71,872");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(-100), "-100");
  EXPECT_EQ(grouped(-1000), "-1,000");
}

TEST(BetweenBars, AreTheWordsWithTheirSpaces) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(between_bars(" first| second"), (Words{" first", " second"}));
  EXPECT_EQ(between_bars("one"), (Words{"one"}));
  EXPECT_EQ(between_bars("a||"), (Words{"a", "", ""}));
  EXPECT_EQ(between_bars(""), (Words{""}));
}

TEST(Sha256, EqualsThePublishedVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, RefusesWhatIsNoRegularFile) {
  EXPECT_THROW(sha256_file("/dev/zero"), StoreError);
  EXPECT_THROW(sha256_file("/no/such/file"), StoreError);
}

TEST(Printable, EscapesWhatDrivesATerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(printable("\xE2\x80\xAEgpj"), "\\xe2\\x80\\xaegpj");  // right-to-left override
  EXPECT_EQ(printable("\xFFx"), "\\xffx");
  EXPECT_EQ(printable("\xC2\x9Bx"), "\\xc2\\x9bx");  // the one-character CSI
}

TEST(ShellLine, QuotesWhatAShellWouldReadAsSomethingElse) {
  EXPECT_EQ(shell_line({"lealab", "--set", "evaluate.k=[5, 20]", "it's", ""}),
            "lealab --set 'evaluate.k=[5, 20]' 'it'\\''s' ''");
}

TEST(InvalidUtf8, SaysAtWhichByte) {
  EXPECT_EQ(invalid_utf8("plain \xF0\x9F\x8E\xB5"), std::string_view::npos);
  EXPECT_EQ(invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(invalid_utf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(invalid_utf8("a\xED\xA0\x80"), 1u);     // a surrogate
  EXPECT_EQ(invalid_utf8("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(invalid_utf8("\xE2\x82"), 0u);          // cut off
}

}  // namespace
}  // namespace lea
