// Spec files that are no spec at all: whatever is given, one clear message, soon, and nothing else.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

class BadFile : public SpecTest {};

// While it lives, root may read only what the permissions of a file allow.
class WithoutRootsRights {
 public:
  WithoutRootsRights() {
    syscall(SYS_capget, &header_, before_);
    __user_cap_data_struct fewer[2] = {before_[0], before_[1]};
    fewer[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    syscall(SYS_capset, &header_, fewer);
  }
  ~WithoutRootsRights() { syscall(SYS_capset, &header_, before_); }

 private:
  __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2] = {};
};

TEST_F(BadFile, Missing) {
  EXPECT_EQ(error_of_file(path("none.yaml")),
            "none.yaml: cannot be read: No such file or directory");
}

TEST_F(BadFile, Folder) {
  std::filesystem::create_directory(path("d"));
  EXPECT_EQ(error_of_file(path("d")), "d: cannot be read: it is a folder");
}

TEST_F(BadFile, FifoWithoutAWriterDoesNotHang) {
  ASSERT_EQ(mkfifo(path("f").c_str(), 0600), 0);
  EXPECT_EQ(error_of_file(path("f")), "f: cannot be read: it is not a regular file");
}

TEST_F(BadFile, EndlessDevice) {
  EXPECT_EQ(error_of_file("/dev/zero"), "/dev/zero: cannot be read: it is not a regular file");
}

TEST_F(BadFile, TwoGigabytesAreNotRead) {
  write("big.yaml", "");
  std::filesystem::resize_file(path("big.yaml"), uintmax_t{2} << 30);
  EXPECT_EQ(error_of_file(path("big.yaml")),
            "big.yaml: cannot be read: it is larger than 1048576 bytes");
}

TEST_F(BadFile, Unreadable) {
  write("a.yaml", kBase);
  std::filesystem::permissions(path("a.yaml"), std::filesystem::perms::none);
  const WithoutRootsRights plain_user;
  EXPECT_EQ(error_of_file(path("a.yaml")), "a.yaml: cannot be read: Permission denied");
}

TEST_F(BadFile, AFileOfItsOwnNameThatDrivesTheTerminal) {
  write("a\x1b[31m.yaml", "x: [\n");
  EXPECT_EQ(error_of_file(path("a\x1b[31m.yaml")),
            "a\\x1b[31m.yaml:2:1: is not YAML: end of sequence flow not found");
}

TEST_F(BadFile, CyclesOfExtendsShowTheChain) {
  write("a.yaml", "extends: b.yaml\n");
  write("b.yaml", "\nextends: [c.yaml]\n");
  write("c.yaml", "extends: a.yaml\n");
  EXPECT_THAT(
      error_of_file(path("a.yaml")),
      ::testing::HasSubstr("c.yaml:1:10: extends: goes in a circle: a.yaml -> b.yaml -> c.yaml -> "
                           "a.yaml"));
  write("self.yaml", std::string("extends: self.yaml\n") + kBase);
  EXPECT_EQ(error_of_file(path("self.yaml")),
            "self.yaml:1:10: extends: goes in a circle: self.yaml -> self.yaml");
}

TEST_F(BadFile, AMissingBaseIsReportedWhereItIsNamed) {
  EXPECT_EQ(
      error_of(std::string(kBase) + "extends: presets/none.yaml\n"),
      "spec.yaml:5:10: extends: presets/none.yaml: cannot be read: No such file or directory");
  EXPECT_EQ(error_of(std::string(kBase) + "extends: {a: 1}\n"),
            "spec.yaml:5:10: extends: must be a preset or the path of a file, or a list of them");
}

TEST_F(BadFile, ErrorsOfAllFilesComeTogetherBaseFirst) {
  write("base.yaml", "train: {bacth_size: 1}\n");
  EXPECT_EQ(
      error_of("extends: base.yaml\ndata: {name: small}\nbackbone: gru4rec\nframework: snqm\n"
               "seeds: [0]\n",
               {"train.patience=x"}),
      "base.yaml:1:9: train.bacth_size: unknown key, did you mean `batch_size`? (`train` has: "
      "batch_size, learning_rate, sampling, max_steps, validate_every, patience, min_steps, "
      "stop_on, "
      "drop_learning_rate_at, dropped_learning_rate, fresh_optimizer, log_every, device, threads, "
      "weight_decay, keep)\n"
      "spec.yaml:4:12: framework: unknown framework `snqm`, did you mean `snqn`? (there are: "
      "lea.popularity, lea.snqn, lea.supervised)\n"
      "spec.yaml:5:8: seeds: must be a list of integers, each from 1 to 9e+15, but is [0]\n"
      "--set train.patience=x: train.patience: must be an integer from 1 to 1000000000, but is "
      "`x`: "
      "it "
      "is not a number");
}

TEST_F(BadFile, AMalformedSetIsAUsageError) {
  for (const char* text : {"train.batch_size", "=1", ""}) {
    try {
      load(kBase, {text});
      FAIL() << text;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), std::string("--set ") + text +
                                  ": must be key=value, for example --set train.batch_size=50");
    }
  }
}

TEST_F(BadFile, ASetThatExtendsIsRefused) {
  write("base.yaml", "train: {patience: 3}\n");
  EXPECT_EQ(error_of(kBase, {"extends=base.yaml"}),
            "--set extends=base.yaml: extends: stands in a file; write one with another `extends`");
  EXPECT_EQ(error_of(std::string("extends: base.yaml\n") + kBase, {"extends=[]"}),
            "--set extends=[]: extends: stands in a file; write one with another `extends`");
}

// Damage at random places must end in a spec or in a ConfigError, soon.
TEST_F(BadFile, DamagedSpecsNeverCrash) {
  const std::string good =
      std::string(kBase) +
      "environments: {e: {shuffled: {of: le}}}\nreward: e\nstate: {of: le}\n"
      "grid:\n  framework: [snqn, {supervised: {gamma: 0.1}}]\n"
      "  train.patience: &p [1, 2]\n  train.min_steps: *p\n"
      "  exclude: [{framework: snqn, train.patience: 1}]\n"
      "overrides: [{when: {backbone: gru4rec}, set: {train.batch_size: 5}}]\nruns: 6\n";
  ASSERT_EQ(error_of(good), "");
  const PluginCatalogue catalogue = small_catalogue();
  const auto start = std::chrono::steady_clock::now();
  uint64_t state = 1;
  const auto random = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  static constexpr char kBytes[] =
      "\0\n\t :,-[]{}&*#'\"!|>%@\x80\xFF"
      "0a<?";
  const std::string bytes(kBytes, sizeof kBytes - 1);
  const std::string file = path("fuzz.yaml");
  int accepted = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    std::string text = good;
    for (uint64_t i = 0; i <= random(3); ++i) {
      const size_t at = random(text.size());
      switch (random(4)) {
        case 0:
          text[at] = bytes[random(bytes.size())];
          break;
        case 1:
          text.insert(at, 1, bytes[random(bytes.size())]);
          break;
        case 2:
          text.erase(at, 1 + random(8));
          break;
        default:
          text.insert(at, text.substr(random(text.size()), random(30)));
      }
    }
    write("fuzz.yaml", text);
    try {
      load_experiment(file, {}, catalogue);
      ++accepted;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()), "");
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 750);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace lea::spec
