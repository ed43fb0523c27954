// Files that users bring: other separators and names of columns, texts in a file of their own, and
// what an import says about what it leaves out.
#include <gmock/gmock.h>
#include <unistd.h>

#include "core/data/import_options.h"
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class OwnData : public Scratch {
 protected:
  // The options for columns such as "user=UserId,item=ItemId".
  static ImportOptions columns(const std::vector<std::string>& texts,
                               const std::string& separator = "\t") {
    ImportOptions options;
    options.columns = columns_from(texts);
    options.form.separator = separator;
    return options;
  }
  static ImportOptions format(const std::string& name) {
    ImportOptions options;
    options.format = name;
    return options;
  }
  std::vector<std::string> notes(const std::string& source, const ImportOptions& options) const {
    return PreparedImport(lab(), "noted", source, options).notes();
  }
  std::string refusal_of_import(const std::string& source,
                                const ImportOptions& options = {}) const {
    return refusal_of([&] { import(source, options, "bad"); });
  }

  // Click logs of a contest: commas, no header, dates.
  std::string clicks() const {
    return write("clicks.dat",
                 "11,2014-04-02T10:51:09.277Z,2145,0\n11,2014-04-02T10:54:09.868Z,2146,0\n"
                 "12,2014-04-02T13:56:37.614Z,2147,S\n");
  }
  // Session numbers that begin again for each user.
  std::string sessions() const {
    return write("log.txt",
                 "UserId\tSessionId\tItemId\tTime\nann\t0\ta\t100\nann\t0\tb\t110\n"
                 "ann\t1\tc\t500\nbob\t0\tx\t105\nbob\t0\ty\t120\nbob\t1\tz\t700\n");
  }
  std::string duplicates() const {
    return write("dup.inter",
                 "user_id:token\titem_id:token\ttimestamp:float\n7\tx\t5\n7\tx\t1\n7\ty\t3\n"
                 "7\tx\t1\n8\tx\t9\n8\ty\t9\n8\tx\t10\n");
  }
};

TEST_F(OwnData, ReadsCommasWithoutAHeaderAndDates) {
  ImportOptions options = columns({"session=1", "time=2", "item=3"}, ",");
  options.form.header = false;
  const auto data = import(clicks(), options);
  EXPECT_EQ(story(*data), "11: 2145 2146 | 12: 2147");
  EXPECT_EQ(data->time()[0], 1396435869.277);
  EXPECT_EQ(data->description()["times"], "iso8601");
  EXPECT_EQ(data->description()["unused_columns"][0], "4");
}

TEST_F(OwnData, ReadsDatesInAnyFormat) {
  const auto data = import(write("clicks.tsv",
                                 "SessionId\tTime\tItemId\n11\t2014-04-02T10:51:09.277Z\t2145\n"
                                 "11\t2014-04-02T10:54:09.868Z\t2146\n"),
                           format("gru4rec"));
  EXPECT_EQ(story(*data), "11: 2145 2146");
  EXPECT_EQ(data->time()[1], 1396436049.868);
}

TEST_F(OwnData, RefusesDatesAmongNumbers) {
  EXPECT_THAT(refusal(std::string(kHeader) + "u\ta\t1\nu\tb\t2014-04-02\n"),
              StartsWith("bad.tsv:3:5: the timestamp `2014-04-02` is a date, but those before are "
                         "numbers."));
  EXPECT_THAT(
      refusal(std::string(kHeader) + "u\ta\t2014-04-02\nu\tb\t3\n"),
      StartsWith("bad.tsv:3:5: the timestamp `3` is a number, but those before are dates."));
}

