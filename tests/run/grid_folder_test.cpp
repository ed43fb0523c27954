// The folder of a grid: header, events and requests.
#include "core/run/grid_folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "core/base/files.h"
#include "core/run/beat.h"
#include "core/run/grid_event.h"
#include "core/run/header.h"
#include "core/run/request.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = GridEvent::Kind;
using Action = Request::Action;
namespace fs = std::filesystem;

class GridFolderTest : public RunTest {
 protected:
  GridHeader header() const {
    GridHeader header;
    header.experiment = "study";
    header.spec = "study.yaml";
    header.axes = {"framework"};
    header.jobs = 2;
    header.tasks = {{"0123", 1, {{"framework", "snqn"}}, true, "", "ndcg@20", 12.5, true},
                    {"4567", 2, {{"framework", "sa2c"}}, false, "uuid", "ndcg@20", 0, false}};
    return header;
  }
  static void write_request(const Folder& grid, const std::string& name, const std::string& text) {
    publish_file(requests_folder(grid) + "/" + name, text);
  }
  // Makes the file so old that it cannot be still being written.
  static void age(const Folder& grid, const std::string& name) {
    fs::last_write_time(requests_folder(grid) + "/" + name,
                        fs::file_time_type::clock::now() - std::chrono::minutes(1));
  }
};

TEST_F(GridFolderTest, IsReadByOthersWhileItLives) {
  Folder folder;
  {
    const LiveGrid grid(lab_, header());
    folder = grid.folder();
    EXPECT_TRUE(is_live(folder));
    EXPECT_THAT(live_grids(lab_), SizeIs(1));
    const GridHeader read = read_grid(folder);
    EXPECT_EQ(read.id, grid_id(folder));
    EXPECT_EQ(read.process.pid, getpid());
    EXPECT_EQ(read.to_do(), 1u);
    EXPECT_EQ(read.name(0), "snqn seed 1");
    EXPECT_EQ(read.tasks[0].seconds, 12.5);
    EXPECT_EQ(read.tasks[1].run, "uuid");
  }
  EXPECT_FALSE(is_live(folder));
  EXPECT_THAT(live_grids(lab_), IsEmpty());
  EXPECT_THAT(list_grids(lab_), SizeIs(1)) << "what it did can still be read";
}

TEST(RunName, HasTheSeedUnlessTheRunHasNone) {
  const std::vector<std::string> axes = {"backbone", "framework"};
  const std::map<std::string, std::string> labels = {{"backbone", "gru4rec"},
                                                     {"framework", "snqn"}};
  EXPECT_EQ(run_name(axes, labels, 2), "gru4rec snqn seed 2");
  EXPECT_EQ(run_name(axes, labels, 0), "gru4rec snqn");
  EXPECT_EQ(run_name({}, {}, 3), "seed 3");
  EXPECT_EQ(run_name({}, {}, 0), "the run");
}

TEST_F(GridFolderTest, OfAnotherHostLivesWhileItsBeatIsFresh) {
  Folder folder;
  {
    const LiveGrid grid(lab_, header());
    folder = grid.folder();
  }
  Process elsewhere = this_process();
  elsewhere.host = "elsewhere";
  write_beat(folder, {elsewhere, {}, std::time(nullptr)});
  EXPECT_TRUE(is_live(folder));
  write_beat(folder, {elsewhere, {}, std::time(nullptr) - 3600});
  EXPECT_FALSE(is_live(folder));
  publish_file(folder.file(kBeatFile), "{");
  EXPECT_FALSE(is_live(folder));
}

TEST_F(GridFolderTest, KeepsTheNewestAndNeverRemovesALiveOne) {
  const LiveGrid live(lab_, header());
  for (size_t i = 0; i < kGridsKept + 5; ++i) LiveGrid(lab_, header());
  EXPECT_TRUE(fs::exists(live.folder().path));
  EXPECT_LE(list_grids(lab_).size(), kGridsKept + 2);
}

TEST_F(GridFolderTest, RefusesASecondGridOfAnExperimentByName) {
  const ExperimentLock lock(lab_, "study");
  const LiveGrid grid(lab_, header());
  const ExperimentLock other(lab_, "another");
  EXPECT_THAT(message_of([&] { ExperimentLock(lab_, "study"); }),
              testing::AllOf(HasSubstr("the experiment study is in use by process"),
                             HasSubstr(grid.header().id), HasSubstr("lealab watch study")));
}

