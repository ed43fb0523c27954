#include "core/train/checkpoint.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"

namespace lea::train {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    run_ = (fs::temp_directory_path() / "lea-checkpoint-XXXXXX").string();
    if (!mkdtemp(run_.data())) throw std::runtime_error("no temporary folder");
  }
  ~CheckpointTest() override { fs::remove_all(run_); }

  void save(int64_t step) {
    save_checkpoint(run_, {step, {{"value", step}}, {{"model/w", torch::full({3}, double(step))}}});
  }
  std::optional<Checkpoint> load() {
    return load_checkpoint(run_,
                           [this](const std::string& sentence) { said_.push_back(sentence); });
  }
  std::string file(int64_t step, const std::string& ending) {
    return run_ + "/step-" + std::to_string(step) + ending;
  }

  std::string run_;
  std::vector<std::string> said_;
};

TEST_F(CheckpointTest, BringsBackTheNewest) {
  EXPECT_FALSE(load());
  save(10);
  save(20);
  const auto checkpoint = load();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->step, 20);
  EXPECT_EQ(checkpoint->progress.at("value"), 20);
  EXPECT_TRUE(checkpoint->tensors.at("model/w").equal(torch::full({3}, 20.0)));
}

TEST_F(CheckpointTest, KeepsTheTwoNewest) {
  for (const int64_t step : {5, 10, 100}) save(step);
  EXPECT_FALSE(fs::exists(file(5, ".json")));
  EXPECT_FALSE(fs::exists(file(5, ".safetensors")));
  EXPECT_TRUE(fs::exists(file(10, ".safetensors")));
  EXPECT_TRUE(fs::exists(file(100, ".safetensors")));
}

TEST_F(CheckpointTest, StepsBackOverADamagedOneAndSaysSo) {
  save(10);
  save(20);
  const auto size = fs::file_size(file(20, ".safetensors"));
  std::fstream damage(file(20, ".safetensors"), std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(static_cast<std::streamoff>(size) -
               1);  // one byte of a weight, which the format itself does not notice
  damage.put('\x55');
  damage.close();
  const auto checkpoint = load();
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->step, 10);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("checkpoint of step 20 is not used"), std::string::npos) << said_[0];
  EXPECT_NE(said_[0].find("sha256 differs"), std::string::npos) << said_[0];
}

TEST_F(CheckpointTest, IgnoresTensorsWhoseManifestWasNeverWritten) {
  save(10);
  std::ofstream(file(20, ".safetensors")) << "half";
  EXPECT_EQ(load()->step, 10);
}

TEST_F(CheckpointTest, AFinishedRunKeepsOnlyTheReportedNetwork) {
  save(10);
  save_best(run_, {{"w", torch::ones({2})}});
  drop_checkpoints(run_);
  EXPECT_FALSE(load());
  EXPECT_TRUE(load_best(run_).at("w").equal(torch::ones({2})));
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(run_)) left.push_back(entry.path().filename());
  EXPECT_EQ(left, std::vector<std::string>{"best.safetensors"});
}

}  // namespace
}  // namespace lea::train