TEST_F(OwnData, SaysWhatToStateForAnotherSeparator) {
  EXPECT_EQ(
      refusal_of_import(clicks()),
      "clicks.dat:1:1: the first line has no tab, but 3 commas, and looks like a row and not "
      "like names. Import it with `--separator , --no-header --columns user=1,item=3,time=2`. "
      "Columns are counted from 1.");
  EXPECT_EQ(refusal_of_import(write("a.csv", "user_id,item_id,timestamp\nu,a,1\n")),
            "a.csv:1:1: the first line has no tab, but 2 commas. Import it with `--separator ,`.");
  EXPECT_EQ(refusal_of_import(write("b.csv", "who;what;when\nu;a;1\n")),
            "b.csv:1:1: the first line has no tab, but 2 semicolons. Import it with `--separator "
            "';' --columns user=NAME,item=NAME,time=NAME`. It has: who, what, when.");
  EXPECT_EQ(refusal_of_import(write("c.dat", "1::1193::5::978300760\n")),
            "c.dat:1:1: the first line has no tab, but 3 double colons, and looks like a row and "
            "not like names. Import it with `--separator :: --no-header --columns "
            "user=1,item=2,time=4`. Columns are counted from 1.");
  EXPECT_EQ(refusal_of_import(write("d.csv", "SessionId,ItemId,Time\n")),
            "d.csv:1:1: the first line has no tab, but 2 commas. Import it with `--separator , "
            "--format gru4rec`.");
  EXPECT_EQ(refusal_of_import(write("e.txt", "nothing\n")),
            "e.txt:1:1: the first line has no tab, and none of the separators that are known (tab, "
            "comma, semicolon, vertical bar, double colon, space). Is this a table?");
  EXPECT_EQ(
      refusal_of_import(write("f.tsv", "user_id\titem_id\ttimestamp\n"), columns({}, ",")),
      "f.tsv:1:1: the first line has no comma, but 2 tabs. Import it with `--separator tab`.");
}

// What is refused is read with the options that the message states.
TEST_F(OwnData, ReadsAFileWithWhatTheMessageStates) {
  ImportOptions options = columns({"user=1", "item=2", "time=4"}, "::");
  options.form.header = false;
  EXPECT_EQ(
      story(*import(write("c.dat", "1::1193::5::978300760\n1::661::3::978300750\n"), options)),
      "1: 661 1193");
}

TEST_F(OwnData, ProposesTheFormatOfTheHeader) {
  EXPECT_EQ(refusal_of_import(duplicates()),
            "dup.inter:1:1: the header has RecBole's types (`user_id:token`). Import it with "
            "`--format recbole`.");
  EXPECT_THAT(refusal_of_import(write("g.tsv", "SessionId\tItemId\tTime\n")),
              HasSubstr("Import it with `--format gru4rec`."));
  EXPECT_THAT(refusal_of_import(write("x.inter", "a\tb\tc\n")),
              HasSubstr("A .inter file is imported with `--format recbole`."));
  EXPECT_THAT(refusal_of_import(write("u.data", "196\t242\t3\t881250949\n")),
              HasSubstr("import it with `--no-header --columns user=1,item=2,time=4`"));
  write("ml/ml.inter", "user_id:token\n");
  EXPECT_EQ(refusal_of_import(path("ml")),
            "ml: the folder has no interactions.tsv or interactions.tsv.gz. It has: ml.inter. "
            "Import it with `--format recbole`.");
}

TEST_F(OwnData, ReadsNamedColumnsAndListsTheOthers) {
  const std::string source =
      write("r.csv", "userId,movieId,rating,timestamp\n1,\"a,b\",5,20\n1,c,4,10\n");
  const ImportOptions options = columns({"user=userId", "item=movieId", "time=timestamp"}, ",");
  EXPECT_EQ(story(*import(source, options)), "1: c a,b");
  EXPECT_THAT(notes(source, options),
              ElementsAre("Columns of the interactions that are not used: rating."));
}

TEST_F(OwnData, ReadsABehaviourOfAnotherName) {
  const auto data =
      import(write("e.tsv", "user_id\titem_id\ttimestamp\tevent\nu\ta\t1\tview\nu\ta\t2\tbuy\n"),
             columns({"behaviour=event"}));
  EXPECT_EQ(data->behaviours(), (std::vector<std::string>{"view", "buy"}));
}

TEST_F(OwnData, KeepsTheColumnsOfAFormatThatAreNotNamed) {
  write("d/d.inter", "session_id:token\titem_id:token\ttimestamp:float\n1\ta\t2\n1\tb\t1\n");
  ImportOptions options = format("recbole");
  options.columns = {{"session", "session_id"}};
  EXPECT_EQ(story(*import(path("d"), options)), "1: b a");
}

