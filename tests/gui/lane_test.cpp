#include "gui/model/lane.h"

#include <fstream>
#include <semaphore>

#include "core/base/error.h"
#include "gui/model/index.h"
#include "gui/model/messages.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

const Lane::Failed kUnexpected = [](const QString& text) { ADD_FAILURE() << text.toStdString(); };

TEST(Lane, WorksOnItsThreadAndAnswersOnThisOne) {
  Lane lane("test");
  Ticket ticket;
  QThread *worked = nullptr, *answered = nullptr;
  lane.ask(
      ticket, [](const Lane::Cancelled&) { return QThread::currentThread(); },
      [&](QThread* thread) {
        worked = thread;
        answered = QThread::currentThread();
      },
      kUnexpected);
  EXPECT_EQ(worked, nullptr) << "the question must not be answered before the caller returns";
  ASSERT_TRUE(wait_until([&] { return answered != nullptr; }));
  EXPECT_NE(worked, QThread::currentThread());
  EXPECT_EQ(answered, QThread::currentThread());
}

TEST(Lane, DropsTheAnswerToAnOlderQuestionOfTheSameTicket) {
  Lane lane("test");
  Ticket ticket;
  std::binary_semaphore go{0};
  std::vector<int> answers;
  const auto answered = [&](int answer) { answers.push_back(answer); };
  lane.ask(
      ticket,
      [&](const Lane::Cancelled&) {
        go.acquire();
        return 1;
      },
      answered, kUnexpected);
  lane.ask(
      ticket, [](const Lane::Cancelled&) { return 2; }, answered, kUnexpected);
  go.release();
  ASSERT_TRUE(wait_until([&] { return lane.waiting() == 0; }));
  EXPECT_EQ(answers, std::vector<int>{2});
}

TEST(Lane, AnswersDifferentTicketsInTheirOrder) {
  Lane lane("test");
  Ticket first, second;
  std::vector<int> answers;
  const auto answered = [&](int answer) { answers.push_back(answer); };
  lane.ask(
      first, [](const Lane::Cancelled&) { return 1; }, answered, kUnexpected);
  lane.ask(
      second, [](const Lane::Cancelled&) { return 2; }, answered, kUnexpected);
  ASSERT_TRUE(wait_until([&] { return lane.waiting() == 0; }));
  EXPECT_EQ(answers, (std::vector<int>{1, 2}));
}

TEST(Lane, InterruptsTheQuestionThatIsCancelled) {
  Lane lane("test");
  std::atomic<bool> interrupted{false};
  lane.set_interrupt([&] { interrupted = true; });
  Ticket ticket;
  std::binary_semaphore begun{0};
  lane.ask(
      ticket,
      [&](const Lane::Cancelled& cancelled) {
        begun.release();
        while (!interrupted) QThread::msleep(1);
        return cancelled();
      },
      [](bool) { ADD_FAILURE() << "a cancelled question was answered"; }, kUnexpected);
  begun.acquire();
  lane.cancel(ticket);
  EXPECT_TRUE(wait_until([&] { return lane.waiting() == 0; }));
}

TEST(Lane, TellsWhatWentWrongInTheWordsOfTheError) {
  Lane lane("test");
  Ticket ticket;
  QString problem;
  const auto fail = [&](const std::function<void()>& how) {
    problem.clear();
    lane.ask(
        ticket,
        [how](const Lane::Cancelled&) {
          how();
          return 0;
        },
        [](int) { ADD_FAILURE() << "work that failed was answered"; },
        [&](const QString& text) { problem = text; });
    EXPECT_TRUE(wait_until([&] { return !problem.isEmpty(); }));
    return problem.toStdString();
  };
  EXPECT_EQ(fail([] { throw StoreError("x: is locked"); }), "x: is locked");
  EXPECT_EQ(fail([] { throw std::bad_alloc(); }), "Memory ran out. Free some, then try again.");
  EXPECT_EQ(fail([] { throw std::logic_error("odd\n"); }), "internal error: odd\\x0a");
}

TEST(Lane, EndsWhileWorkWaits) {
  Ticket ticket, other;
  bool answered = false;
  {
    Lane lane("test");
    const auto done = [&](int) { answered = true; };
    lane.ask(
        ticket,
        [](const Lane::Cancelled& cancelled) {
          while (!cancelled()) QThread::msleep(1);
          return 1;
        },
        done, kUnexpected);
    lane.ask(
        other, [](const Lane::Cancelled&) { return 2; }, done, kUnexpected);
  }
  EXPECT_FALSE(answered);
}

TEST(Index, AnswersNoQueryOnTheThreadOfTheWindow) {
  const LabFolder lab;
  Messages messages;
  Index index(messages);
  index.open(lab.path());
  Ticket ticket;
  bool on_lane = false, answered = false;
  index.ask(
      ticket,
      [&](const db::Store& store, const Lane::Cancelled&) {
        on_lane = index.lane().is_current_thread();
        return store.runs().size();
      },
      [&](size_t runs) {
        EXPECT_EQ(runs, 0u);
        answered = true;
      });
  ASSERT_TRUE(wait_until([&] { return answered; }));
  EXPECT_TRUE(on_lane);
  EXPECT_FALSE(index.lane().is_current_thread());
}

TEST(Index, ReportsAnIndexThatCannotBeReadOnceAndResolvesItLater) {
  const LabFolder lab;
  std::ofstream(lab.path() + "/results.sqlite") << std::string(5000, 'x');
  Messages messages;
  Index index(messages);
  index.open(lab.path());
  Ticket ticket;
  int changes = 0;
  QObject::connect(&messages, &Messages::changed, [&] { ++changes; });
  const auto ask = [&] {
    index.ask(
        ticket, [](const db::Store& store, const Lane::Cancelled&) { return store.version(); },
        [](int64_t) {});
    EXPECT_TRUE(wait_until([&] { return index.lane().waiting() == 0; }));
  };
  ask();
  ask();
  EXPECT_EQ(changes, 1);
  ASSERT_EQ(messages.current().size(), 1u);
  EXPECT_THAT(messages.current()[0].text.toStdString(), testing::HasSubstr("lealab db rebuild"));
  std::filesystem::remove(lab.path() + "/results.sqlite");
  ask();
  EXPECT_TRUE(messages.current().empty());
}

TEST(Messages, ShowOneForEachSourceAndNoneAgainThatWasClosed) {
  Messages messages;
  messages.error("a", "first");
  messages.error("a", "second");
  messages.error("b", "other");
  ASSERT_EQ(messages.current().size(), 2u);
  EXPECT_EQ(messages.current()[0].text, "second");
  messages.dismiss("a");
  messages.error("a", "second");
  EXPECT_EQ(messages.current().size(), 1u);
  messages.error("a", "third");
  EXPECT_EQ(messages.current().size(), 2u);
  messages.resolve("a");
  messages.error("a", "second");
  EXPECT_EQ(messages.current().back().text, "second");
}

}  // namespace
}  // namespace lea::gui
