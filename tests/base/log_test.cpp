#include "core/base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "core/base/files.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

class LogTest : public ScratchTest {
 protected:
  ~LogTest() override { open_log("/dev/null", LogLevel::kError); }

  static std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> lines;
    std::ifstream in(file, std::ios::binary);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static std::vector<std::string> messages_of(const std::string& file) {
    std::vector<std::string> messages;
    for (const std::string& line : lines_of(file)) {
      const auto parsed = parse_log_line(line);
      messages.push_back(parsed ? parsed->message : "no line of a log: " + line);
    }
    return messages;
  }
  std::string open(LogLevel level = LogLevel::kInfo) const {
    open_log(path("log.txt"), level);
    return path("log.txt");
  }
};

// Standard error is appended to a file, as the worker's is, until the object ends.
class StderrTo {
 public:
  explicit StderrTo(const std::string& file) : before_(dup(STDERR_FILENO)) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    dup2(opened, STDERR_FILENO);
    close(opened);
  }
  ~StderrTo() {
    dup2(before_, STDERR_FILENO);
    close(before_);
  }

 private:
  int before_;
};

TEST_F(LogTest, ALineHasTimeLevelComponentAndMessage) {
  const std::string file = open(LogLevel::kDebug);
  log(LogLevel::kDebug, "data", "one");
  log(LogLevel::kInfo, "train", "two");
  log(LogLevel::kWarning, "lea.le", "three: 3");
  log(LogLevel::kError, "worker", "four");
  const std::string time = "20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]+[.][0-9][0-9][0-9]Z ";
  EXPECT_THAT(lines_of(file), ElementsAre(MatchesRegex(time + "debug data: one"),
                                          MatchesRegex(time + "info  train: two"),
                                          MatchesRegex(time + "warn  lea.le: three: 3"),
                                          MatchesRegex(time + "error worker: four")));
}

