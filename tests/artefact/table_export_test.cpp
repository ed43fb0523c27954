// The rewards and states of artefacts, written for the environment `table`, give the same runs.
#include <map>

#include "core/base/npz.h"
#include "core/base/safetensors.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

class TableExport : public Artefacts {
 protected:
  lab::ProcessResult export_of(const std::string& what, const std::string& key,
                               const std::string& out) const {
    return call({"export", what, key, "--out", path(out)});
  }
  // The rankings of the runs of a lab, by seed.
  std::map<int64_t, std::string> ranks_in(const std::string& lab) const {
    std::map<int64_t, std::string> ranks;
    for (const auto& run : fs::directory_iterator(path(lab + "/runs"))) {
      const json cell = json::parse(read_file(run.path() / "cell.json"));
      ranks[cell.at("seed")] =
          read_file(run.path() / "ranks.bin") + read_file(run.path() / "ranks-valid.bin");
    }
    return ranks;
  }
  // The rankings of the spec in a new lab, which has the name `lab` afterwards.
  std::map<int64_t, std::string> ranks_of_run(const std::string& lab) const {
    const auto ran = run();
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    fs::rename(path("lab"), path(lab));
    return ranks_in(lab);
  }
  // The names of what stands beside the spec.
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
};

constexpr const char* kPool = "negatives: {from: pool, pool: 7, count: 2}\n";

TEST_F(TableExport, RewardsOfAPoolGiveTheRunsOfTheirEnvironment) {
  const std::string more = std::string(kPool) + "reward: used\n";
  write_spec("used: test.looked_up", "", more);
  const auto expected = ranks_of_run("first");
  ASSERT_EQ(expected.size(), 2u);
  write_spec("used: {table: {}}", "", more);
  EXPECT_NE(ranks_of_run("without"), expected) << "the rewards change nothing";
  for (const std::string name : {"rewards.npz", "rewards.safetensors"}) {
    SCOPED_TRACE(name);
    fs::rename(path("first"), path("lab"));
    const auto exported = export_of("rewards", key_of("rewards", "test.looked_up"), name);
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    EXPECT_EQ(exported.out, path(name) + ": pool [960, 7], rewards [960, 8]\n");
    fs::rename(path("lab"), path("first"));
    // A pair that the table lacks would get a reward that changes every result.
    write_spec("used: {table: {default_reward: 1000, rewards: " + path(name) + "}}", "", more);
    EXPECT_TRUE(ranks_of_run("from " + name) == expected);
    const auto other_pool = run({"--set", "negatives.seed=2"});
    EXPECT_EQ(other_pool.exit_code, 5) << other_pool.out;
    EXPECT_THAT(other_pool.out, HasSubstr("was made for another pool"));
    fs::remove_all(path("lab"));
  }
}

TEST_F(TableExport, StatesGiveTheRunsOfTheirEnvironment) {
  write_spec("used: test.making", "", "state: used\n");
  const auto expected = ranks_of_run("first");
  ASSERT_EQ(expected.size(), 2u);
  for (const std::string name : {"states.npz", "states.safetensors"}) {
    SCOPED_TRACE(name);
    fs::rename(path("first"), path("lab"));
    const auto exported = export_of("states", key_of("states").substr(0, 12), name);
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    EXPECT_EQ(exported.out, path(name) + ": states [1056, 4]\n");
    fs::rename(path("lab"), path("first"));
    write_spec("used: {table: {states: " + path(name) + "}}", "", "state: used\n");
    EXPECT_TRUE(ranks_of_run("from " + name) == expected);
  }
}

TEST_F(TableExport, RewardsWithoutAPoolAreThoseOfTheLoggedItems) {
  write_spec("used: test.making", "", "reward: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const std::string key = key_of("rewards");
  ASSERT_EQ(export_of("rewards", key, "rewards.npz").exit_code, 0);
  const NpzFile npz(path("rewards.npz"));
  ASSERT_EQ(npz.arrays().size(), 1u);
  const NpzArray& array = npz.arrays()[0];
  EXPECT_EQ(array.name, "rewards");
  EXPECT_EQ(array.dtype, "F32");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{960, 1}));
  std::string values(array.bytes, '\0');
  npz.read(array, values.data());
  const std::string made = read_file(folder(key) + "/files/rewards.safetensors");
  EXPECT_TRUE(made.ends_with(values)) << "they are not those that the plugin made";
  write_spec("used: {table: {rewards: " + path("rewards.npz") + "}}", "", "reward: used\n");
  EXPECT_EQ(run().exit_code, 0);
}