TEST_F(OwnData, RefusesColumnsThatDoNotFitTogether) {
  EXPECT_EQ(
      refusal_of([&] { columns_from({"usr=UserId"}); }),
      "--columns: `usr=UserId` must be WHAT=COLUMN, where WHAT is one of user, session, item, "
      "time, behaviour, did you mean `user`?");
  EXPECT_EQ(refusal_of([&] {
              columns_from({"user=a", "user=b"});
            }),
            "--columns: user is stated twice.");
  EXPECT_EQ(refusal(kHeader, columns({"user=a", "item=a"})), "columns: `a` is named twice.");
  ImportOptions options = columns({"user=name", "item=2", "time=3"});
  options.form.header = false;
  EXPECT_EQ(
      refusal(kHeader, options),
      "columns: without a header a column is named by its number from 1, but user is `name`.");
  options.columns = columns_from({"item=2", "time=3"});
  EXPECT_THAT(refusal(kHeader, options), HasSubstr("--columns user=1,item=2,time=3"));
  options.columns = columns_from({"user=1", "item=2", "time=7"});
  EXPECT_EQ(refusal("u\ta\t1\n", options),
            "bad.tsv:1:1: there is no column `7` for the time: the first row has 3 fields.");
  EXPECT_THAT(refusal_of([&] { separator_from("x", "--separator"); }),
              StartsWith("--separator must be `tab`, or 1 to 4 ASCII characters"));
}

TEST_F(OwnData, RefusesAnIdThatEndsALine) {
  EXPECT_THAT(refusal("user_id,item_id,timestamp\nu,\"a\nb\",1\n", columns({}, ",")),
              StartsWith("bad.tsv:2:3: the item_id `a\\x0ab` holds a tab or a line end."));
}

TEST_F(OwnData, WarnsOfSessionsOfSeveralUsers) {
  EXPECT_THAT(
      notes(sessions(), format("gru4rec")),
      ElementsAre(
          "Columns of the interactions that are not used: UserId.",
          "2 sessions of the column `SessionId` have rows of several users in `UserId`, the "
          "first is `0` (users `ann` and `bob`). If session numbers begin again for each "
          "user, import with `--columns user=UserId,session=SessionId`, so that a sequence "
          "is one user's session."));
}

TEST_F(OwnData, MakesASequenceOfAUsersSession) {
  ImportOptions options = format("gru4rec");
  options.columns = columns_from({"user=UserId", "session=SessionId"});
  EXPECT_EQ(story(*import(sessions(), options)), "ann:0: a b | ann:1: c | bob:0: x y | bob:1: z");
  EXPECT_THAT(notes(sessions(), options), IsEmpty());
}

TEST_F(OwnData, JoinsUserAndSessionWithoutMistakingOneForAnother) {
  ImportOptions options = columns({"user=u", "session=s", "item=i", "time=t"});
  const auto data =
      import(write("j.tsv", "u\ts\ti\tt\na:b\tc\tx\t1\na\tb:c\ty\t1\na\\\tc\tz\t1\n"), options);
  EXPECT_EQ(data->sequence_ids(), (std::vector<std::string>{"a\\:b:c", "a:b\\:c", "a\\\\:c"}));
}

TEST_F(OwnData, KeepsTheFirstOrLastOfDuplicates) {
  ImportOptions options = format("recbole");
  EXPECT_EQ(story(*import(duplicates(), options, "keep")), "7: x x y x | 8: x y x");
  options.duplicates = "first";
  const auto first = import(duplicates(), options, "first");
  EXPECT_EQ(story(*first), "7: x y | 8: x y");
  EXPECT_EQ(first->time()[0], 1);
  EXPECT_EQ(first->description()["source"]["options"]["duplicates"], "first");
  EXPECT_EQ(first->description()["read"]["dropped_duplicates"], 3);
  options.duplicates = "last";
  const auto last = import(duplicates(), options, "last");
  EXPECT_EQ(story(*last), "7: y x | 8: y x");
  EXPECT_EQ(last->time()[1], 5);
  EXPECT_NE(first->fingerprint(), last->fingerprint());
}

TEST_F(OwnData, CollapsesRunsOfOneItem) {
  ImportOptions options = format("recbole");
  options.repeats = "collapse";
  const auto data = import(duplicates(), options);
  EXPECT_EQ(story(*data), "7: x y x | 8: x y x");
  EXPECT_EQ(data->description()["read"]["dropped_repeats"], 1);
  EXPECT_THAT(notes(duplicates(), options),
              ElementsAre("Dropped 1 repeat of the item just before."));
}

