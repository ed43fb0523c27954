#include "core/lab/task_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lea::lab {
namespace {

using State = TaskQueue::State;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(TaskQueue, StartsTasksInTheirOrder) {
  TaskQueue queue;
  for (int i = 0; i < 3; ++i) queue.add({}, 1);
  EXPECT_THAT(queue.next(1, 1), Optional(0u));
  queue.set(0, State::kRunning);
  EXPECT_THAT(queue.next(1, 1), Optional(1u));
  queue.move_to_front(2);
  EXPECT_THAT(queue.next(1, 1), Optional(2u));
  queue.set(1, State::kDone);
  queue.set(2, State::kDone);
  EXPECT_EQ(queue.next(1, 1), std::nullopt);
}

TEST(TaskQueue, LetsNoTaskOvertakeALargerOne) {
  TaskQueue queue;
  queue.add({}, 2);
  queue.add({}, 1);
  EXPECT_EQ(queue.next(1, 2), std::nullopt);
  EXPECT_THAT(queue.next(2, 2), Optional(0u));
  EXPECT_THAT(queue.next(1, 1), Optional(0u)) << "it takes all slots that there are";
}

TEST(TaskQueue, StartsATaskOnlyAfterWhatItNeeds) {
  TaskQueue queue;
  const size_t artefact = queue.add({}, 1), run = queue.add({artefact}, 1),
               other = queue.add({}, 1);
  queue.set(artefact, State::kRunning);
  EXPECT_THAT(queue.next(1, 1), Optional(other));
  queue.set(artefact, State::kDone);
  EXPECT_THAT(queue.next(1, 1), Optional(run));
}

TEST(TaskQueue, BlocksWhatNeedsAFailedTaskUntilItIsRetried) {
  TaskQueue queue;
  const size_t first = queue.add({}, 1), second = queue.add({first}, 1),
               third = queue.add({second}, 1);
  EXPECT_THAT(queue.set(first, State::kFailed), ElementsAre(second, third));
  EXPECT_EQ(queue.state(third), State::kBlocked);
  EXPECT_EQ(queue.next(1, 1), std::nullopt);
  EXPECT_THAT(queue.set(first, State::kWaiting), ElementsAre(second, third));
  EXPECT_THAT(queue.next(1, 1), Optional(first));
  EXPECT_THAT(queue.set(first, State::kDone), IsEmpty());
  EXPECT_THAT(queue.next(1, 1), Optional(second));
}

TEST(TaskQueue, CountsAndListsByState) {
  TaskQueue queue;
  queue.add({}, 1, State::kDone);
  queue.add({}, 1);
  queue.add({}, 1, State::kDone);
  EXPECT_EQ(queue.count(State::kDone), 2u);
  EXPECT_THAT(queue.in(State::kDone), ElementsAre(0u, 2u));
  queue.move_to_front(0);
  EXPECT_THAT(queue.next(1, 1), Optional(1u)) << "a done task does not come back";
}

}  // namespace
}  // namespace lea::lab
