// tools/foreign_ranks.py writes the ranks of other systems. Its system here gives each item one score, so
// that ranks can be counted by hand.
#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ForeignRanks : public LabCommand {
 protected:
  ForeignRanks() {
    write("interactions.tsv",
          "user_id\titem_id\ttimestamp\nu1\ta\t1\nu1\tb\t2\nu1\tc\t3\n=u2\tb\t1\n=u2\ta\t2\n"
          "=u2\td\t3\n=u2\ta\t4\nu3\tc\t1\nu3\td\t2\n");
    EXPECT_EQ(lealab({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
    write("split.tsv", "user_id\tpart\nu1\ttrain\n=u2\tvalid\nu3\ttest\n");
    for (const std::string format : {"tsv", "recbole"})
      export_split(format, {"--format", format, "--split-by", "last_one"});
    export_split("users", {"--split-file", path("split.tsv")});
  }
  void export_split(const std::string& out, std::vector<std::string> more) const {
    more.insert(more.begin(), {"data", "export", "toy", "--out", path(out)});
    const auto exported = lealab(more);
    EXPECT_EQ(exported.exit_code, 0) << exported.err;
  }
  lab::ProcessResult rank(const std::string& scores, const std::string& split = "tsv",
                          const std::vector<std::string>& more = {}) const {
    write("scores.json", scores);
    std::vector<std::string> command = {"python3",
                                        LEA_SOURCE_DIR "/tests/cli/fixed_scores.py",
                                        LEA_SOURCE_DIR "/tools",
                                        "--model",
                                        path("scores.json"),
                                        "--split",
                                        path(split),
                                        "--out",
                                        path("ranks.csv")};
    command.insert(command.end(), more.begin(), more.end());
    return lab::run_process(command, 60);
  }
  // The message of a refused input.
  std::string refusal(const std::string& scores, const std::string& split = "tsv") const {
    const auto result = rank(scores, split);
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(std::filesystem::exists(path("ranks.csv")));
    return result.err;
  }
  // The rows of the file, without the fingerprint of the split, which is in each.
  std::string rows() const {
    const std::string text = read_file(path("ranks.csv"));
    const size_t header = text.find('\n') + 1;
    EXPECT_EQ(text.substr(0, header),
              "sequence,position,target,rank,ties,rank_unseen,ties_unseen,split_fingerprint\n");
    std::string rows;
    for (size_t begin = header, end; begin < text.size(); begin = end + 1) {
      end = text.find('\n', begin);
      const size_t last = text.rfind(',', end);
      EXPECT_EQ(end - last - 1, 64u);
      rows += text.substr(begin, last - begin) + "\n";
    }
    return rows;
  }
};

const std::string kScores = R"({"a": 3.0, "b": 2.0, "c": 2.0, "d": 1.0})";

TEST_F(ForeignRanks, CountWhatIsAboveAndEqualAmongAllAndAmongUnseenItems) {
  for (const char* format : {"tsv", "recbole"}) {
    const auto result = rank(kScores, format);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(rows(), "u1,2,c,2,1,1,0\n'=u2,3,a,1,0,1,0\n");
    EXPECT_THAT(result.out, StartsWith(path("ranks.csv") + ": 2 events of toy, split "));
    EXPECT_THAT(result.out, HasSubstr(", ranked among 4 items by fixed scores\n"));
  }
}

TEST_F(ForeignRanks, GiveARowOfTheTable) {
  ASSERT_EQ(rank(kScores).exit_code, 0);
  const std::vector<std::string> import = {"import",       "ranks",  path("ranks.csv"),
                                           "--experiment", "study",  "--name",
                                           "fixed",        "--data", "toy"};
  const auto with = [&](std::vector<std::string> split) {
    split.insert(split.begin(), import.begin(), import.end());
    return lealab(split);
  };
  const auto imported = with({"--split-by", "last_one"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_THAT(imported.out, HasSubstr(": 2 events, split "));
  EXPECT_THAT(lealab({"table", "study"}).out, HasSubstr("fixed"));
  const auto other = with({"--split-by", "file", "--split-path", path("split.tsv")});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("The ranks are of another split or data set"));
}

TEST_F(ForeignRanks, LetAllItemsTieWithoutAHistory) {
  const auto result = rank(kScores, "users");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(rows(), "u3,0,c,1,3,1,3\nu3,1,d,4,0,3,0\n");
  EXPECT_THAT(result.out,
              HasSubstr("; 1 event without a history that it knows, in which all items tie"));
}

TEST_F(ForeignRanks, PutItemsThatTheModelDoesNotKnowLastWhenAsked) {
  const std::vector<std::string> last = {"--unknown-items", "last"};
  const auto one = rank(R"({"d": 1.0, "a": 3.0, "b": 2.0})", "tsv", last);
  ASSERT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(rows(), "u1,2,c,4,0,2,0\n'=u2,3,a,1,0,1,0\n");
  EXPECT_THAT(one.out, HasSubstr(" by fixed scores; 1 item unknown to it and ranked last\n"));
  const auto two = rank(R"({"c": 1.0, "d": 1.0})", "tsv", last);
  ASSERT_EQ(two.exit_code, 0) << two.err;
  EXPECT_EQ(rows(), "u1,2,c,1,3,1,1\n'=u2,3,a,3,1,2,0\n");
  EXPECT_THAT(two.out, HasSubstr("; 2 items unknown to it and ranked last; 1 event without a "));
}

TEST_F(ForeignRanks, RefuseAModelThatDoesNotFit) {
  EXPECT_EQ(refusal(R"({"d": 1.0, "a": 3.0})"),
            "fixed_scores.py: the model does not know 2 of the 4 items: `b`, `c`. --unknown-items "
            "last ranks them after all others, tied.\n");
  EXPECT_EQ(refusal(R"({"1": 1.0, "2": 3.0})"),
            "fixed_scores.py: the model has other item names: none of the 4 of the data set, such "
            "as `a`, `b`, `c`, `d`, is among its 2, such as `1`, `2`\n");
  EXPECT_EQ(refusal(R"({"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 1.0})"),
            "fixed_scores.py: the model knows 1 item that the data set lacks: `e`. It was trained "
            "on other data; train it on what `lealab data export` writes.\n");
  EXPECT_EQ(refusal(R"({"a": 1.0, "b": NaN, "c": 1.0, "d": 1.0})"),
            "fixed_scores.py: the model gives a score that is no number for sequence `u1`, "
            "position 2\n");
}

TEST_F(ForeignRanks, RefuseAFolderThatIsNoWholeSplit) {
  ASSERT_EQ(lealab({"data", "export", "toy", "--out", path("whole")}).exit_code, 0);
  EXPECT_THAT(refusal(kScores, "whole"), StartsWith("fixed_scores.py: " + path("whole/split.json") +
                                                    ": cannot be read: [Errno 2] No such file"));
  write("users/split.json", "[]");
  EXPECT_EQ(refusal(kScores, "users"),
            "fixed_scores.py: " + path("users/split.json") +
                ": must be an object with `data`, `split_fingerprint`. Export again.\n");
  write("tsv/valid.tsv", "user_id\titem_id\ttimestamp\nu1\tb\t2\n");
  EXPECT_EQ(refusal(kScores), "fixed_scores.py: " + path("tsv") +
                                  ": the parts of sequence `=u2` are not all of its events. Export "
                                  "again.\n");
  write("recbole/toy.test.inter", "user_id:token\titem_id:token\ttimestamp:float\nu1 c 3\n");
  EXPECT_EQ(refusal(kScores, "recbole"),
            "fixed_scores.py: " + path("recbole/toy.test.inter") +
                ":2: must have columns separated by tabs. Export again.\n");
  std::filesystem::remove(path("tsv/test.tsv"));
  EXPECT_THAT(refusal(kScores), HasSubstr(path("tsv/test.tsv") + ": cannot be read: "));
}

TEST_F(ForeignRanks, SayWhereTheyCannotBeWritten) {
  const auto result = rank(kScores, "tsv", {"--out", path("none/ranks.csv")});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.err, "fixed_scores.py: " + path("none/ranks.csv") +
                            ": cannot be written: No such file or directory\n");
}

TEST_F(ForeignRanks, OfRecBoleAndGru4RecDescribeThemselvesWithoutTheirPackages) {
  for (const std::string name : {"ranks_from_recbole", "ranks_from_gru4rec"}) {
    const std::string script = LEA_SOURCE_DIR "/tools/" + name;
    const auto help = lab::run_process({"python3", "-B", script, "--help"}, 60);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_THAT(help.out, HasSubstr("tools/" + name + " "));
    const auto wrong = lab::run_process({"python3", "-B", script, "--modl", "x"}, 60);
    EXPECT_EQ(wrong.exit_code, 2);
  }
}

}  // namespace
}  // namespace lea
