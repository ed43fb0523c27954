// The ledger of test parts that were read.
#include "core/run/test_reads.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "core/base/file_lock.h"
#include "core/base/files.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class TestReads : public RunTest {
 protected:
  void record(const std::string& run) const {
    record_test_read(lab_, {run, "study", "data", "split"});
  }
};

TEST_F(TestReads, AreReadAsTheyWereRecordedWithTheirTime) {
  EXPECT_THAT(test_reads(lab_), SizeIs(0));
  record("a");
  record("b");
  record("a");
  const auto reads = test_reads(lab_);
  ASSERT_THAT(reads, SizeIs(3));
  EXPECT_EQ(reads[0].run + reads[1].run + reads[2].run, "aba");
  EXPECT_EQ(reads[0].experiment, "study");
  EXPECT_EQ(reads[0].data_fingerprint, "data");
  EXPECT_EQ(reads[0].split_fingerprint, "split");
  EXPECT_TRUE(reads[0].at.starts_with("20") && reads[0].at.ends_with("Z")) << reads[0].at;
}

TEST_F(TestReads, LoseNoRecordWhenSeveralProcessesAppend) {
  constexpr int kProcesses = 8, kRecords = 25;
  for (int process = 0; process < kProcesses; ++process) {
    if (fork() != 0) continue;
    for (int i = 0; i < kRecords; ++i) record(std::to_string(process));
    _exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = -1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  std::map<std::string, int> counts;
  for (const TestRead& read : test_reads(lab_)) ++counts[read.run];
  EXPECT_THAT(counts, SizeIs(kProcesses));
  for (const auto& [run, count] : counts) EXPECT_EQ(count, kRecords) << run;
}

TEST_F(TestReads, GoOnAfterALineThatAKilledProcessCut) {
  record("a");
  std::ofstream(test_reads_file(lab_), std::ios::app) << R"({"at":"2026)";
  EXPECT_THAT(test_reads(lab_), SizeIs(1));
  record("b");
  EXPECT_THAT(test_reads(lab_), SizeIs(2));
}

TEST_F(TestReads, SkipADamagedLineAndKeepTheOthers) {
  for (const char* run : {"a", "b", "c"}) record(run);
  std::string text = read_file(test_reads_file(lab_));
  text[text.find("\"b\"") + 1] = 'x';
  publish_file(test_reads_file(lab_), text);
  const auto reads = test_reads(lab_);
  ASSERT_THAT(reads, SizeIs(2));
  EXPECT_EQ(reads[0].run + reads[1].run, "ac");
}

TEST_F(TestReads, RefuseAReadingThatCannotBeRecorded) {
  std::filesystem::create_directory(test_reads_file(lab_));
  EXPECT_THAT(message_of([&] { record("a"); }), HasSubstr("test-reads.jsonl"));
}

}  // namespace
}  // namespace lea::run
