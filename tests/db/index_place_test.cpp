// Where the results index of a lab lies, and that the store uses that place.
#include "db/store/index_place.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <set>

#include "core/base/error.h"
#include "tests/base/message.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
namespace fs = std::filesystem;

// A machine on which the folders that begin with one of `shares` are on NFS.
Surroundings machine(const std::set<std::string>& shares) {
  return {"", "", "/home/ada", [shares](const std::string& path) {
            for (const std::string& share : shares) {
              if (path.starts_with(share)) return std::string("NFS");
            }
            return std::string();
          }};
}

TEST(IndexPlace, IsTheLabOnALocalDisk) {
  const IndexPlace place = index_place("/data/lab", machine({"/share"}));
  EXPECT_EQ(place.file(), "/data/lab/results.sqlite");
  EXPECT_EQ(place.lock(), "/data/lab/results.lock");
  EXPECT_FALSE(place.outside);
}

TEST(IndexPlace, IsTheStateFolderForALabOnANetworkFileSystem) {
  Surroundings around = machine({"/share"});
  const IndexPlace place = index_place("/share/lab", around);
  EXPECT_THAT(
      place.file(),
      MatchesRegex("/home/ada/\\.local/state/lealab/index/lab-[0-9a-f]{16}/results\\.sqlite"));
  EXPECT_TRUE(place.outside);
  around.state_home = "/var/state";
  EXPECT_THAT(index_place("/share/lab", around).folder,
              MatchesRegex("/var/state/lealab/index/lab-[0-9a-f]{16}"));
  around.state_home = "relative";
  EXPECT_EQ(index_place("/share/lab", around).folder, place.folder);
}

TEST(IndexPlace, DiffersForTwoLabsOfOneName) {
  const Surroundings around = machine({"/share"});
  EXPECT_NE(index_place("/share/a/lab", around).folder, index_place("/share/b/lab", around).folder);
  EXPECT_EQ(index_place("/share/a/lab", around).folder,
            index_place("/share/a/../a/lab/", around).folder);
}

TEST(IndexPlace, IsTheForcedFolderForAnyLab) {
  Surroundings around = machine({"/share"});
  around.forced = "/scratch";
  for (const char* lab : {"/data/lab", "/share/lab"}) {
    const IndexPlace place = index_place(lab, around);
    EXPECT_THAT(place.folder, MatchesRegex("/scratch/lab-[0-9a-f]{16}"));
    EXPECT_TRUE(place.outside);
  }
}

TEST(IndexPlace, IsRefusedOnANetworkFileSystemWithAWayOut) {
  Surroundings around = machine({"/share", "/home"});
  EXPECT_THAT(message_of([&] { index_place("/share/lab", around); }),
              AllOf(HasSubstr("/share/lab: lies on a network file system (NFS)"),
                    HasSubstr("/home/ada/.local/state/lealab/index"), HasSubstr("LEALAB_INDEX")));
  around.home = "";
  EXPECT_THAT(message_of([&] { index_place("/share/lab", around); }), HasSubstr("LEALAB_INDEX"));
  around.forced = "/home/index";
  EXPECT_THAT(message_of([&] { index_place("/data/lab", around); }),
              HasSubstr("LEALAB_INDEX: /home/index lies on a network file system (NFS)"));
}

class ForcedIndex : public ::testing::Test {
 protected:
  ForcedIndex() { setenv("LEALAB_INDEX", index_.path().c_str(), 1); }
  ~ForcedIndex() override { unsetenv("LEALAB_INDEX"); }

  const Lab lab_, index_;
};

TEST_F(ForcedIndex, IsMadeOutsideTheLab) {
  EXPECT_FALSE(has_index(lab_.path()));
  EXPECT_TRUE(fs::is_empty(index_.path())) << "looking for an index must make none";
  {
    Store store(lab_.path(), Store::Mode::kWrite);
    put(store, 1);
  }
  EXPECT_TRUE(has_index(lab_.path()));
  EXPECT_THAT(index_file(lab_.path()), ::testing::StartsWith(index_.path() + "/"));
  EXPECT_EQ(Store(lab_.path(), Store::Mode::kReadOnly).runs().size(), 1u);
  EXPECT_TRUE(fs::is_empty(lab_.path()));
}

TEST_F(ForcedIndex, HidesAnIndexInTheLab) {
  unsetenv("LEALAB_INDEX");
  { Store store(lab_.path(), Store::Mode::kWrite); }
  setenv("LEALAB_INDEX", index_.path().c_str(), 1);
  EXPECT_FALSE(has_index(lab_.path()));
  EXPECT_EQ(set_damaged_aside(lab_.path()), "");
}

}  // namespace
}  // namespace lea::db