TEST_F(TableExport, SaysWhatAnArtefactHoldsThatHasNoSuchTable) {
  write_spec("used: test.making", "", "reward: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const size_t before = entries();
  const std::string vectors = key_of("vectors"), rewards = key_of("rewards");
  const auto refused = [&](const std::string& what, const std::string& key) {
    const auto result = export_of(what, key, "out.npz");
    EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
    EXPECT_EQ(entries(), before) << "a file was left behind";
    return result.err;
  };
  EXPECT_EQ(
      refused("states", vectors),
      "artefact " + vectors.substr(0, 12) +
          ": cannot be exported: it is the vectors of test.making, which holds no states: "
          "these would be a table of 1056 rows, one for each training event and each end of a "
          "training sequence. It holds vectors.safetensors (a table [41, 4]).\n");
  EXPECT_THAT(refused("rewards", vectors),
              HasSubstr("which holds no rewards: these would be a table of 960 rows, one for each "
                        "training event, and of 1 column, one for the logged item. It holds "
                        "vectors.safetensors (a table [41, 4])."));
  EXPECT_THAT(refused("states", rewards), HasSubstr("rewards.safetensors (a table [960, 1])"));
}

TEST_F(TableExport, RefusesAnArtefactWithSeveralSuchTables) {
  write_spec("used: {test.looked_up: {twice: true}}", "", std::string(kPool) + "reward: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const auto result = export_of("rewards", key_of("rewards", "test.looked_up"), "rewards.npz");
  EXPECT_EQ(result.exit_code, 3) << result.out;
  EXPECT_THAT(result.err, HasSubstr("which holds several tables that may be rewards: "
                                    "again.safetensors (a table [960, 8]), rewards.safetensors (a "
                                    "table [960, 8])."));
}

TEST_F(TableExport, RefusesWhatItCannotWriteOrDoesNotKnow) {
  write_spec("used: test.making", "", "state: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const std::string key = key_of("states");
  const auto csv = export_of("states", key, "states.csv");
  EXPECT_EQ(csv.exit_code, 2);
  EXPECT_EQ(csv.err,
            "export states: " + path("states.csv") +
                ": must end in .npz or .safetensors, which decides the format. Give `--out "
                "states.npz`.\n");
  const auto nothing = call({"export", "states", "--out", path("states.npz")});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("which artefact? Give its key or the first digits"));
  EXPECT_EQ(export_of("states", "0000", "states.npz").exit_code, 2);
  EXPECT_EQ(export_of("states", key, "none/states.npz").exit_code, 4);
  const std::string file = folder(key) + "/result.json";
  fs::rename(file, path("result.json"));
  const auto unfinished = export_of("states", key, "states.npz");
  EXPECT_EQ(unfinished.exit_code, 3);
  EXPECT_THAT(unfinished.err, HasSubstr("it is not finished. `lealab run` makes it."));
  fs::rename(path("result.json"), file);
  // The lab gets another data set of the same name.
  write_interactions(/*seed=*/2);
  fs::remove_all(path("lab/data/toy"));
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  const auto replaced = export_of("states", key, "states.npz");
  EXPECT_EQ(replaced.exit_code, 3);
  EXPECT_THAT(
      replaced.err,
      HasSubstr("the data set toy of the lab is not that from which the artefact was made"));
  EXPECT_FALSE(fs::exists(path("states.npz")));
}

TEST_F(TableExport, StandardOutputGetsTheFormatThatIsStated) {
  write_spec("used: test.making", "", "state: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const std::string key = key_of("states");
  for (const std::string format : {"npz", "safetensors"}) {
    SCOPED_TRACE(format);
    ASSERT_EQ(export_of("states", key, "states." + format).exit_code, 0);
    const size_t before = entries();
    const auto standard = call({"export", "states", key, "--out", "-", "--format", format});
    EXPECT_EQ(standard.exit_code, 0) << standard.err;
    EXPECT_EQ(standard.err, "standard output: states [1056, 4]\n");
    EXPECT_TRUE(standard.out == read_file(path("states." + format)));
    EXPECT_EQ(entries(), before) << "a file was left behind";
  }
  const auto unstated = call({"export", "states", key, "--out", "-"});
  EXPECT_TRUE(unstated.out == read_file(path("states.npz")));
  const auto csv = call({"export", "states", key, "--out", "-", "--format", "csv"});
  EXPECT_EQ(csv.exit_code, 2);
  EXPECT_EQ(csv.err, "export states: --format must be npz or safetensors, but is csv.\n");
  const auto other =
      call({"export", "states", key, "--out", path("states.npz"), "--format", "safetensors"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("must end in .safetensors, the format. Give `--out "
                                   "states.safetensors`."));
}

TEST_F(TableExport, RefusesADamagedArtefact) {
  write_spec("used: test.making", "", "state: used\n");
  ASSERT_EQ(run().exit_code, 0);
  const std::string key = key_of("states"), file = folder(key) + "/files/states.safetensors";
  std::string bytes = read_file(file);
  bytes.back() ^= 1;
  publish_file(file, bytes);
  const auto damaged = export_of("states", key, "states.npz");
  EXPECT_EQ(damaged.exit_code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("is damaged: it has another checksum than when it was made"));
  EXPECT_FALSE(fs::exists(path("states.npz")));
}

}  // namespace
}  // namespace lea
