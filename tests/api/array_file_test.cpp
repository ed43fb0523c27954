#include "core/api/array_file.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/api/table.h"
#include "tests/base/message.h"

namespace lea {
namespace {

using testing::ElementsAre;

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/npz/";

// What is said about an array of the golden file, without its path.
std::string refusal(const std::string& name) {
  const std::string path = kGolden + "arrays.npz";
  const std::string message = message_of([&] { ArrayFile(path).read(name); });
  return message.starts_with(path) ? message.substr(path.size()) : message;
}

TEST(ArrayFile, ReadsTheArraysOfNumPyFiles) {
  for (const char* name : {"arrays.npz", "deflated.npz"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(ArrayFile::recognises(kGolden + name));
    const ArrayFile file(kGolden + name);
    EXPECT_THAT(file.names(), ElementsAre("float32", "float64", "float16", "int64", "int32",
                                          "empty", "words", "fortran", "big_endian"));
    EXPECT_TRUE(file.has("float64"));
    EXPECT_FALSE(file.has("float"));
    EXPECT_THAT(file.shape("float32"), ElementsAre(3, 4));
    EXPECT_TRUE(file.read("float32").equal(at::arange(12.F).view({3, 4}) / 4));
    EXPECT_TRUE(file.read("float16").equal(at::tensor({0.5, -2.}).to(at::kHalf).view({2, 1})));
    EXPECT_TRUE(file.read("int64").equal(
        at::tensor(std::vector<int64_t>{1, int64_t{1} << 40, -3, 0}, at::kLong).view({2, 2})));
    EXPECT_EQ(file.read("int32").item<int32_t>(), 7);
    EXPECT_EQ(file.read("empty").sizes(), (std::vector<int64_t>{0, 3}));
  }
}

TEST(ArrayFile, RefusesArraysThatItCannotGive) {
  EXPECT_EQ(refusal("words"),
            ": words: must hold numbers of type F32, F64, BF16, F16, I64 or I32, but is |S5");
  EXPECT_EQ(refusal("big_endian"),
            ": big_endian: must hold numbers of type F32, F64, BF16, F16, I64 or I32, but is >f4");
  EXPECT_EQ(refusal("fortran"),
            ": fortran: is in Fortran order; save numpy.ascontiguousarray of it");
  EXPECT_EQ(refusal("float"), ": has no tensor `float`");
}

TEST(ArrayFile, KnowsAFileByItsContentAndNotByItsName) {
  const std::string path = ::testing::TempDir() + "/array_file.npz";
  std::filesystem::remove(path);
  EXPECT_FALSE(ArrayFile::recognises(path)) << "it is missing";
  std::ofstream(path) << "sequence_id\tposition\titem_id\treward\n";
  EXPECT_FALSE(ArrayFile::recognises(path)) << "text";
  std::filesystem::remove(path);
  TableWriter writer(path, 2, 3);
  writer.append(at::arange(6.F).view({2, 3}));
  writer.finish();
  EXPECT_TRUE(ArrayFile::recognises(path)) << "safetensors";
  Tensor kept;
  {
    const ArrayFile file(path);
    EXPECT_THAT(file.names(), ElementsAre(kTableTensor));
    EXPECT_EQ(file.dtype(kTableTensor), "F32");
    kept = file.read(kTableTensor);
  }
  std::filesystem::remove(path);
  EXPECT_TRUE(kept.equal(at::arange(6.F).view({2, 3}))) << "it outlives the file and the reader";
}

TEST(ArrayFile, ServesTablesToo) {
  const Table table(kGolden + "deflated.npz", "float32");
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.width(), 4);
  const Tensor rows = table.at(at::tensor(std::vector<int64_t>{2, -1}, at::kLong));
  EXPECT_TRUE(rows.equal(at::tensor({2.F, 2.25F, 2.5F, 2.75F, 0.F, 0.F, 0.F, 0.F}).view({2, 4})));
  EXPECT_EQ(Table(kGolden + "arrays.npz", "float64").width(), 1) << "a vector";
  const std::string path = kGolden + "arrays.npz";
  EXPECT_EQ(message_of([&] { Table(path, "int64"); }),
            path + ": int64: must be F32, BF16 or F64, but is I64");
  EXPECT_EQ(message_of([&] { Table(path, "int32"); }),
            path + ": int32: must be F32, BF16 or F64, but is I32");
  EXPECT_EQ(message_of([&] { Table(path, "none"); }), path + ": has no tensor `none`");
}

}  // namespace
}  // namespace lea
