// `lealab data import, ls, show, export` as a user calls them.
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
namespace fs = std::filesystem;

class DataCommand : public LabCommand {
 protected:
  // Three sequences. Their ids do not appear in alphabetical order, and only the test part has the
  // item `new`.
  DataCommand() {
    write("small.tsv",
          "user_id\titem_id\ttimestamp\n"
          "zoe\tb\t1\nzoe\ta\t2\nzoe\tb\t3\n"
          "adam\ta\t4\nadam\tb\t5\nadam\ta\t6\n"
          "kim\tb\t7\nkim\tnew\t8\n");
    write("split.tsv", "user_id\tpart\nzoe\ttrain\nadam\tvalid\nkim\ttest\n");
  }
  lab::ProcessResult import(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"data", "import", "small", path("small.tsv")});
    return lealab(more);
  }
  nlohmann::json list() const {
    return nlohmann::json::parse(lealab({"data", "ls", "--json"}).out);
  }
};

TEST_F(DataCommand, ImportsTwiceAndRefusesAnotherContentOfTheName) {
  const auto first = import();
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("small: 3 items, 3 sequences, 8 interactions, fingerprint "));
  const auto again = import();
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.out, first.out);
  write("small.tsv", "user_id\titem_id\ttimestamp\nzoe\tb\t1\n");
  const auto other = import();
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("--replace"));
  EXPECT_THAT(lealab({"data", "ls"}).out, ContainsRegex("\nsmall +3 +3 +8  [0-9a-f]{12}\n"));
  EXPECT_EQ(list().at(0).at("events"), 8) << "what was there stays";
  EXPECT_EQ(import({"--replace"}).exit_code, 0);
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list().at(0).at("events"), 1);
}

TEST_F(DataCommand, ShowsCountsDuplicatesAndLeakage) {
  ASSERT_EQ(import().exit_code, 0);
  const auto shown = lealab({"data", "show", "small", "--split-file", path("split.tsv")});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  for (const char* line : {
           "interactions                   8\n",
           "length                         mean 2.67, median 3, 2 to 3\n",
           "time                           1 to 8\n",
           "repeated items                 2 (25.00 %) in 2 sequences, 0 at once\n",
           "train                          3\n",
           "  item unseen in training      1 (50.00 %)\n",
           "  before newest training event 0 (0.00 %)\n",
       }) {
    EXPECT_THAT(shown.out, HasSubstr(line));
  }
  const auto document = nlohmann::json::parse(
      lealab({"data", "show", "small", "--split-file", path("split.tsv"), "--json"}).out);
  EXPECT_EQ(document["split"]["test"]["events"], 2);
}

TEST_F(DataCommand, ExportsTheSplitAndTheIdMaps) {
  ASSERT_EQ(import().exit_code, 0);
  const auto exported =
      lealab({"data", "export", "small", "--split-file", path("split.tsv"), "--out", path("out")});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(read_file(path("out/split.tsv")),
            "user_id\tpart\nzoe\ttrain\nadam\tvalid\nkim\ttest\n");
  // Numbers follow the order of the file, not that of the ids.
  EXPECT_EQ(read_file(path("out/items.map.tsv")), "item_id\titem\nb\t1\na\t2\nnew\t3\n");
  EXPECT_EQ(read_file(path("out/sequences.map.tsv")),
            "user_id\tsequence\nzoe\t0\nadam\t1\nkim\t2\n");
  ASSERT_EQ(lealab({"data", "export", "small", "--split-file", path("split.tsv"), "--format",
                    "recbole", "--out", path("recbole")})
                .exit_code,
            0);
  EXPECT_THAT(read_file(path("recbole/small.test.inter")),
              HasSubstr("user_id:token\titem_id:token\ttimestamp:float\nkim\tb\t7\nkim\tnew\t8\n"));
  // An import of the exported files gives the same data.
  const auto again = lealab({"data", "import", "again", path("out")});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  ASSERT_EQ(list().size(), 2u);
  EXPECT_EQ(list().at(0).at("fingerprint"), list().at(1).at("fingerprint"));
}

