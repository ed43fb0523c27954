#include "core/run/beat.h"

#include "core/base/clock.h"
#include "core/base/files.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using ::testing::HasSubstr;

class BeatTest : public RunTest {
 protected:
  BeatTest() : run_(new_run()) {}
  void write_text(const std::string& text) const { publish_file(run_.file(kBeatFile), text); }

  Folder run_;
};

TEST_F(BeatTest, IsReadAsItWasWritten) {
  EXPECT_FALSE(read_beat(run_).has_value());
  const Progress progress{"valid", 7, 100, 12.5, 6, {{"ndcg@20", 0.25}}};
  write_beat(run_, {this_process(), progress, 1769903999});
  const auto beat = read_beat(run_);
  ASSERT_TRUE(beat.has_value());
  EXPECT_EQ(beat->process.pid, this_process().pid);
  EXPECT_EQ(beat->process.start, this_process().start);
  EXPECT_EQ(beat->process.host, this_process().host);
  EXPECT_EQ(beat->process.boot, this_process().boot);
  EXPECT_EQ(to_json(beat->progress), to_json(progress));
  EXPECT_EQ(beat->time, 1769903999);
}

TEST_F(BeatTest, InTheOldFormatHasItsTimeAsText) {
  write_text(R"({"boot_id": "b", "host": "h", "max_steps": 400, "pid": 7, "pid_start": 8,
                 "step": 20, "steps_per_second": 3.5, "time": "2026-01-31T23:59:59Z"})");
  const auto beat = read_beat(run_);
  ASSERT_TRUE(beat.has_value());
  EXPECT_EQ(beat->time, 1769903999);
  EXPECT_EQ(beat->progress.step, 20);
  EXPECT_TRUE(is_fresh(*beat, 1769903999 + 59));
}

TEST_F(BeatTest, IsFreshForAMinuteOnBothSides) {
  const Beat beat{{}, {}, 1000000};
  EXPECT_TRUE(is_fresh(beat, 1000000 + 59));
  EXPECT_FALSE(is_fresh(beat, 1000000 + 60));
  EXPECT_TRUE(is_fresh(beat, 1000000 - 59)) << "the clock of another host may be ahead";
  EXPECT_FALSE(is_fresh(beat, 1000000 - 60)) << "a beat from the future is no sign of life";
}

TEST_F(BeatTest, OfAWrongFormIsRefusedByKey) {
  for (const auto& [time, message] :
       {std::pair{R"("yesterday")", "beat: time: must be seconds since 1970, or a time such as"},
        {"true", "beat: time: must be a number, but is true"},
        {"1e300", "beat: time: is beyond every calendar"},
        {"null", "beat: time: must be a number, but is null"}}) {
    write_text(std::string(R"({"time": )") + time + "}");
    EXPECT_THAT(message_of([&] { read_beat(run_); }), HasSubstr(message));
  }
  write_text("{}");
  EXPECT_THAT(message_of([&] { read_beat(run_); }), HasSubstr("beat: time: is missing"));
}

}  // namespace
}  // namespace lea::run
