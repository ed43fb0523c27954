#include "core/lab/shadow_lab.h"

#include <fstream>
#include <memory>

#include "core/data/import.h"
#include "core/data/split.h"
#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

class ShadowLabTest : public testing::Test {
 protected:
  ShadowLabTest() {
    const std::string source = lab_.beside("interactions.tsv");
    std::ofstream(source) << "user_id\titem_id\ttimestamp\nu\ta\t1\nu\tb\t2\nu\ta\t3\nu\tb\t4\n";
    data_ = data::import_dataset(lab_.path(), "toy", source, {});
    data::import_dataset(lab_.path(), "other", source, {});
    fs::create_directories(lab_.path() + "/models/small");
    spec::SplitSection section;
    section.by = "last_one";
    part_ = data::make_split(*data_, section).part;
    shadow_ = std::make_unique<ShadowLab>(lab_.path(), "toy", *data_, part_);
  }
  std::string fingerprint() const {
    return data::Dataset::open(data::dataset_folder(shadow_->path(), "toy"))->fingerprint();
  }

  TemporaryLab lab_;
  std::shared_ptr<const data::Dataset> data_;
  std::vector<uint8_t> part_;
  std::unique_ptr<ShadowLab> shadow_;
};

TEST_F(ShadowLabTest, LooksLikeTheLabButForTheEventsAndTheArtefacts) {
  EXPECT_TRUE(fs::is_directory(shadow_->path() + "/models/small"));
  EXPECT_EQ(data::dataset_names(shadow_->path()), (std::vector<std::string>{"other", "toy"}));
  EXPECT_TRUE(fs::is_empty(run::artefacts_folder(shadow_->path())));
  const std::string other = fingerprint();
  EXPECT_NE(other, data_->fingerprint());
  shadow_->set_events(ShadowLab::Events::kReal);
  EXPECT_EQ(fingerprint(), data_->fingerprint());
  shadow_->set_events(ShadowLab::Events::kOther);
  EXPECT_EQ(fingerprint(), other);
}

TEST_F(ShadowLabTest, IsRemovedAndLeavesTheLab) {
  const std::string root = fs::path(shadow_->path()).parent_path();
  shadow_.reset();
  EXPECT_FALSE(fs::exists(root));
  EXPECT_TRUE(fs::is_directory(lab_.path() + "/models/small"));
  EXPECT_EQ(data::dataset_names(lab_.path()), (std::vector<std::string>{"other", "toy"}));
}

TEST_F(ShadowLabTest, TakesThePlaceOfTheLabInTexts) {
  const std::string real = fs::canonical(lab_.path()), shadow = shadow_->path();
  EXPECT_EQ(shadow_->redirected(real), shadow);
  EXPECT_EQ(shadow_->redirected(real + "/data/toy"), shadow + "/data/toy");
  EXPECT_EQ(shadow_->redirected("/bin:" + real + "/models:" + real),
            "/bin:" + shadow + "/models:" + shadow);
  const std::string beside = fs::proximate(real + "/data/toy").string();
  EXPECT_EQ(shadow_->redirected(beside), shadow + "/data/toy") << "a relative path";
  for (const std::string& other :
       {real + "-2/data", "/mnt" + real, std::string("none"), std::string()})
    EXPECT_EQ(shadow_->redirected(other), other);
  EXPECT_EQ(shadow_->redirected(nlohmann::json{{"a", {1, real}}, {"b", 2.5}}),
            (nlohmann::json{{"a", {1, shadow}}, {"b", 2.5}}));
}

TEST_F(ShadowLabTest, RedirectsPathsThatLeadIntoTheLabThroughALink) {
  const std::string link = lab_.beside("link"), shadow = shadow_->path();
  fs::create_directory_symlink(lab_.path(), link);
  EXPECT_EQ(shadow_->redirected(link), shadow);
  EXPECT_EQ(shadow_->redirected("a=" + link + "/data/toy:/bin"), "a=" + shadow + "/data/toy:/bin");
  const std::string elsewhere = lab_.beside("elsewhere");
  fs::create_directory_symlink("/bin", elsewhere);
  EXPECT_EQ(shadow_->redirected(elsewhere), elsewhere);
}

TEST_F(ShadowLabTest, ChangesTheVariablesThatNameTheLab) {
  setenv("LEA_TEST_FOLDER", (lab_.path() + "/data").c_str(), /*overwrite=*/1);
  const auto changes = shadow_->environment();
  unsetenv("LEA_TEST_FOLDER");
  ASSERT_TRUE(changes.contains("LEA_TEST_FOLDER"));
  EXPECT_EQ(changes.at("LEA_TEST_FOLDER"), shadow_->path() + "/data");
  EXPECT_FALSE(changes.contains("PATH"));
}

}  // namespace
}  // namespace lea::lab
