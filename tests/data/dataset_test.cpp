#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using testing::HasSubstr;

class DatasetFolder : public Scratch {
 protected:
  DatasetFolder() { import_rows("u\ta\t1\nu\tb\t2\nv\ta\t3\n"); }

  std::string open() {
    return refusal_of([&] { Dataset::open(lab() + "/data/toy"); });
  }
  std::string file(const std::string& name) const { return lab() + "/data/toy/" + name; }
  template <class T>
  void overwrite(const std::string& name, size_t index, T value) {
    std::fstream stream(file(name), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(index * sizeof(T)));
    stream.write(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  template <class Edit>
  void edit(const Edit& change) {
    auto document = nlohmann::json::parse(read(file("dataset.json")));
    change(document);
    write("lab/data/toy/dataset.json", document.dump());
  }
};

TEST_F(DatasetFolder, OpensAsImported) {
  EXPECT_EQ(open(), "");
  const auto data = Dataset::open(lab() + "/data/toy");
  EXPECT_EQ(data->sequence_ids(), (std::vector<std::string>{"u", "v"}));
  EXPECT_EQ(data->fingerprint().size(), 64U);
  EXPECT_FALSE(data->time_is_position());
  EXPECT_TRUE(data->behaviour().empty());
}

TEST_F(DatasetFolder, RefusesAnArrayOfAnotherSize) {
  std::filesystem::resize_file(file("items.u32"), 8);
  EXPECT_THAT(open(),
              HasSubstr("lab/data/toy/items.u32: has 8 bytes, but dataset.json implies 12."));
}

TEST_F(DatasetFolder, RefusesAMissingFile) {
  std::filesystem::remove(file("times.f64"));
  EXPECT_THAT(open(), HasSubstr("times.f64: cannot be opened: No such file or directory."));
  EXPECT_THAT(refusal_of([&] { Dataset::open(lab() + "/data/none"); }),
              HasSubstr("There is no data set in lab/data/none"));
  std::filesystem::remove(file("dataset.json"));
  EXPECT_THAT(open(), HasSubstr("is not a whole data set"));
}

TEST_F(DatasetFolder, RefusesItemsOutOfRange) {
  overwrite<uint32_t>("items.u32", 1, 0);
  EXPECT_THAT(open(), HasSubstr("items.u32: holds an item outside 1 to 2."));
  overwrite<uint32_t>("items.u32", 1, 3);
  EXPECT_THAT(open(), HasSubstr("items.u32: holds an item outside 1 to 2."));
}

TEST_F(DatasetFolder, RefusesOffsetsThatLeadOutOfBounds) {
  overwrite<uint64_t>("offsets.u64", 1, 7);
  EXPECT_THAT(open(), HasSubstr("offsets.u64: is not increasing at sequence 1."));
  overwrite<uint64_t>("offsets.u64", 2, 7);
  EXPECT_THAT(open(), HasSubstr("offsets.u64: does not span the 3 interactions."));
}

TEST_F(DatasetFolder, RefusesTimesThatFallOrAreNoNumber) {
  overwrite<double>("times.f64", 1, 0.5);
  EXPECT_THAT(open(), HasSubstr("times.f64: time falls or is not finite at interaction 1."));
  overwrite<double>("times.f64", 1, std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(open(), HasSubstr("times.f64: time falls or is not finite at interaction 1."));
}

TEST_F(DatasetFolder, RefusesEditedDescriptions) {
  using nlohmann::json;
  edit([](json& d) { d["version"] = 2; });
  EXPECT_THAT(open(), HasSubstr("format version 2; this program reads version 1."));
  edit([](json& d) { d["version"] = 1, d["counts"]["events"] = 1e300; });
  EXPECT_THAT(open(), HasSubstr("`events` must be a whole number"));
  edit([](json& d) { d["counts"]["events"] = -1; });
  EXPECT_THAT(open(), HasSubstr("`events` must be a whole number"));
  edit([](json& d) { d["counts"]["events"] = UINT64_MAX; });
  EXPECT_THAT(open(), HasSubstr("`events` must be a whole number"));
  edit([](json& d) { d["counts"] = json::array(); });
  EXPECT_THAT(open(), HasSubstr("the key `items` is missing."));
  write("lab/data/toy/dataset.json", "{");
  EXPECT_THAT(open(), HasSubstr("dataset.json: is not JSON."));
}

TEST_F(DatasetFolder, RefusesIdsThatDoNotMatchTheCount) {
  write("lab/data/toy/item_ids.txt", "a\n");
  const auto data = Dataset::open(lab() + "/data/toy");
  EXPECT_THAT(refusal_of([&] { data->item_ids(); }),
              HasSubstr("holds 1 whole line; 2 ids are needed."));
}

TEST_F(DatasetFolder, IsReplacedOnRequest) {
  std::filesystem::remove(file("times.f64"));
  ImportOptions options;
  options.replace = true;
  EXPECT_EQ(story(*import_rows("u\ta\t1\n", options)), "u: a");
}

TEST_F(DatasetFolder, ChangesItsFingerprintWithAnyContent) {
  const std::string before = Dataset::open(lab() + "/data/toy")->fingerprint();
  const std::string rows = "u\ta\t1\nu\tb\t2\nv\ta\t3\n";
  EXPECT_EQ(import_rows(rows, {}, "same")->fingerprint(), before);
  EXPECT_NE(import_rows("u\ta\t1\nu\tb\t2\nv\ta\t4\n", {}, "time")->fingerprint(), before);
  EXPECT_NE(import_rows("u\ta\t1\nu\tc\t2\nv\ta\t3\n", {}, "id")->fingerprint(), before);
  write("texts/interactions.tsv", kHeader + rows);
  write("texts/items.tsv", "item_id\ttitle\na\tA\n");
  EXPECT_NE(import(path("texts"), {}, "texts")->fingerprint(), before);
  EXPECT_NE(import_rows("w\ta\t1\nw\tb\t2\nv\ta\t3\n", {}, "sequence")->fingerprint(), before);
  EXPECT_NE(import_rows("v\ta\t3\nu\ta\t1\nu\tb\t2\n", {}, "order")->fingerprint(), before);
  EXPECT_NE(import_rows("u\tb\t1\nu\ta\t2\nv\ta\t3\n", {}, "items")->fingerprint(), before);
  std::string header = kHeader;
  header.insert(header.size() - 1, "\tbehaviour");
  const std::string bought =
      import(write("buy.tsv", header + "u\ta\t1\tbuy\nu\tb\t2\tbuy\nv\ta\t3\tbuy\n"), {}, "buy")
          ->fingerprint();
  EXPECT_NE(bought, before);
  EXPECT_NE(import(write("click.tsv", header + "u\ta\t1\tbuy\nu\tb\t2\tclick\nv\ta\t3\tbuy\n"), {},
                   "click")
                ->fingerprint(),
            bought);
}

TEST_F(DatasetFolder, KnowsWhenTimeIsAPosition) {
  EXPECT_TRUE(import_rows("u\ta\t0\nu\tb\t1\nv\ta\t0\n", {}, "p")->time_is_position());
  EXPECT_FALSE(import_rows("u\ta\t0\nu\tb\t2\nv\ta\t0\n", {}, "q")->time_is_position());
}

}  // namespace
}  // namespace lea::data