TEST_F(GridFolderTest, GivesEachEventOnceToEachReader) {
  const LiveGrid grid(lab_, header());
  uint64_t offset = 0, second = 0;
  EXPECT_THAT(read_events(grid.folder(), &offset), IsEmpty());
  append_event(grid.folder(), {Kind::kStarted, 1, "uuid"});
  append_event(grid.folder(), {Kind::kFailed, 1, "uuid", "out of luck"});
  const auto events = read_events(grid.folder(), &offset);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].kind, Kind::kFailed);
  EXPECT_EQ(events[1].task, 1u);
  EXPECT_EQ(events[1].run, "uuid");
  EXPECT_EQ(events[1].text, "out of luck");
  EXPECT_THAT(read_events(grid.folder(), &offset), IsEmpty());
  GridEvent end{Kind::kEnded, 0, "", "1 run failed"};
  end.exit = 5;
  append_event(grid.folder(), end);
  EXPECT_EQ(read_events(grid.folder(), &offset).at(0).exit, 5);
  EXPECT_THAT(read_events(grid.folder(), &second), SizeIs(3));
}

TEST_F(GridFolderTest, LeavesAnEventAloneThatIsStillBeingWritten) {
  const LiveGrid grid(lab_, header());
  append_event(grid.folder(), {Kind::kStarted, 0, "a"});
  append_event(grid.folder(), {Kind::kFinished, 0, "a"});
  const std::string path = grid.folder().file(kEventsFile), whole = read_file(path);
  uint64_t offset = 0;
  for (size_t cut = whole.find('\n') + 1; cut < whole.size(); ++cut) {
    publish_file(path, whole.substr(0, cut));
    offset = 0;
    EXPECT_THAT(read_events(grid.folder(), &offset), SizeIs(1)) << cut;
  }
  publish_file(path, whole);
  EXPECT_THAT(read_events(grid.folder(), &offset), SizeIs(1));
}

TEST_F(GridFolderTest, TakesRequestsOnceInTheirOrder) {
  const LiveGrid grid(lab_, header());
  const std::string first = send_request(grid.folder(), {Action::kFirst, "4567"});
  send_request(grid.folder(), {Action::kStop, ""});
  const auto taken = take_requests(grid.folder());
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(taken[0].name, first);
  EXPECT_EQ(taken[0].request->action, Action::kFirst);
  EXPECT_EQ(taken[0].request->hash, "4567");
  EXPECT_EQ(taken[1].request->action, Action::kStop);
  EXPECT_THAT(take_requests(grid.folder()), IsEmpty());
}

TEST_F(GridFolderTest, WaitsForAHalfWrittenRequestAndThenRefusesIt) {
  const LiveGrid grid(lab_, header());
  write_request(grid.folder(), "half.json", R"({"version": 1, "act)");
  EXPECT_THAT(take_requests(grid.folder()), IsEmpty()) << "it may be still being written";
  age(grid.folder(), "half.json");
  const auto taken = take_requests(grid.folder());
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_FALSE(taken[0].request.has_value());
  EXPECT_THAT(taken[0].refusal, HasSubstr("half.json"));
  EXPECT_THAT(take_requests(grid.folder()), IsEmpty()) << "it was set aside";
  EXPECT_TRUE(fs::exists(requests_folder(grid.folder()) + "/half.json.refused"));
}

struct BadRequest {
  const char* text;
  const char* refusal;
};

class RefusedRequest : public GridFolderTest, public testing::WithParamInterface<BadRequest> {};

TEST_P(RefusedRequest, IsSetAsideWithItsReason) {
  const LiveGrid grid(lab_, header());
  write_request(grid.folder(), "bad.json", GetParam().text);
  const auto taken = take_requests(grid.folder());
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_FALSE(taken[0].request.has_value());
  EXPECT_THAT(taken[0].refusal, HasSubstr(GetParam().refusal));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedRequest,
    testing::Values(BadRequest{R"({"version": 2, "action": "stop"})", "A newer lealab wrote it"},
                    BadRequest{R"({"version": 1, "action": "explode"})",
                               "must be stop, skip, retry or first"},
                    BadRequest{R"({"version": 1})", "action"}, BadRequest{R"([1])", "bad.json"},
                    BadRequest{R"({"version": 1, "action": "stop", "run": 7})", "run"}));

TEST_F(GridFolderTest, IgnoresWhatIsNoRequest) {
  const LiveGrid grid(lab_, header());
  write_request(grid.folder(), "notes.txt", "hello");
  write_request(grid.folder(), ".tmp.json", "{}");
  fs::create_directory(requests_folder(grid.folder()) + "/folder.json");
  const auto taken = take_requests(grid.folder());
  ASSERT_THAT(taken, SizeIs(1)) << "only the folder has the name of a request";
  EXPECT_FALSE(taken[0].request.has_value());
}

}  // namespace
}  // namespace lea::run