TEST_F(OwnData, DropsDuplicatesBeforeItFilters) {
  ImportOptions options = format("recbole");
  options.duplicates = "first";
  options.min_sequence = 3;
  EXPECT_THAT(refusal_of_import(duplicates(), options), HasSubstr("drop all 7 interactions"));
}

TEST_F(OwnData, KeepsAnItemThatComesBackWithAnotherBehaviour) {
  ImportOptions options;
  options.duplicates = "first";
  options.repeats = "collapse";
  const auto data = import(write("b.tsv",
                                 "user_id\titem_id\ttimestamp\tbehaviour\nu\ta\t1\tview\n"
                                 "u\ta\t2\tview\nu\ta\t3\tbuy\n"),
                           options);
  EXPECT_EQ(story(*data), "u: a a");
  EXPECT_THAT(data->behaviour(), ElementsAre(0, 1));
}

TEST_F(OwnData, RecordsNothingNewForAnOrdinaryImport) {
  const nlohmann::json options = import_rows("u\ta\t1\n")->description()["source"]["options"];
  EXPECT_EQ(options,
            nlohmann::json(
                {{"min_sequence", 0}, {"min_item", 0}, {"filter", "once"}, {"skip_bad_rows", 0}}));
}

TEST_F(OwnData, ReadsItemTextsFromAFileOfTheirOwn) {
  const std::string source = write("r.csv", "userId,asin,timestamp\n1,b,2\n1,a,1\n1,c,3\n");
  ImportOptions options = columns({"user=userId", "item=asin"}, ",");
  options.items = write("meta.csv", "title,asin,brand\n\"Nuts,\nbolts\",a,\nB,b,x\nZ,z,\n");
  const auto data = import(source, options);
  EXPECT_EQ(read(data->items_file()), "item_id\ttitle\tbrand\nb\tB\tx\na\tNuts, bolts\t\nc\t\t\n");
  EXPECT_EQ(data->description()["items_without_text"], 1);
  EXPECT_EQ(data->description()["text_rows_without_item"], 1);
  EXPECT_EQ(data->description()["source"]["files"][1]["name"], "meta.csv");
}

TEST_F(OwnData, FindsTheIdsAndTheSeparatorOfItemTexts) {
  import_rows("u\ta\t1\n");
  ImportOptions options;
  options.items = write("meta.txt", "parent,title\na,A\n");
  EXPECT_EQ(refusal_of_import(path("toy.tsv"), options),
            "meta.txt:1:1: the first line has no tab, but 1 comma. Import it with "
            "`--items-separator ,`.");
  options.items_separator = ",";
  EXPECT_EQ(refusal_of_import(path("toy.tsv"), options),
            "meta.txt:1:1: the header lacks the column `item_id`. It has: parent, title. State the "
            "column of the ids with `--items-id NAME`.");
  options.items_id = "parent";
  EXPECT_EQ(read(import(path("toy.tsv"), options, "texts")->items_file()),
            "item_id\ttitle\na\tA\n");
  options.items = path("none.csv");
  EXPECT_EQ(refusal_of_import(path("toy.tsv"), options),
            "none.csv: there is no such file (--items).");
}

TEST_F(OwnData, WarnsWhenNoItemHasATextRow) {
  ImportOptions options;
  options.items = write("meta.csv", "item_id,title\n1,A\n2,B\n");
  const auto found = notes(write("toy.tsv", std::string(kHeader) + "u\ta\t1\n"), options);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("meta.csv: none of its 2 rows belongs to an item"));
}

TEST_F(OwnData, NotesTextsBesideTheInteractionsThatItDidNotRead) {
  const std::string file = write("set/clicks.tsv", std::string(kHeader) + "u\ta\t1\n");
  write("set/items.tsv", "item_id\ttitle\na\tA\n");
  write("set/readme.md", "about items");
  const auto found = notes(file, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("set/items.tsv lies beside the interactions and was not read."));
  ImportOptions options;
  options.items = path("set/items.tsv");
  EXPECT_THAT(notes(file, options), IsEmpty());
  import(file);
  EXPECT_EQ(PreparedImport(lab(), "toy", file, {}).notes().size(), 1u) << "also the second time";
}

