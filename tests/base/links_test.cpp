#include "core/base/links.h"

#include "core/base/error.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

class Links : public ScratchTest {
 protected:
  Links() {
    folder_ = fs::canonical(folder_).string();
    fs::create_directories(path("far/in"));
  }
};

TEST_F(Links, OfAPathWithoutOneChangeNothing) {
  for (const std::string& given : {path("far/in"), path("far/none/below"), path("far/"),
                                   std::string("."), std::string("none"), std::string("../none")})
    EXPECT_EQ(follow_links(given), given);
}

TEST_F(Links, AreFollowedWhereverTheyStand) {
  fs::create_directory_symlink(path("far"), path("absolute"));
  fs::create_directory_symlink("far/in", path("relative"));
  fs::create_directory_symlink("absolute", path("again"));
  EXPECT_EQ(follow_links(path("absolute")), path("far"));
  EXPECT_EQ(follow_links(path("absolute/in/new.csv")), path("far/in/new.csv"));
  EXPECT_EQ(follow_links(path("again/in/")), path("far/in"));
  EXPECT_EQ(follow_links(path("relative/../new")), path("far/new"))
      << "the folder above is that of the place, not of the link";
}

TEST_F(Links, ToNothingNameThePlaceThatWillBeMade) {
  fs::create_symlink(path("far/later.csv"), path("out.csv"));
  EXPECT_EQ(follow_links(path("out.csv")), path("far/later.csv"));
}

TEST_F(Links, InACircleAreRefused) {
  fs::create_symlink("b", path("a"));
  fs::create_symlink("a", path("b"));
  EXPECT_EQ(message_of([&] { follow_links(path("a")); }),
            path("a") + ": its links lead in a circle. Name another path.");
}

}  // namespace
}  // namespace lea
