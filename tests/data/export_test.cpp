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

TEST_F(Export, WritesThePartsAndTheMaps) {
  export_dataset(*data_, &split_, "toy", "recbole", path("out"));
  const std::string header = "user_id:token\titem_id:token\ttimestamp:float\tbehaviour:token\n";
  EXPECT_EQ(out("toy.train.inter"), header + "u\ta\t1\tbuy\nv\tb\t4\tbuy\n");
  EXPECT_EQ(out("toy.valid.inter"), header + "u\tb\t1.25\tclick\n");
  EXPECT_EQ(out("toy.test.inter"), header + "u\ta\t3000000000\tbuy\n");
  EXPECT_EQ(out("toy.item"), "item_id:token\ttitle:token_seq\na\tA\nb\tB\n");
  EXPECT_EQ(out("items.map.tsv"), "item_id\titem\na\t1\nb\t2\n");
  EXPECT_EQ(out("sequences.map.tsv"), "user_id\tsequence\nu\t0\nv\t1\n");
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

TEST_F(Export, NeverWritesIntoAnExistingFolder) {
  std::filesystem::create_directories(path("out"));
  EXPECT_EQ(refusal_of([&] { export_dataset(*data_, nullptr, "toy", "tsv", path("out")); }),
            "out: exists already; name a new folder, or remove it.");
}

}  // namespace
}  // namespace lea::data
