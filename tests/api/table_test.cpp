#include "core/api/table.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/safetensors.h"

namespace lea {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class TableTest : public testing::Test {
 protected:
  TableTest() {
    folder_ = (fs::temp_directory_path() / "lea-table-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  }
  ~TableTest() override { fs::remove_all(folder_); }
  std::string path() const { return folder_ + "/table.safetensors"; }

  const Tensor values_ = at::arange(21, at::kFloat).view({7, 3}) / 8;
  std::string folder_;
};

TEST_F(TableTest, HoldsTheRowsThatWereWritten) {
  TableWriter writer(path(), 7, 3);
  writer.append(values_.narrow(0, 0, 4));
  EXPECT_EQ(writer.done(), 4);
  EXPECT_FALSE(fs::exists(path())) << "it has its name only when it is complete";
  writer.append(values_.narrow(0, 4, 3));
  writer.finish();
  const Table table(path());
  EXPECT_TRUE(at::equal(table.values(), values_));
  const Tensor rows = table.at(at::tensor({6, -1, 0, 6}, at::kLong));
  EXPECT_TRUE(at::equal(rows[0], values_[6]));
  EXPECT_TRUE(at::equal(rows[1], at::zeros({3})));
  EXPECT_TRUE(at::equal(rows[2], values_[0]));
  EXPECT_TRUE(at::equal(rows[3], values_[6]));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
      << "nothing else is left";
}

// The format is that of every other safetensors file, so that other programs read it, too.
TEST_F(TableTest, IsTheFileThatTheSafetensorsEncoderWrites) {
  TableWriter writer(path(), 7, 3);
  writer.append(values_);
  writer.finish();
  EXPECT_EQ(read_file(path()),
            encode_safetensors(
                {{kTableTensor,
                  "F32",
                  {7, 3},
                  {static_cast<const char*>(values_.const_data_ptr()), values_.nbytes()}}}));
}

TEST_F(TableTest, GoesOnAfterTheLastChunkOfAWriterThatWasKilled) {
  {
    TableWriter writer(path(), 7, 3);
    writer.append(values_.narrow(0, 0, 2));
    writer.append(values_.narrow(0, 2, 2));
  }
  // A chunk that was written, but never counted.
  std::ofstream(path() + ".part", std::ios::app) << "0123456789abcdefghijklmnopqrstuvwxyz";
  TableWriter writer(path(), 7, 3);
  EXPECT_EQ(writer.done(), 4);
  writer.append(values_.narrow(0, 4, 3));
  writer.finish();
  EXPECT_TRUE(at::equal(Table(path()).values(), values_));
}

TEST_F(TableTest, IsNotBegunAgainOnceItIsFinished) {
  {
    TableWriter writer(path(), 7, 3);
    writer.append(values_);
    writer.finish();
  }
  TableWriter writer(path(), 7, 3);
  EXPECT_EQ(writer.done(), 7);
  writer.finish();
  EXPECT_TRUE(at::equal(Table(path()).values(), values_));
}

TEST_F(TableTest, OfBfloat16TakesHalfTheRoomAndGivesFloats) {
  TableWriter writer(path(), 7, 3, at::kBFloat16);
  writer.append(values_);
  writer.finish();
  EXPECT_LT(fs::file_size(path()), 7u * 3 * 4 + 80);
  const Tensor rows = Table(path()).at(at::tensor({1}, at::kLong));
  EXPECT_EQ(rows.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(rows[0], values_[1]));  // eighths are exact in bfloat16
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(TableTest, RefusesWhatDoesNotFit) {
  TableWriter writer(path(), 7, 3);
  EXPECT_THAT(message_of([&] { writer.append(at::zeros({2, 4})); }), HasSubstr("must be [n, 3]"));
  EXPECT_THAT(message_of([&] {
                writer.append(at::zeros({8, 3}));
              }),
              HasSubstr("with at most 7 rows"));
  EXPECT_THAT(message_of([&] {
                writer.append(at::full({1, 3}, NAN));
              }),
              HasSubstr("not finite, in the rows from 0"));
  writer.append(at::zeros({2, 3}));
  EXPECT_THAT(message_of([&] { writer.finish(); }), HasSubstr("after 2 of 7 rows"));
  EXPECT_THAT(message_of([&] { TableWriter(path(), 7, 4); }),
              HasSubstr("unfinished table of another shape"));
}

TEST_F(TableTest, RefusesDamagedFilesWithTheReason) {
  EXPECT_THAT(message_of([&] { Table table(path()); }), HasSubstr("cannot be opened"));
  std::ofstream(path()) << "short";
  EXPECT_THAT(message_of([&] { Table table(path()); }), HasSubstr("not a valid safetensors file"));
  fs::remove(path());
  TableWriter writer(path(), 7, 3);
  writer.append(values_);
  writer.finish();
  EXPECT_THAT(message_of([&] { Table table(path(), "rewards"); }),
              HasSubstr("has no tensor `rewards`"));
  EXPECT_THAT(message_of([&] { Table(path()).at(at::tensor({7}, at::kLong)); }),
              HasSubstr("row 7 of a table that has 7"));
  fs::resize_file(path(), fs::file_size(path()) - 1);
  EXPECT_THAT(message_of([&] { Table table(path()); }), HasSubstr("it was cut"));
}

}  // namespace
}  // namespace lea
