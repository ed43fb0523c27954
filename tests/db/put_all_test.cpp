// Many runs that are stored in one transaction.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cmath>

#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(PutAll, StoresWhatPutStoresForEach) {
  const Lab one, many;
  Store each(one.path(), Store::Mode::kWrite), together(many.path(), Store::Mode::kWrite);
  for (int i = 0; i < 30; ++i) put(each, i);
  EXPECT_THAT(together.put_all(puts_of(0, 30)), IsEmpty());
  EXPECT_EQ(together.content_hash(), each.content_hash());
  EXPECT_THAT(together.put_all(puts_of(0, 30)), IsEmpty());
  EXPECT_EQ(together.content_hash(), each.content_hash()) << "twice is once";
  EXPECT_THAT(together.put_all({}), IsEmpty());
  EXPECT_THAT(together.problems(), IsEmpty());
}

TEST(PutAll, LeavesOutWhatIsRefusedAndStoresTheOthers) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  RunRow earlier = finished_run(3);
  earlier.state = "running";
  earlier.result = nullptr;
  store.put(earlier, {}, {});
  auto puts = puts_of(0, 6);
  puts[1].record.results[0].value = std::nan("");
  // The schema refuses this one, when its earlier row has been deleted already.
  puts[3].record.run.state = "sleeping";
  puts[4].record.curves[1].value = INFINITY;
  const auto refused = store.put_all(puts);
  EXPECT_THAT(refused, ElementsAre(Pair(1, HasSubstr("run " + uuid_of(1) + ": test hr@5")),
                                   Pair(3, HasSubstr("CHECK constraint failed")),
                                   Pair(4, HasSubstr("run " + uuid_of(4) + ": curve loss"))));
  EXPECT_THAT(store.states(),
              ElementsAre(Pair(uuid_of(0), "finished"), Pair(uuid_of(2), "finished"),
                          Pair(uuid_of(3), "running"), Pair(uuid_of(5), "finished")));
  EXPECT_THAT(store.results(), SizeIs(3 * 5));
  EXPECT_THAT(store.problems(), IsEmpty());
}

TEST(PutAll, KeepsWhatPutWouldKeep) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i : {0, 1}) put(store, i);
  const std::string before = store.content_hash();
  auto puts = puts_of(0, 2);
  for (Store::Put& put : puts) {
    put.record.run.state = "running";
    put.record.run.result = nullptr;
    put.record.results.clear();
  }
  EXPECT_THAT(store.put_all(puts), IsEmpty());
  EXPECT_EQ(store.content_hash(), before) << "an earlier state arrives late";
  puts[1].over = Store::Over::kAny;
  EXPECT_THAT(store.put_all(puts), IsEmpty());
  EXPECT_THAT(store.states(),
              ElementsAre(Pair(uuid_of(0), "finished"), Pair(uuid_of(1), "running")));
}

TEST(PutAll, StoresNothingWhileAnotherProgramHoldsTheIndex) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite, /*seconds=*/0.1);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(lab.file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = store.put_all(puts_of(0, 3));
  EXPECT_THAT(refused, SizeIs(3));
  for (const auto& [index, reason] : refused)
    EXPECT_THAT(reason, HasSubstr("Another process holds it; repeat the command"));
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_THAT(store.runs(), IsEmpty());
  EXPECT_THAT(store.put_all(puts_of(0, 3)), IsEmpty());
  EXPECT_THAT(store.runs(), SizeIs(3));
}

}  // namespace
}  // namespace lea::db
