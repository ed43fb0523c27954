#include "core/run/claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/base/files.h"
#include "core/run/beat.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using testing::HasSubstr;

class ClaimTest : public RunTest {
 protected:
  std::optional<Claim> take() const { return Claim::take(lab_, kHash); }
  // Whether another process could take the claim now.
  bool is_free() const {
    const pid_t child = fork();
    if (child == 0) _exit(take() ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  // The claim as a holder on another host has left it.
  void write_as_elsewhere(std::time_t since, const std::string& run) const {
    nlohmann::json document = {{"run", run},          {"held", true}, {"since", since},
                               {"host", "elsewhere"}, {"pid", 1},     {"pid_start", 1}};
    publish_file(claim_file(lab_, kHash), document.dump());
  }

  static constexpr const char* kHash = "0123abcd";
  const std::time_t now_ = std::time(nullptr);
};

TEST_F(ClaimTest, IsHeldByOneProcessUntilItsEnd) {
  {
    const auto claim = take();
    ASSERT_TRUE(claim.has_value());
    EXPECT_FALSE(is_free());
    EXPECT_TRUE(read_claim(lab_, kHash).held);
    EXPECT_EQ(process_text(read_claim(lab_, kHash).holder).rfind("process ", 0), 0u);
  }
  EXPECT_FALSE(read_claim(lab_, kHash).held);
  EXPECT_TRUE(is_free());
}

TEST_F(ClaimTest, RemembersTheNewestRun) {
  EXPECT_EQ(read_claim(lab_, kHash).run, "");
  const std::string run = new_uuid();
  take()->name(run);
  EXPECT_EQ(read_claim(lab_, kHash).run, run);
  EXPECT_EQ(take()->record().run, run) << "of the holder before";
}

TEST_F(ClaimTest, IsFreeAtOnceWhenItsHolderIsKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto claim = take();
    [[maybe_unused]] const ssize_t count = ::write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(take().has_value());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(take().has_value()) << "although the file says that it is held";
}

TEST_F(ClaimTest, BelongsToTheChildThatInheritedItWhenTheParentIsGone) {
  auto claim = take();
  ASSERT_TRUE(claim.has_value());
  const int inherited = dup(claim->descriptor());  // shares the lock, as a worker does
  claim.reset();
  EXPECT_FALSE(is_free());
  close(inherited);
  EXPECT_TRUE(is_free());
}

TEST_F(ClaimTest, OfAnotherHostIsHeldWhileItIsYoungOrItsRunHasAFreshBeat) {
  const Folder run = new_run();
  write_as_elsewhere(now_, "");
  EXPECT_FALSE(take().has_value()) << "just taken";
  write_as_elsewhere(now_ - 3600, run.uuid());
  EXPECT_TRUE(take().has_value()) << "no beat";
  write_as_elsewhere(now_ - 3600, run.uuid());
  write_beat(run, {{}, {}, now_});
  EXPECT_FALSE(take().has_value()) << "a fresh beat";
  write_beat(run, {{}, {}, now_ - 3600});
  EXPECT_TRUE(take().has_value()) << "the beat has stopped";
  write_as_elsewhere(now_ + 3600 * 24, "");
  EXPECT_TRUE(take().has_value()) << "a clock that is a day ahead holds no claim";
}

TEST_F(ClaimTest, SurvivesDamage) {
  for (const char* text : {"", "{", "[]", R"({"run": 7})", R"({"run": "../../x", "held": true})"}) {
    publish_file(claim_file(lab_, kHash), text);
    const auto claim = take();
    ASSERT_TRUE(claim.has_value()) << text;
  }
  publish_file(claim_file(lab_, kHash), std::string(100000, 'x'));
  take()->name("short");
  EXPECT_EQ(read_claim(lab_, kHash).run, "short");
}

TEST_F(ClaimTest, FollowsNoLink) {
  std::filesystem::create_symlink(path("target"), claim_file(lab_, kHash));
  EXPECT_THAT(message_of([&] { take(); }), HasSubstr("cannot open the claim of a run"));
  EXPECT_FALSE(std::filesystem::exists(path("target")));
}

}  // namespace
}  // namespace lea::run
