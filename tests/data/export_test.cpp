#include "core/data/export.h"

#include <gmock/gmock.h>

#include "tests/data/scratch.h"

namespace lea::data {
namespace {

class Export : public Scratch {
 protected:
  Export() {
    write("set/interactions.tsv",
          "user_id\titem_id\ttimestamp\tbehaviour\nu\ta\t1\tbuy\nu\tb\t1."
          "25\tclick\nu\ta\t3e9\tbuy\nv\tb\t4\tbuy\n");
    write("set/items.tsv", "item_id\ttitle\na\tA\nb\tB\n");
    data_ = import(path("set"));
    spec::SplitSection section;
    section.by = "last_one";
    split_ = make_split(*data_, section);
  }
  std::string out(const std::string& name) const { return read(path("out/" + name)); }

  std::shared_ptr<const Dataset> data_;
  Split split_;
};

TEST_F(Export, ImportsAgainToTheSameData) {
  export_dataset(*data_, nullptr, "toy", "tsv", path("out"));
  EXPECT_EQ(import(path("out"), {}, "again")->fingerprint(), data_->fingerprint());
}

TEST_F(Export, ImportsAgainFromRecBolesFiles) {
  export_dataset(*data_, nullptr, "out", "recbole", path("out"));
  ImportOptions options;
  options.format = "recbole";
  EXPECT_EQ(import(path("out"), options, "again")->fingerprint(), data_->fingerprint());
}

// What first appears in another order in the export than in the source, and a behaviour that only
// dropped events had, are numbered by the maps.
struct Story {
  const char* name;
  std::string text;
  int64_t min_item;
};

class ExportAndImport : public Scratch, public testing::WithParamInterface<Story> {};

TEST_P(ExportAndImport, GiveTheSameFingerprint) {
  write("in/interactions.tsv", GetParam().text);
  write("in/items.tsv", "item_id\ttitle\tbrand\nb\tB\t\na\tA \"x\"\ty\n");
  ImportOptions options;
  options.min_item = GetParam().min_item;
  const auto data = import(path("in"), options);
  spec::SplitSection section;
  section.ratios = {1, 0, 0};
  const Split split = make_split(*data, section);
  for (const std::string format : {"tsv", "recbole"}) {
    for (const Split* divided : {static_cast<const Split*>(nullptr), &split}) {
      const std::string folder = path(format + (divided != nullptr ? "-split" : ""));
      export_dataset(*data, divided, "toy", format, folder);
      ImportOptions again;
      again.format = format;
      const std::string name = format + (divided != nullptr ? "-split" : "");
      EXPECT_EQ(import(folder, again, name)->fingerprint(), data->fingerprint()) << folder;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, ExportAndImport,
    testing::Values(
        Story{"Interleaved", "user_id\titem_id\ttimestamp\nu\tb\t1\nv\ta\t1\nu\tc\t2\nv\tb\t2\n",
              0},
        Story{"OutOfTimeOrder",
              "user_id\titem_id\ttimestamp\nu\tb\t2\nu\ta\t1\nv\tc\t2.5\nv\ta\t1e300\n", 0},
        Story{"NegativeZero", "user_id\titem_id\ttimestamp\nu\tb\t-0\nu\ta\t-1.5e-9\n", 0},
        Story{"BehavioursOfDroppedEvents",
              "user_id\titem_id\ttimestamp\tbehaviour\nu\tonce\t1\tcart\nv\ta\t2\tbuy\n"
              "u\ta\t2\tview\nu\tb\t3\tbuy\nv\tb\t1\tview\n",
              2}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(Export, OfAnOlderProgramIsNumberedByFirstAppearance) {
  const auto data = import_rows("u\tb\t1\nv\ta\t1\nu\tc\t2\n", {}, "mixed");
  export_dataset(*data, nullptr, "toy", "tsv", path("out"));
  std::filesystem::remove(path("out/behaviours.map.tsv"));
  EXPECT_EQ(import(path("out"), {}, "again")->item_ids(),
            (std::vector<std::string>{"b", "c", "a"}));
}

TEST_F(Export, NumbersWhatWasAddedToItLast) {
  export_dataset(*data_, nullptr, "toy", "tsv", path("out"));
  write("out/interactions.tsv",
        "user_id\titem_id\ttimestamp\tbehaviour\nw\tnew\t1\tlook\nv\tb\t4\tbuy\n");
  const auto data = import(path("out"), {}, "again");
  EXPECT_EQ(data->item_ids(), (std::vector<std::string>{"b", "new"}));
  EXPECT_EQ(data->sequence_ids(), (std::vector<std::string>{"v", "w"}));
  EXPECT_EQ(data->behaviours(), (std::vector<std::string>{"buy", "click", "look"}));
}

TEST_F(Export, RefusesAMapWithGaps) {
  export_dataset(*data_, nullptr, "toy", "tsv", path("out"));
  write("out/items.map.tsv", "item_id\titem\na\t1\nb\t3\n");
  EXPECT_THAT(refusal_of([&] { import(path("out"), {}, "again"); }),
              testing::StartsWith("out/items.map.tsv:3:3: the number must be 2: an export numbers "
                                  "without gaps."));
}

TEST_F(Export, WritesThePartsAndTheMaps) {
  export_dataset(*data_, &split_, "toy", "recbole", path("out"));
  const std::string header = "user_id:token\titem_id:token\ttimestamp:float\tbehaviour:token\n";
  EXPECT_EQ(out("toy.train.inter"), header + "u\ta\t1\tbuy\nv\tb\t4\tbuy\n");
  EXPECT_EQ(out("toy.valid.inter"), header + "u\tb\t1.25\tclick\n");
  EXPECT_EQ(out("toy.test.inter"), header + "u\ta\t3000000000\tbuy\n");
  EXPECT_EQ(out("toy.item"), "item_id:token\ttitle:token_seq\na\tA\nb\tB\n");
  EXPECT_EQ(out("items.map.tsv"), "item_id\titem\na\t1\nb\t2\n");
  EXPECT_EQ(out("sequences.map.tsv"), "user_id\tsequence\nu\t0\nv\t1\n");
  EXPECT_EQ(out("behaviours.map.tsv"), "behaviour\tnumber\nbuy\t0\nclick\t1\n");
}

TEST_F(Export, WritesASplitFileThatReadsBack) {
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += join("u", i, "\ta\t1\n");
  const auto data = import_rows(rows, {}, "many");
  const Split split = make_split(*data, {});
  export_dataset(*data, &split, "many", "tsv", path("out"));
  spec::SplitSection section;
  section.by = "file";
  section.path = path("out/split.tsv");
  EXPECT_EQ(make_split(*data, section).fingerprint, split.fingerprint);
}

TEST_F(Export, LeavesOutASplitFileThatCannotSayIt) {
  export_dataset(*data_, &split_, "toy", "tsv", path("out"));
  EXPECT_TRUE(std::filesystem::exists(path("out/test.tsv")));
  EXPECT_FALSE(std::filesystem::exists(path("out/split.tsv")));
}

TEST_F(Export, RecordsWhichSplitItIsOf) {
  for (const std::string format : {"tsv", "recbole"}) {
    export_dataset(*data_, &split_, "toy", format, path(format));
    EXPECT_EQ(read(path(format + "/split.json")),
              "{\n \"data\": \"toy\",\n \"data_fingerprint\": \"" + data_->fingerprint() +
                  "\",\n \"split_fingerprint\": \"" + split_.fingerprint + "\"\n}\n");
  }
  export_dataset(*data_, nullptr, "toy", "tsv", path("whole"));
  EXPECT_FALSE(std::filesystem::exists(path("whole/split.json")));
}

TEST_F(Export, NeverWritesIntoAnExistingFolder) {
  std::filesystem::create_directories(path("out"));
  EXPECT_EQ(refusal_of([&] { export_dataset(*data_, nullptr, "toy", "tsv", path("out")); }),
            "out: exists already; name a new folder, or remove it.");
}

}  // namespace
}  // namespace lea::data