TEST_F(LogTest, TheTimeIsInUtc) {
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  const std::string file = open();
  log(LogLevel::kInfo, "a", "b");
  unsetenv("TZ");
  tzset();
  std::tm utc{};
  strptime(lines_of(file).at(0).c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  EXPECT_NEAR(static_cast<double>(timegm(&utc)), static_cast<double>(std::time(nullptr)), 60);
}

TEST_F(LogTest, LeavesOutWhatMattersLessThanItsLevel) {
  const std::string file = open(LogLevel::kWarning);
  log(LogLevel::kDebug, "a", "debug");
  log(LogLevel::kInfo, "a", "info");
  log(LogLevel::kWarning, "a", "warning");
  log(LogLevel::kError, "a", "error");
  EXPECT_THAT(messages_of(file), ElementsAre("warning", "error"));
}

TEST_F(LogTest, AMessageIsOneLineThatCannotDriveATerminal) {
  const std::string file = open();
  log(LogLevel::kInfo, "a\nb", "first\nsecond \x1b[2J {} %s");
  EXPECT_THAT(messages_of(file), ElementsAre("first\\x0asecond \\x1b[2J {} %s"));
}

TEST_F(LogTest, ALongMessageIsCut) {
  const std::string file = open();
  log(LogLevel::kInfo, "a", std::string(1 << 20, 'x'));
  EXPECT_THAT(messages_of(file), ElementsAre(std::string(16 << 10, 'x').append("...")));
}

TEST_F(LogTest, AppendsToTheLogOfAnEarlierProcess) {
  const std::string file = write("log.txt", "earlier\n");
  open();
  log(LogLevel::kInfo, "a", "later");
  EXPECT_THAT(lines_of(file), ElementsAre("earlier", HasSubstr("a: later")));
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  const std::string file = open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int n = 0; n < 200; ++n) log(LogLevel::kInfo, "thread", std::string(100, 'a' + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto messages = messages_of(file);
  EXPECT_THAT(messages, SizeIs(800));
  for (const std::string& message : messages) EXPECT_EQ(message, std::string(100, message[0]));
}

TEST_F(LogTest, NamesOlderFilesBeforeTheExtension) {
  EXPECT_EQ(old_log("/lab.d/log.txt", 0), "/lab.d/log.txt");
  EXPECT_EQ(old_log("/lab.d/log.txt", 3), "/lab.d/log.3.txt");
  EXPECT_EQ(old_log("/lab.d/log", 1), "/lab.d/log.1");
}

TEST_F(LogTest, RotatesAtItsSizeLosesNoLineAndKeepsThreeOldFiles) {
  const std::string file = open();
  const std::string filler(10000, '.');
  // So many lines fill three files and begin the fourth.
  const int lines = static_cast<int>(3 * kLogBytes / filler.size());
  for (int i = 0; i < lines; ++i) log(LogLevel::kInfo, "a", std::to_string(i) + " " + filler);
  int expected = 0;
  for (const char* name : {"log.3.txt", "log.2.txt", "log.1.txt", "log.txt"}) {
    ASSERT_TRUE(fs::exists(path(name))) << name;
    EXPECT_LE(fs::file_size(path(name)), kLogBytes);
    for (const std::string& message : messages_of(path(name)))
      EXPECT_THAT(message, StartsWith(std::to_string(expected++) + " .")) << name;
  }
  EXPECT_EQ(expected, lines);

  for (int i = 0; i < 2 * lines; ++i) log(LogLevel::kInfo, "a", "again " + filler);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1 + kOldLogs);
  EXPECT_THAT(messages_of(path("log.3.txt")).at(0), StartsWith("again"));
  EXPECT_FALSE(log_is_stderr());
}

TEST_F(LogTest, StandardErrorFollowsTheFileThatItIs) {
  const std::string file = path("log.txt");
  const StderrTo redirected(file);
  open();
  EXPECT_TRUE(log_is_stderr());
  // What is printed counts: without a single line of the log's own it fills the file.
  const std::string printed(kLogBytes, 'x');
  ASSERT_EQ(::write(STDERR_FILENO, printed.data(), printed.size()),
            static_cast<ssize_t>(printed.size()));
  log(LogLevel::kInfo, "a", "logged");
  std::fprintf(stderr, "printed\n");
  EXPECT_THAT(lines_of(file), ElementsAre(HasSubstr("a: logged"), "printed"));
  EXPECT_EQ(fs::file_size(path("log.1.txt")), kLogBytes);
}

TEST_F(LogTest, WhereItCannotBeWrittenLinesAreDropped) {
  fs::create_symlink("/dev/full", path("full"));
  fs::create_directory(path("folder"));
  for (const std::string& file : {path("full"), path("folder"), path("absent/log.txt")}) {
    open_log(file, LogLevel::kInfo);
    for (int i = 0; i < 3; ++i) log(LogLevel::kError, "a", "lost");
    EXPECT_FALSE(log_is_stderr()) << file;
  }
  EXPECT_FALSE(fs::exists(path("absent")));
  const std::string file = open();
  log(LogLevel::kInfo, "a", "a later log works");
  EXPECT_THAT(messages_of(file), ElementsAre("a later log works"));
}

TEST_F(LogTest, DoesNotMakeARemovedFolderAgain) {
  fs::create_directory(path("run"));
  open_log(path("run/log.txt"), LogLevel::kInfo);
  fs::remove_all(path("run"));
  const std::string long_line(16000, '.');
  for (size_t i = 0; i < 2 * kLogBytes / long_line.size(); ++i)
    log(LogLevel::kInfo, "a", long_line);
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(LogTest, WhereItCannotBeRenamedItIsEmptiedAndKeepsTheNewestLines) {
  for (const char* name : {"log.1.txt", "log.2.txt", "log.3.txt"})
    write(std::string(name) + "/file", "a folder that is not empty cannot be replaced");
  const std::string file = open();
  const std::string long_line(16000, '.');
  for (size_t i = 0; i < 2 * kLogBytes / long_line.size(); ++i)
    log(LogLevel::kInfo, "a", long_line);
  log(LogLevel::kInfo, "a", "the last");
  EXPECT_LE(fs::file_size(file), kLogBytes);
  EXPECT_EQ(messages_of(file).back(), "the last");
}

TEST_F(LogTest, ALineThatAFullDiskCutDoesNotSwallowTheNext) {
  const std::string file = open();
  signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files acts like a disk that is full
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{50, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  log(LogLevel::kInfo, "a", "a message that does not fit into fifty bytes");
  log(LogLevel::kInfo, "a", "lost");
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_DFL);
  log(LogLevel::kInfo, "a", "whole");
  const auto lines = lines_of(file);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], SizeIs(50));
  EXPECT_EQ(parse_log_line(lines[1]).value().message, "whole");
}

