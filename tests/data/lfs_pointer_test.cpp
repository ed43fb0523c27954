// A data set that was cloned without its large files.
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

constexpr const char* kPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
constexpr const char* kRefusal = ": is a Git LFS pointer, not the file itself: run `git lfs pull`.";

using Cloned = Scratch;

TEST_F(Cloned, SourceIsNamedAsAPointerAlsoWhereItShouldBeCompressed) {
  EXPECT_EQ(refusal(kPointer), std::string("bad.tsv").append(kRefusal));
  EXPECT_EQ(refusal_of([&] { import(write("packed.tsv.gz", kPointer)); }),
            std::string("packed.tsv.gz").append(kRefusal));
}

TEST_F(Cloned, DataSetNamesTheFileThatIsAPointer) {
  import_rows("u\ta\t1\nu\tb\t2\n");
  for (const char* name : {"items.u32", "item_ids.txt", "dataset.json"}) {
    const std::string file = std::string("lab/data/toy/").append(name), whole = read(path(file));
    ASSERT_NE(whole, "") << name;
    write(file, kPointer);
    EXPECT_EQ(refusal_of([&] { Dataset::open(path("lab/data/toy"))->item_ids(); }),
              std::string(file).append(kRefusal));
    write(file, whole);
  }
}

}  // namespace
}  // namespace lea::data
