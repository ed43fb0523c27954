#include "core/base/presence.h"

#include <gmock/gmock.h>

#include "core/base/files.h"
#include "core/base/json_field.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;

class Presence : public ScratchTest {
 protected:
  // What cannot be seen, also by root: a link that leads to itself.
  Presence() { fs::create_symlink("loop", path("loop")); }
};

TEST_F(Presence, TellsWhatIsMissingFromWhatCannotBeSeen) {
  write("file", "");
  EXPECT_TRUE(is_there(path("file")));
  EXPECT_FALSE(is_there(path("none")));
  EXPECT_FALSE(is_there(path("file/inside")));
  const std::string why = ": cannot be read: Too many levels of symbolic links";
  EXPECT_THAT(message_of([&] { is_there(path("loop")); }), EndsWith("loop" + why));
  EXPECT_THAT(message_of([&] { read_json(path("loop/a.json")); }), EndsWith("loop/a.json" + why));
  EXPECT_THAT(message_of([&] { require_folder(path("loop")); }), EndsWith("loop" + why));
}

TEST_F(Presence, AFolderThatCannotBeListedIsNoEmptyOne) {
  const auto list = [&](const std::string& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) static_cast<void>(entry);
    return message_of([&] { require_listed(folder, error); });
  };
  EXPECT_EQ(list(folder_), "");
  EXPECT_EQ(list(path("none")), "");
  EXPECT_THAT(list(path("loop")),
              EndsWith("loop: cannot be read: Too many levels of symbolic links"));
}

}  // namespace
}  // namespace lea
