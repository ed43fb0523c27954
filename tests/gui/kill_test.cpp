// The window is killed thirty times while a grid works: the grid does not notice, and what was typed comes
// back as it was at most five seconds before.
#include <signal.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "core/base/files.h"
#include "core/base/records.h"
#include "core/run/folder.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kKills = 30;
constexpr double kLostSeconds = 5;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The lines `# 12` of a text.
std::set<int> numbers_in(const std::string& text) {
  std::set<int> numbers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("# ");
    if (at != std::string::npos) numbers.insert(std::atoi(line.c_str() + at + 2));
  }
  return numbers;
}

class Kill : public LabCommand {
 protected:
  ~Kill() override { lealab({"stop"}); }

  std::unique_ptr<lab::Child> start(const std::vector<std::string>& command) const {
    return std::make_unique<lab::Child>(
        command, path("window.log"),
        std::map<std::string, std::string>{{"QT_QPA_PLATFORM", "offscreen"},
                                           {"LEALAB_GUI_SETTINGS", path("settings/window.ini")},
                                           {"XDG_CACHE_HOME", path("cache")}});
  }
  // Lets somebody type for so long, then kills both windows. Checks what the window began with.
  void type_and_kill(double seconds) {
    const auto real = start({LEALAB_GUI, "--lab", path("lab")});
    const auto typed = start(
        {LEA_EDIT_UNTIL_KILLED, path("typing/window.ini"), path("lab"), std::to_string(next_)});
    std::string first;
    bool began = false;
    const double most = now() + 60;
    double end = most;
    while (now() < end) {
      typed->read_lines([&](const std::string& line) {
        const json said = json::parse(line, nullptr, false);
        if (said.contains("first")) {
          first = said["first"].get<std::string>();
          began = true;
          end = now() + seconds;
        } else if (said.contains("number")) {
          typed_[said["number"].get<int>()] = said["at"].get<double>();
          next_ = said["number"].get<int>() + 1;
        }
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    lab::ProcessResult result;
    EXPECT_FALSE(real->finished(&result)) << "the window ended by itself: " << log();
    kill(real->pid(), SIGKILL);
    kill(typed->pid(), SIGKILL);
    const double killed = now();
    ASSERT_TRUE(began) << "the window did not begin: " << log();
    expect_kept(numbers_in(first));
    killed_ = killed;
  }
  void expect_kept(const std::set<int>& there) {
    for (const auto& [number, at] : typed_) {
      if (at < killed_ - kLostSeconds)
        EXPECT_TRUE(there.contains(number))
            << number << " was typed " << killed_ - at << " s before";
    }
    // Numbers that were lost are lost for good.
    std::erase_if(typed_, [&](const auto& typed) {
      return typed.second < killed_ && !there.contains(typed.first);
    });
    kept_ = std::max(kept_, there.size());
  }
  std::string log() const {
    const std::string file = path("window.log");
    return std::filesystem::exists(file) ? read_file(file) : "";
  }

  int next_ = 1;
  std::map<int, double> typed_;  // number -> when
  double killed_ = 0;            // the last time
  size_t kept_ = 0;
};

TEST_F(Kill, AGridIsUnaffectedAndEditsComeBack) {
  write("many.yaml", R"(name: many
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: 1500, validate_every: 500, patience: 1000}
backbone: gru4rec
grid: {framework: [supervised, snqn]}
seeds: [1, 2, 3, 4, 5, 6]
)");
  ASSERT_EQ(lealab({"run", path("many.yaml"), "--detach", "--jobs", "1"}).exit_code, 0);
  std::mt19937 random(1);
  for (int i = 0; i < kKills && !HasFatalFailure(); ++i)
    type_and_kill(std::uniform_real_distribution<double>(0.1, 6)(random));
  EXPECT_GT(kept_, 20u) << "nothing was ever kept";

  const auto watched = lealab({"watch", "many"});
  EXPECT_EQ(watched.exit_code, 0) << watched.err;
  const auto runs = run::list_runs(path("lab"));
  EXPECT_EQ(runs.size(), 12u);
  for (const run::Folder& run : runs) {
    // The begin and the end of one attempt.
    EXPECT_EQ(read_records(run.file(run::kAttemptsFile)).size(), 2u) << run.path;
    EXPECT_TRUE(std::filesystem::exists(run.file(run::kResultFile))) << run.path;
  }
  const auto checked = lealab({"db", "check"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_THAT(lealab({"plan", path("many.yaml")}).out, HasSubstr("12 done, nothing to do"));
}

}  // namespace
}  // namespace lea