TEST_F(OwnData, KnowsTextsByTheirColumnsWhateverTheirFileIsCalled) {
  const std::string file = write("set/clicks.tsv", std::string(kHeader) + "u\ta\t1\n");
  write("set/books.csv", "\xef\xbb\xbf\"asin\",\"Title\"\r\na,A\r\n");
  write("set/news.dat", "item_id|stem\na|A\n");
  write("set/things.json", "{\"id\": \"a\", \"title\": \"A\"}\n");
  // These are none: users, interactions, numbers of ids, and what is no table.
  write("set/people.csv", "user_id,name\nu,U\n");
  write("set/train.tsv", std::string(kHeader) + "u\ta\t1\n");
  write("set/items.map.tsv", "item_id\titem\na\t1\n");
  write("set/empty.csv", "");
  write("set/notes.txt", "what is here");
  std::vector<std::string> names;
  for (const std::string& note : notes(file, {})) {
    const std::string path = note.substr(0, note.find(" lies beside"));
    names.push_back(path.substr(path.rfind('/') + 1));
  }
  EXPECT_THAT(names, ElementsAre("books.csv", "news.dat", "things.json"));
}

TEST_F(OwnData, ReadsAFileWhoseFolderCannotBeListed) {
  if (geteuid() == 0) GTEST_SKIP() << "root lists all";
  const std::string file = write("set/clicks.tsv", std::string(kHeader) + "u\ta\t1\n");
  const auto folder = std::filesystem::path(file).parent_path();
  std::filesystem::permissions(folder, std::filesystem::perms::owner_exec);
  EXPECT_THAT(notes(file, {}), IsEmpty());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

TEST_F(OwnData, SaysAllThatIsToBeStatedAtOnce) {
  const std::string rows = "user,item,when\nu,a,1\n";
  EXPECT_EQ(refusal_of_import(write("r.csv", rows), columns({}, ",")),
            "r.csv:1:1: the header lacks the column `user_id`. It has: user, item, when. State the "
            "columns with `--columns user=NAME,item=NAME,time=NAME`.");
  EXPECT_EQ(
      refusal_of_import(path("r.csv"), columns({"user=user", "item=itm"}, ",")),
      "r.csv:1:1: the header lacks the column `itm`, did you mean `item`? It has: user, item, "
      "when. State the columns with `--columns item=NAME,time=NAME`.");
}

TEST_F(OwnData, RefusesABenchmarkFileOfRecBoleWhoseRowsHoldLists) {
  write("b/b.inter",
        "user_id:token\titem_id_list:token_seq\titem_id:token\ttimestamp:float\n1\ta b\tc\t3\n");
  EXPECT_THAT(
      refusal_of_import(path("b"), format("recbole")),
      StartsWith("b/b.inter:1:1: column `item_id_list:token_seq` holds the items before each "
                 "row, as in a RecBole benchmark file of sequences."));
}

TEST_F(OwnData, TakesTheWholeFileBesideItsParts) {
  const std::string header = "user_id:token\titem_id:token\ttimestamp:float\n";
  write("f/toy.train.inter", header + "u\ta\t1\n");
  write("f/toy.test.inter", header + "u\tb\t2\n");
  EXPECT_EQ(refusal_of_import(path("f"), format("recbole")),
            "f: the folder has no f.inter[.gz]. It has: toy.test.inter, toy.train.inter. Name the "
            "file of all interactions.");
  write("f/toy.inter", header + "u\ta\t1\nu\tb\t2\n");
  EXPECT_EQ(story(*import(path("f"), format("recbole"))), "u: a b");
}

TEST_F(OwnData, RecognisesTheFileOfAnImportWithOptionsOfItsOwn) {
  const std::string source = write("r.csv", "user_id,item_id,timestamp\nu,a,1\n");
  const auto plain = import_rows("u\ta\t1\n", {}, "plain");
  EXPECT_FALSE(imported_by_hand(plain->description(), path("plain.tsv")));
  const auto data = import(source, columns({}, ","));
  EXPECT_TRUE(imported_by_hand(data->description(), source));
  write("r.csv", "user_id,item_id,timestamp\nu,b,1\n");
  EXPECT_THAT(refusal_of([&] { imported_by_hand(data->description(), source); }),
              StartsWith("r.csv: is not the file from which the lab's data set was imported."));
}

}  // namespace
}  // namespace lea::data