TEST_F(DataCommand, CutsAtTheTimestampZero) {
  write("cut.tsv",
        "user_id\titem_id\ttimestamp\na\tx\t-50\na\ty\t-20\nb\ty\t-3\nb\tx\t0\nc\tx\t4\nc\ty\t9\n");
  ASSERT_EQ(lealab({"data", "import", "cut", path("cut.tsv")}).exit_code, 0);
  const auto split = [&](const std::string& valid_from, const std::string& test_from) {
    const auto shown = lealab({"data", "show", "cut", "--json", "--split-by", "time",
                               "--valid-from", valid_from, "--test-from", test_from});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    std::vector<int> events;
    for (const char* part : {"train", "valid", "test"})
      events.push_back(nlohmann::json::parse(shown.out)["split"][part]["events"]);
    return events;
  };
  EXPECT_EQ(split("0", "5"), (std::vector<int>{3, 2, 1}));
  EXPECT_EQ(split("-20", "0"), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(split("-0.0", "4"), (std::vector<int>{3, 1, 2}));
}

// A click log with commas, without a header, and a file of texts beside it.
TEST_F(DataCommand, ImportsAUsersOwnFilesAndShowsWhatTheyGave) {
  write("clicks.dat",
        "11,2014-04-02T10:51:09.277Z,2145,0\n11,2014-04-02T10:54:09.868Z,2146,0\n"
        "12,2014-04-02T13:56:37.614Z,2147,S\n");
  write("meta.csv", "id,title\n2145,\"Nuts, bolts\"\n2147,\n9,unknown\n");
  const auto refused = lealab({"data", "import", "clicks", path("clicks.dat")});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("--separator , --no-header --columns user=1,item=3,time=2"));
  const auto imported = lealab({"data", "import", "--columns", "session=1,item=3,time=2",
                                "--separator", ",", "--no-header", "--items", path("meta.csv"),
                                "--items-id", "id", "clicks", path("clicks.dat")});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_THAT(imported.out, HasSubstr("clicks: 3 items, 2 sequences, 3 interactions"));
  EXPECT_EQ(imported.err,
            "Columns of the interactions that are not used: 4.\n"
            "Times are dates in the source, and seconds since 1970 in the lab (UTC).\n");
  const auto shown = lealab({"data", "show", "clicks"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  for (const char* line : {
           "item texts                     title (1 item)\n",
           "items with a text              1 (33.33 %)\n",
           "rows without an item           1\n",
           "note                           Columns of the interactions that are not used: 4.\n",
       }) {
    EXPECT_THAT(shown.out, HasSubstr(line));
  }
  const auto document = nlohmann::json::parse(lealab({"data", "show", "clicks", "--json"}).out);
  EXPECT_EQ(document["texts"]["columns"]["title"], 1);
  EXPECT_EQ(document["texts"]["rows_without_item"], 1);
  EXPECT_EQ(document["source"]["options"]["columns"]["session"], "1");
}

TEST_F(DataCommand, NotesWhatItLeavesOutEachTime) {
  write("items.csv", "item_id,title\na,A\n");
  for (int call = 0; call < 2; ++call) {
    const auto imported = import();
    EXPECT_EQ(imported.exit_code, 0);
    EXPECT_THAT(imported.err, HasSubstr("items.csv lies beside the interactions and was not read"));
  }
  EXPECT_THAT(lealab({"data", "show", "small"}).out,
              HasSubstr("item texts                     none\n"));
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;  // `@` stands for the folder
  int code;
  const char* message;
};

class DataMistake : public DataCommand, public testing::WithParamInterface<Mistake> {};

TEST_P(DataMistake, HasOneMessageAndACode) {
  ASSERT_EQ(import().exit_code, 0);
  write("bad.tsv", "user_id\titem_id\ttimestamp\nu\ti\t1\nu\ti\n");
  std::vector<std::string> arguments = GetParam().arguments;
  for (std::string& argument : arguments) {
    if (argument.starts_with("@")) argument = path(argument.substr(1));
  }
  const auto result = lealab(arguments);
  EXPECT_EQ(result.exit_code, GetParam().code) << result.err;
  EXPECT_THAT(result.err, HasSubstr(GetParam().message));
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(list().size(), 1u) << "nothing was imported";
}

INSTANTIATE_TEST_SUITE_P(
    Each, DataMistake,
    testing::Values(Mistake{"UnknownFlag",
                            {"data", "import", "x", "@small.tsv", "--fromat", "tsv"},
                            2,
                            "not expected: tsv --fromat"},
                    Mistake{"MissingFile",
                            {"data", "import", "x", "@none.tsv"},
                            3,
                            "none.tsv: there is no such file or folder"},
                    Mistake{"UnsafeName", {"data", "import", "../x", "@small.tsv"}, 2, "letters"},
                    Mistake{"RaggedRow", {"data", "import", "x", "@bad.tsv"}, 3, "bad.tsv:3"},
                    Mistake{"FiltersThatDropAll",
                            {"data", "import", "x", "@small.tsv", "--min-item", "9"},
                            3,
                            "drop all 8"},
                    Mistake{
                        "MissingDataSet", {"data", "show", "none"}, 3, "There is no data set in "},
                    Mistake{"SplitWithoutItsFile",
                            {"data", "show", "small", "--split-by", "file"},
                            3,
                            "split.path"},
                    Mistake{"OptionWithoutUse",
                            {"data", "show", "small", "--seed", "3"},
                            2,
                            "--seed requires --split-by"},
                    Mistake{"UnknownColumnRole",
                            {"data", "import", "x", "@small.tsv", "--columns", "usr=user_id"},
                            2,
                            "did you mean `user`?"},
                    Mistake{"IdsWithoutTexts",
                            {"data", "import", "x", "@small.tsv", "--items-id", "id"},
                            2,
                            "--items-id requires --items"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lea