TEST_F(LogTest, ReadsALineThatItWrote) {
  const std::string file = open();
  log(LogLevel::kWarning, "lea.le", "key: value");
  const std::string line = lines_of(file).at(0);
  const auto parsed = parse_log_line(line);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->time, line.substr(0, 24));
  EXPECT_EQ(parsed->level, LogLevel::kWarning);
  EXPECT_EQ(parsed->component, "lea.le");
  EXPECT_EQ(parsed->message, "key: value");
}

TEST_F(LogTest, TakesNoOtherLineForOneOfItsOwn) {
  for (const char* line :
       {"", "printed", "2026-01-31T23:59:59.123Z", "2026-01-31T23:59:59.123Z ",
        "2026-01-31T23:59:59.123Z info  no component", "2026-01-31T23:59:59.123Z loud  a: b",
        "2026-01-31T23:59:59.123Z info a: b", "2026-01-31 23:59:59.123Z info  a: b",
        "x026-01-31T23:59:59.123Z info  a: b"}) {
    EXPECT_FALSE(parse_log_line(line).has_value()) << line;
  }
  EXPECT_TRUE(parse_log_line("2026-01-31T23:59:59.123Z info  a: b").has_value());
}

TEST_F(LogTest, TheReasonIsAnErrorOrWhatACrashPrinted) {
  EXPECT_EQ(log_reason("2026-01-31T23:59:59.123Z error worker: the disk is full"),
            "the disk is full");
  EXPECT_EQ(log_reason("terminate called without an active exception"),
            "terminate called without an active exception");
  EXPECT_EQ(log_reason("2026-01-31T23:59:59.123Z info  train: begin of train"), "");
  EXPECT_EQ(log_reason(""), "");
}

TEST_F(LogTest, LogsAPhaseWithItsDuration) {
  const std::string file = open();
  const LoggedPhase phase("train", "load");
  phase.end();
  phase.end("3 files");
  EXPECT_THAT(messages_of(file),
              ElementsAre("begin of load", MatchesRegex("end of load after 0[.][0-9]+ s"),
                          MatchesRegex("end of load after 0[.][0-9]+ s: 3 files")));
}

TEST_F(LogTest, TheEnvironmentNamesTheLevelAndAWrongNameIsRefused) {
  unsetenv(kLogVariable);
  EXPECT_EQ(log_level_of_environment(), LogLevel::kInfo);
  setenv(kLogVariable, "", 1);
  EXPECT_EQ(log_level_of_environment(), LogLevel::kInfo);
  setenv(kLogVariable, "debug", 1);
  EXPECT_EQ(log_level_of_environment(), LogLevel::kDebug);
  setenv(kLogVariable, "eror", 1);
  EXPECT_EQ(message_of([] { log_level_of_environment(); }),
            "$LEALAB_LOG must be debug, info, warn or error, but is `eror`, did you mean `error`?");
  unsetenv(kLogVariable);
}

}  // namespace
}  // namespace lea
