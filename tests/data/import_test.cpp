#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Import = Scratch;

TEST_F(Import, OrdersBySequenceThenTimeThenFile) {
  const auto data = import_rows("u2\tc\t5\nu1\ta\t9\nu2\td\t5\nu1\tb\t1\nu2\te\t5\nu2\tc\t1.5\n");
  EXPECT_EQ(story(*data), "u2: c c d e | u1: b a");
  EXPECT_EQ(data->items(), 5);
  EXPECT_DOUBLE_EQ(data->time()[0], 1.5);
}

TEST_F(Import, NumbersByFirstAppearanceAmongWhatIsKept) {
  ImportOptions options;
  options.min_sequence = 2;
  const auto data = import_rows("x\tb\t1\nu\ta\t1\nu\tb\t2\n", options);
  EXPECT_EQ(data->item_ids(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Import, FiltersOnceSequencesBeforeItems) {
  ImportOptions options;
  options.min_sequence = 2;
  options.min_item = 2;
  // The filters drop the sequence x, then the items b and c, which have one event left. That leaves
  // v with one event, which `once` keeps.
  const std::string rows = "x\tb\t1\nu\ta\t1\nu\ta\t2\nu\tb\t3\nv\ta\t1\nv\tc\t2\n";
  EXPECT_EQ(story(*import_rows(rows, options, "once")), "u: a a | v: a");
  options.filter = "stable";
  EXPECT_EQ(story(*import_rows(rows, options, "stable")), "u: a a");
}

TEST_F(Import, ReadsGzipLikePlainText) {
  std::string rows = kHeader;
  for (int i = 0; i < 5000; ++i) rows += join("u", i % 70, "\ti", i, "\t1\n");
  const auto plain = import(write("plain.tsv", rows), {}, "plain");
  const auto packed = import(write_gz("packed.tsv.gz", rows), {}, "packed");
  EXPECT_EQ(plain->events(), 5000);
  EXPECT_EQ(plain->fingerprint(), packed->fingerprint());
}

TEST_F(Import, AcceptsByteOrderMarkWindowsLinesAndNoLastLineEnd) {
  const auto data =
      import(write("w.tsv", "\xef\xbb\xbfuser_id\titem_id\ttimestamp\r\nu\ta\t1\r\nu\tb\t2"));
  EXPECT_EQ(story(*data), "u: a b");
}

TEST_F(Import, KeepsBehaviours) {
  const auto data = import(
      write("b.tsv", "user_id\titem_id\ttimestamp\tbehaviour\nu\ta\t2\tbuy\nu\tb\t1\tclick\n"));
  EXPECT_EQ(data->behaviours(), (std::vector<std::string>{"buy", "click"}));
  EXPECT_THAT(data->behaviour(), testing::ElementsAre(1, 0));
}

TEST_F(Import, KeepsItemTextsInItemOrder) {
  write("set/interactions.tsv", std::string(kHeader) + "u\tb\t1\nu\ta\t2\nu\tc\t3\n");
  write("set/items.tsv", "item_id\ttitle\tbrand\na\tA \"quoted\"\tx\nz\tunused\t\nb\tB\ty\n");
  const auto data = import(path("set"));
  EXPECT_EQ(read(data->items_file()),
            "item_id\ttitle\tbrand\nb\tB\ty\na\tA \"quoted\"\tx\nc\t\t\n");
  EXPECT_EQ(data->description()["items_without_text"], 1);
}

TEST_F(Import, ReadsRecBoleFolders) {
  write("ml/ml.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t7\t3\t881250949."
        "0\n1\t8\t4\t881250948\n");
  write("ml/ml.item",
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\n7\tToy Story\tAnimation Comedy\n");
  ImportOptions options;
  options.format = "recbole";
  const auto data = import(path("ml"), options);
  EXPECT_EQ(story(*data), "1: 8 7");
  EXPECT_EQ(read(data->items_file()),
            "item_id\tmovie_title\tclass\n7\tToy Story\tAnimation Comedy\n8\t\t\n");
}

TEST_F(Import, ReadsGru4RecFiles) {
  ImportOptions options;
  options.format = "gru4rec";
  const auto data =
      import(write("g.tsv", "SessionId\tItemId\tTime\tExtra\n1\t10\t5\tx\n1\t11\t4\ty\n"), options);
  EXPECT_EQ(story(*data), "1: 11 10");
}

TEST_F(Import, DoesNothingTheSecondTime) {
  const auto first = import_rows("u\ta\t1\n");
  // Dates everything back by an hour, so that whatever is written now shows.
  const auto past = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::vector<std::filesystem::path> entries = {first->folder()};
  for (const auto& entry : std::filesystem::directory_iterator(first->folder()))
    entries.push_back(entry.path());
  ASSERT_GT(entries.size(), 4u);
  for (const auto& entry : entries) std::filesystem::last_write_time(entry, past);
  EXPECT_EQ(import_rows("u\ta\t1\n")->fingerprint(), first->fingerprint());
  for (const auto& entry : entries) {
    EXPECT_LT(std::filesystem::last_write_time(entry), past + std::chrono::minutes(1)) << entry;
  }
}

TEST_F(Import, SeesTheSameContentInAnotherFormat) {
  const auto first = import_rows("u\ta\t1\n");
  ImportOptions options;
  options.format = "gru4rec";
  const auto again = import(write("g.tsv", "SessionId\tItemId\tTime\nu\ta\t1\n"), options);
  EXPECT_EQ(story(*again), "u: a");
  EXPECT_EQ(again->fingerprint(), first->fingerprint());
}

TEST_F(Import, RefusesOtherContentUnlessReplacing) {
  import_rows("u\ta\t1\n");
  EXPECT_THAT(refusal_of([&] { import_rows("u\tb\t1\n"); }),
              testing::AllOf(StartsWith("lab/data/toy: another data set has this name"),
                             HasSubstr("--replace")));
  EXPECT_EQ(story(*Dataset::open(lab() + "/data/toy")), "u: a");
  ImportOptions options;
  options.replace = true;
  EXPECT_EQ(story(*import_rows("u\tb\t1\n", options)), "u: b");
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(lab() + "/data"))
    folders += entry.is_directory();
  EXPECT_EQ(folders, 1) << "a temporary folder was left behind";
}

TEST_F(Import, LeavesNothingBehindWhenItFails) {
  EXPECT_NE(refusal(std::string(kHeader) + "u\ta\tx\n"), "");
  EXPECT_FALSE(std::filesystem::exists(lab() + "/data"));
  // The same holds when the error comes late, after good interactions.
  write("set/interactions.tsv", std::string(kHeader) + "u\ta\t1\n");
  write("set/items.tsv", "item_id\ttitle\na\tA\na\tB\n");
  EXPECT_NE(refusal_of([&] { import(path("set")); }), "");
  EXPECT_FALSE(std::filesystem::exists(lab() + "/data"));
}

TEST_F(Import, RemovesWhatACrashLeft) {
  write("lab/data/.toy.999999999-0.tmp/items.u32", "half");  // beyond any process id
  import_rows("u\ta\t1\n");
  EXPECT_FALSE(std::filesystem::exists(lab() + "/data/.toy.999999999-0.tmp"));
}

// A row that is wrong, and the message about it.
struct BadRow {
  const char* name;
  std::string row;
  const char* message;
};

class ImportRefuses : public Scratch, public testing::WithParamInterface<BadRow> {};

TEST_P(ImportRefuses, TheRowWithItsPlace) {
  const std::string message =
      refusal(std::string(kHeader) + "u\ta\t1\n" + GetParam().row + "\nu\tb\t2\n");
  EXPECT_EQ(message, std::string(GetParam().message) +
                         "\n1 bad row. Nothing was imported. Correct the file, or skip them with "
                         "--skip-bad-rows N.");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ImportRefuses,
    testing::Values(
        BadRow{"Short", "u\ta", "bad.tsv:3:1: the row has 2 fields, but the header names 3."},
        BadRow{"Long", "u\ta\t1\t2", "bad.tsv:3:1: the row has 4 fields, but the header names 3."},
        BadRow{"Blank", "", "bad.tsv:3:1: the row has 1 field, but the header names 3."},
        BadRow{"Nul", std::string("u\ta\0b\t1", 7), "bad.tsv:3:4: the row holds a NUL byte."},
        BadRow{"Latin1", "u\tcaf\xe9\t1",
               "bad.tsv:3:6: the row is not UTF-8; convert the file to UTF-8."},
        BadRow{"CarriageReturn", "u\ta\rb\t1",
               "bad.tsv:3:4: the row holds a carriage return; end lines with LF or CRLF."},
        BadRow{"HeaderAgain", "user_id\titem_id\ttimestamp",
               "bad.tsv:3:17: the timestamp must be a number, or a date such as "
               "2014-04-02T10:51:09Z, but is `timestamp`."},
        BadRow{"DecimalComma", "u\ta\t1,5",
               "bad.tsv:3:5: the timestamp `1,5` has a comma; write a decimal point."},
        BadRow{"NotAvailable", "u\ta\tNA", "bad.tsv:3:5: the timestamp is missing (`NA`)."},
        BadRow{"Infinite", "u\ta\tinf",
               "bad.tsv:3:5: the timestamp must be a number, or a date such as "
               "2014-04-02T10:51:09Z, but is `inf`."},
        BadRow{"Overflow", "u\ta\t1e400",
               "bad.tsv:3:5: the timestamp `1e400` is beyond the range of a double."},
        BadRow{"Spaces", "u\ta\t 1",
               "bad.tsv:3:5: the timestamp must be a number, or a date such as "
               "2014-04-02T10:51:09Z, but is ` 1`."},
        BadRow{"NoItem", "u\t\t1", "bad.tsv:3:3: the item_id is missing (``)."},
        BadRow{"MissingUser", "NaN\ta\t1", "bad.tsv:3:1: the user_id is missing (`NaN`)."}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(Import, CountsBadRowsAndShowsTheFirstFive) {
  std::string text = kHeader;
  for (int i = 0; i < 7; ++i) text += "u\ta\tx\n";
  const std::string message = refusal(text);
  EXPECT_THAT(message, HasSubstr("bad.tsv:6:5: "));
  EXPECT_THAT(message, testing::Not(HasSubstr("bad.tsv:7:")));
  EXPECT_THAT(message, HasSubstr("7 bad rows (the first 5 are shown)."));
}

TEST_F(Import, SkipsAsManyBadRowsAsAllowedAndRecordsThem) {
  const std::string rows = "u\ta\t1\nu\ta\nu\tb\tx\nu\tc\t2\n";
  ImportOptions options;
  options.skip_bad_rows = 1;
  EXPECT_THAT(refusal(kHeader + rows, options), HasSubstr("2 bad rows, 1 may be skipped."));
  options.skip_bad_rows = 2;
  const auto data = import_rows(rows, options);
  EXPECT_EQ(story(*data), "u: a c");
  EXPECT_EQ(data->description()["read"]["skipped_rows"], 2);
}

TEST_F(Import, RefusesWrongHeaders) {
  EXPECT_EQ(refusal(""), "bad.tsv:1:1: the file is empty; a header line is needed.");
  EXPECT_EQ(refusal("user_id\titem_id\titem_id\n"),
            "bad.tsv:1:1: column `item_id` occurs twice in the header.");
  EXPECT_EQ(refusal("user_id\t\ttimestamp\n"), "bad.tsv:1:1: a column of the header has no name.");
  EXPECT_EQ(refusal("user_id\titem_id\ttimestmp\n"),
            "bad.tsv:1:1: the header lacks the column `timestamp`, did you mean `timestmp`? It "
            "has: user_id, item_id, timestmp. State the column with `--columns time=NAME`.");
  EXPECT_THAT(refusal("u1\ta\t1\nu1\tb\t2\n"),
              StartsWith("bad.tsv:1:1: the header lacks the column `user_id`. It has"));
  EXPECT_THAT(refusal("user_id\titem_id\ttimestamp\tbehavour\n"),
              StartsWith("bad.tsv:1:1: unknown column `behavour`, did you mean `behaviour`?"));
  ImportOptions recbole;
  recbole.format = "recbole";
  const auto inter = [&](const std::string& header) {
    return refusal_of([&] { import(write("x.inter", header), recbole); });
  };
  EXPECT_EQ(inter("user_id\titem_id:token\ttimestamp:float\n"),
            "x.inter:1:1: column `user_id` has no type; RecBole's headers are name:type.");
  EXPECT_EQ(inter("user_id:token\titem_id:float\ttimestamp:float\n"),
            "x.inter:1:1: column `item_id:float` must have the type token.");
}

TEST_F(Import, RefusesWhatIsNotATable) {
  EXPECT_EQ(refusal(std::string(kHeader)), "bad.tsv: the file has a header but no interactions.");
  EXPECT_EQ(refusal(kHeader + std::string((1 << 20) + 1, 'x') + "\t1\t1\n"),
            "bad.tsv:2:1: the line is longer than 1 MiB. Is this a tab-separated table?");
  std::string wide = "c0";
  for (int i = 1; i < 1001; ++i) wide += join("\tc", i);
  EXPECT_EQ(refusal(wide), "bad.tsv:1:1: the header has 1001 columns; at most 1000 are read.");
  EXPECT_EQ(refusal_of([&] { import(path("absent")); }),
            "absent: there is no such file or folder.");
  std::filesystem::create_directories(path("empty"));
  EXPECT_EQ(refusal_of([&] { import(path("empty")); }),
            "empty: the folder has no interactions.tsv or interactions.tsv.gz. It has no files.");
}

TEST_F(Import, RefusesDevicesAndPipesAtOnce) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal_of([&] { import(path("pipe")); }), "pipe: is not a regular file.");
  EXPECT_EQ(refusal_of([&] { import("/dev/zero"); }), "/dev/zero: is not a regular file.");
}

TEST_F(Import, TakesALineOfJustOneMebibyte) {
  const std::string row = "u\t" + std::string((1 << 20) - 4, 'x') + "\t1";
  ASSERT_EQ(row.size(), size_t{1} << 20);
  EXPECT_EQ(import_rows(row + "\n")->item_ids()[0].size(), (size_t{1} << 20) - 4);
}

TEST_F(Import, RefusesCutCompression) {
  std::string rows = kHeader;
  for (int i = 0; i < 3000; ++i) rows += join("u", i * 7919 % 3001, "\ti", i, "\t1\n");
  const std::string whole = read(write_gz("whole.gz", rows));
  write("cut.gz", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(refusal_of([&] { import(path("cut.gz")); }), HasSubstr("damaged or cut"));
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 0x10;
  write("flipped.gz", flipped);
  EXPECT_THAT(refusal_of([&] { import(path("flipped.gz")); }), HasSubstr("damaged or cut"));
}

TEST_F(Import, SaysWhenTheFiltersDropEverything) {
  ImportOptions options;
  options.min_sequence = 3;
  EXPECT_EQ(refusal(std::string(kHeader) + "u\ta\t1\nu\tb\t2\n", options),
            "bad.tsv: the filters (min_sequence 3, min_item 0, once) drop all 2 interactions. "
            "Lower them.");
}

TEST_F(Import, RefusesNamesThatAreNotAFolderName) {
  const std::string source = write("good.tsv", std::string(kHeader) + "u\ta\t1\n");
  for (const char* name :
       {"", ".", "..", "../x", "a/b", "/x", ".x", "-x", "a b", "a\nb", "C:\\x"}) {
    EXPECT_THROW(import(source, {}, name), UsageError) << name;
  }
  EXPECT_THROW(import(source, {}, std::string(129, 'a')), UsageError);
}

TEST_F(Import, RefusesTwoRowsForOneItem) {
  write("set/interactions.tsv", std::string(kHeader) + "u\ta\t1\n");
  write("set/items.tsv", "item_id\ttitle\na\tA\na\tB\n");
  EXPECT_THAT(refusal_of([&] { import(path("set")); }),
              StartsWith("set/items.tsv:3:1: item `a` has a second row."));
}

TEST_F(Import, WritesNothingBeforeItIsPublished) {
  const std::string source = write("toy.tsv", std::string(kHeader) + "u\ta\t3\nu\tb\t1\nv\ta\t2\n");
  PreparedImport prepared(lab(), "toy", source, {});
  EXPECT_FALSE(std::filesystem::exists(lab()));
  const Sequences sequences = prepared.sequences();
  EXPECT_THAT(sequences.offsets, testing::ElementsAre(0, 2, 3));
  EXPECT_THAT(sequences.time, testing::ElementsAre(1, 3, 2));
  EXPECT_THAT(sequences.ids(), testing::ElementsAre("u", "v"));
  EXPECT_FALSE(sequences.time_is_position);
  EXPECT_EQ(prepared.items(), 2);
  EXPECT_EQ(prepared.publish()->fingerprint(), import(source, {}, "same")->fingerprint());
}

TEST_F(Import, ComparesWithTheLabsDataSetWithoutWriting) {
  const auto data = import_rows("u\ta\t1\nu\tb\t2\n");
  const auto before = std::filesystem::last_write_time(lab() + "/data");
  ImportOptions options;
  options.min_sequence = 2;  // drops nothing, so the content is the same
  EXPECT_EQ(import(path("toy.tsv"), options)->fingerprint(), data->fingerprint());
  const std::string other = write("other.tsv", std::string(kHeader) + "u\ta\t1\n");
  EXPECT_THAT(refusal_of([&] { PreparedImport(lab(), "toy", other, {}); }),
              HasSubstr("lab/data/toy: another data set has this name"));
  EXPECT_EQ(std::filesystem::last_write_time(lab() + "/data"), before);
}

TEST_F(Import, EndsWellWhenAnotherProcessPublishesTheSameContentFirst) {
  const std::string source = write("toy.tsv", std::string(kHeader) + "u\ta\t1\n");
  PreparedImport first(lab(), "toy", source, {}), second(lab(), "toy", source, {});
  const auto data = first.publish();
  EXPECT_EQ(second.publish()->fingerprint(), data->fingerprint());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(lab() + "/data"), {}), 1);
}

TEST_F(Import, RefusesWhenAnotherProcessPublishesOtherContentFirst) {
  PreparedImport late(lab(), "toy", write("a.tsv", std::string(kHeader) + "u\ta\t1\n"), {});
  import(write("b.tsv", std::string(kHeader) + "u\tb\t1\n"));
  EXPECT_THAT(refusal_of([&] { late.publish(); }), HasSubstr("another data set has this name"));
}

// The time between reading and publishing is the same in both, so that they race for the name.
TEST_F(Import, TwoProcessesThatImportAtOnceBothEndWellWithOneCopy) {
  std::string rows = kHeader;
  for (int i = 0; i < 2000; ++i) rows += join("u", i % 70, "\ti", i, "\t1\n");
  const std::string source = write("toy.tsv", rows);
  for (int round = 0; round < 5; ++round) {
    const std::string name = join("toy", round);
    std::vector<pid_t> importers;
    for (int i = 0; i < 2; ++i) {
      importers.push_back(::fork());
      if (importers.back() != 0) continue;
      try {
        import(source, {}, name);
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    for (const pid_t importer : importers) {
      int status = 1;
      ASSERT_EQ(::waitpid(importer, &status, 0), importer);
      EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(Dataset::open(lab() + "/data/" + name)->events(), 2000);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(lab() + "/data"), {}), round + 1);
  }
}

TEST_F(Import, RefusesMoreThan255Behaviours) {
  std::string text = "user_id\titem_id\ttimestamp\tbehaviour\n";
  for (int i = 0; i < 255; ++i) text += join("u\ta\t1\tb", i, "\n");
  EXPECT_EQ(import(write("all.tsv", text), {}, "all")->behaviours().size(), 255u);
  text += "u\ta\t1\tb255\n";
  EXPECT_THAT(refusal(text), StartsWith("bad.tsv:257:1: more than 255 different behaviours."));
}

}  // namespace
}  // namespace lea::data
