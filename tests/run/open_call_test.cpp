// Which method of a plugin a worker calls, for whoever finds that the worker has crashed.
#include "core/run/open_call.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "core/base/files.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

class OpenCall : public RunTest {
 protected:
  OpenCall() : file_(path("call")) {}
  std::string file_;
};

TEST_F(OpenCall, IsKnownAfterTheProcessWasKilledInIt) {
  const pid_t child = fork();
  if (child == 0) {
    OpenCallFile call(file_);
    if (call.memory() != nullptr)
      std::strcpy(call.memory(), "backbone my.model at encode(), step 20");
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_call(file_), "backbone my.model at encode(), step 20");
}

TEST_F(OpenCall, IsEmptyBeforeTheFirstAndInTheNextAttempt) {
  EXPECT_EQ(read_call(file_), "");
  publish_file(file_, "backbone of an earlier attempt");
  const OpenCallFile call(file_);
  EXPECT_EQ(read_call(file_), "");
  call.remove();
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(OpenCall, IsNotNeededWhereNoFileCanBeMade) {
  const OpenCallFile call(path("no folder/call"));
  EXPECT_EQ(call.memory(), nullptr);
}

TEST_F(OpenCall, IsReadAsPrintableTextOfBoundedLength) {
  publish_file(file_, "\x1b[2J" + std::string(10 * kCallBytes, 'x'));
  EXPECT_EQ(read_call(file_), "\\x1b[2J" + std::string(kCallBytes - 4, 'x'));
}

}  // namespace
}  // namespace lea::run
