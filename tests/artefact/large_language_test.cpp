// A plan with a language model of the shapes of Mistral-7B in bfloat16: it counts work, disk and
// memory from the shapes, and reads none of the 14.5 GB of weights, which are the hole of a file.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "core/base/cached_sum.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "tests/artefact/language.h"
#include "tests/lm/large_model.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kParameters = 7'241'732'096;  // of Mistral-7B, as it is published
constexpr double kGiB = 1 << 30;
constexpr double kLayers = 32, kWidth = 4096, kInner = 14336;
constexpr double kQueries = 4096, kKeys = 8 * 128;

// Of LanguageStudy, of whose 60 sequences of 5 events four fifths are the training part.
constexpr double kItems = 40, kSequences = 48, kEvents = 5, kPool = 2;
constexpr double kIterations = 10, kSteps = 5, kQualityEvents = 20, kRank = 8;

// The bytes of a file that are in memory.
double resident_bytes(const std::string& path) {
  const MappedFile file(path);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((file.size() + page - 1) / page);
  if (mincore(file.data(), file.size(), pages.data()) != 0) return 1e18;
  const auto count =
      std::count_if(pages.begin(), pages.end(), [](unsigned char one) { return (one & 1) != 0; });
  return static_cast<double>(count) * static_cast<double>(page);
}

// The most memory that any process had which has ended below this one.
double largest_process() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

class LargeLanguage : public LanguageStudy {
 protected:
  LargeLanguage() { setenv("XDG_CACHE_HOME", path("cache").c_str(), 1); }

  std::string weights() const { return path("model/model.safetensors"); }

  // The tokenizer has fewer tokens than the model, which is allowed.
  void write_model(const lm::LargeModel& model = {}) const {
    fs::create_directories(path("model"));
    model.write(path("model"));
    fs::copy(LEA_SOURCE_DIR "/tests/golden/le/model/tokenizer.json", path("model"));
    fs::last_write_time(weights(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  // The key of an artefact needs the sum of the weights, for which they are read once. Here it is
  // known already, as in all plans but the first.
  void know_the_sum() const { publish_file(kept_sum_file(weights()), sha256("a hole")); }

  // In these wordings an item is one row and nothing stands between, so rows are easy to count.
  void write_large_study(const std::string& more = "") const {
    write_study("reward: le\nstate: {of: le, project: 4}\n", "",
                "{le: {model: " + path("model") + ", dtype: bfloat16,\n" +
                    "  item_sentence: \"{item}{title:1}\", token_iterations: 10, rank: 8,\n"
                    "  user_prompt: \"{history}\", action_prompt: \"{item}\", joint: \"\",\n"
                    "  separator: \"\", portion: 1, batch_of: sequences, batch_size: 48,\n"
                    "  steps: 5, negatives: 1, quality_events: 20" +
                    more + "}}");
  }
  // By kind.
  static std::map<std::string, json> artefacts_in(const json& plan) {
    std::map<std::string, json> artefacts;
    for (const json& artefact : plan.at("artefacts")) {
      const std::string name = artefact.at("name");
      artefacts[name.substr(0, name.find(' '))] = artefact;
    }
    return artefacts;
  }

  // What the plugin has counted for an artefact, and the pace of this machine, from the cache.
  json counts_of(const std::string& key) const {
    for (const auto& file : fs::directory_iterator(path("cache/lealab/counts"))) {
      const json answer = json::parse(read_file(file.path()));
      if (answer.at("key") == key) return answer.at("counts");
    }
    return {};
  }
  json pace() const {
    const auto file = fs::directory_iterator(path("cache/lealab/pace-4"))->path();
    return json::parse(read_file(file)).at("pace");
  }
  // Expects the work of so many rows through the model, within 5 %: a row multiplies each weight
  // once, but for those of the embedding and often of the head, which are 4 %. The time is that
  // work by the pace of this machine.
  void expect_rows(const json& artefact, double least, double most) const {
    SCOPED_TRACE(artefact.at("name").get<std::string>());
    const json counts = counts_of(artefact.at("key"));
    const double work = counts.at("bfloat16_multiply_adds");
    EXPECT_GT(2 * work, 0.95 * 2 * kParameters * least);
    EXPECT_LT(2 * work, 1.05 * 2 * kParameters * most);
    double seconds = work / pace().at("bfloat16_multiply_adds").get<double>() +
                     counts.at("values").get<double>() / pace().at("values").get<double>() +
                     counts.at("bytes").get<double>() / pace().at("bytes").get<double>();
    if (counts.contains("multiply_adds"))  // of a small network beside the model, in float32
      seconds +=
          counts.at("multiply_adds").get<double>() / pace().at("multiply_adds").get<double>();
    constexpr double kStart = 2;  // of a worker
    EXPECT_NEAR(artefact.at("seconds").get<double>(), seconds + kStart, 1e-6 * seconds + 1e-6);
  }

  // `lealab` in a mount namespace where the system seems to have so much memory available. False
  // where this user may not make one.
  bool pretend_available(int64_t gib) {
    write("meminfo", "MemTotal: 33554432 kB\nMemAvailable: " + std::to_string(gib << 20) + " kB\n");
    through_ = {"unshare",      "--map-root-user",
                "--mount",      "sh",
                "-c",           "mount --bind \"$0\" /proc/meminfo && exec \"$@\"",
                path("meminfo")};
    std::vector<std::string> probe = through_;
    probe.emplace_back("true");
    return lab::run_process(probe, 60).exit_code == 0;
  }
};

TEST_F(LargeLanguage, IsPlannedWithoutReadingItsWeights) {
  write_model();
  know_the_sum();
  EXPECT_GT(static_cast<double>(fs::file_size(weights())), 2 * kParameters);
  write_large_study();
  import_data();
  const json plan = this->plan();
  EXPECT_LT(resident_bytes(weights()), kGiB / 64) << "the weights were read";
  EXPECT_LT(largest_process(), 4 * kGiB) << "that would hold a quarter of the weights";
  const auto artefacts = artefacts_in(plan);
  ASSERT_EQ(artefacts.size(), 5U);

  // An item token and one word of its title; forwards and backwards, and the loss at the end.
  const double sentences = 2 * kItems * (2 * kIterations + 1);
  expect_rows(artefacts.at("tokens"), sentences, sentences);
  // Of histories of 1 to 5 items those of up to 4 share a path of 4 rows. The fifth is cut to its
  // last 4 items, and has its own path.
  const double states = kSequences * (4 + 4);
  expect_rows(artefacts.at("states"), states, states);
  // The 4 events with a history share that path, and each has its item and the pool.
  const double rewards = kSequences * (4 + 4 * (1 + kPool));
  expect_rows(artefacts.at("rewards"), rewards, rewards);
  // Each step has the rewards of all events and of one negative each, and all states; forwards, and
  // backwards, which takes at least as long.
  const double steps = kSteps * kSequences * (4 + 4 * 2 + 4);
  expect_rows(artefacts.at("adapter"), 2 * steps, 4 * steps);
  // Six rewards and two states of each event; events of a sequence may share the histories.
  expect_rows(artefacts.at("quality"), 6 * kQualityEvents, (4 + 6 + 4 + 4) * kQualityEvents);

  double disk = 0;
  const auto expect_bytes = [&](const std::string& kind, double bytes) {
    EXPECT_EQ(artefacts.at(kind).at("bytes").get<double>(), bytes) << kind;
    disk += bytes;
  };
  expect_bytes("tokens", 4 * kWidth * kItems);
  expect_bytes("adapter", 4 * (kLayers * kRank * 2 * (kWidth + kQueries + kWidth + kKeys) +  // LoRA
                               kWidth + 1));  // the score head
  expect_bytes("states", 2 * kWidth * kSequences * (kEvents + 1));
  expect_bytes("rewards", 4 * kSequences * kEvents * (1 + kPool));
  expect_bytes("quality", kQualityEvents * (10 * 8 + 4 * (6 + 2 * kWidth)));
  EXPECT_EQ(plan.at("disk").at("artefact_bytes").get<double>(), disk);
}

TEST_F(LargeLanguage, NeedsMemoryForWhatIsCopiedAndKeptAndNotForItsMappedWeights) {
  write_model();
  know_the_sum();
  write_large_study();
  import_data();
  const auto memory_with = [&](const std::string& setting) {
    const auto result = call({"plan", path("spec.yaml"), "--json", "--set", setting});
    std::map<std::string, double> memory;
    for (const auto& [kind, artefact] : artefacts_in(json::parse(result.out)))
      memory[kind] = artefact.at("memory_bytes");
    return memory;
  };
  const auto own = memory_with("environments.le.weights=trained");
  // To answer, an adapter is merged into copies of four matrices of each layer.
  const double merged = 2 * kLayers * 2 * kWidth * (kQueries + kKeys);
  for (const char* kind : {"states", "rewards", "quality"}) {
    EXPECT_GT(own.at(kind), merged) << kind;
    EXPECT_LT(own.at(kind), merged + kGiB) << kind;
  }
  // To learn, each row keeps at least gate, up and the inputs of both norms in each layer.
  const double kept = 1024 * 2 * kLayers * (2 * kInner + 2 * kWidth);
  for (const char* kind : {"tokens", "adapter"}) {
    EXPECT_GT(own.at(kind), kept) << kind;
    EXPECT_LT(own.at(kind), 4 * kept) << kind;
  }
  EXPECT_GT(own.at("adapter"), own.at("tokens")) << "it is float32, and so are its inputs";
  for (const auto& [kind, memory] : memory_with("environments.le.weights=random"))
    EXPECT_GT(memory, 2 * kParameters) << kind << " with weights that are drawn into memory";
  for (const auto& [kind, memory] : memory_with("environments.le.dtype=float32"))
    EXPECT_GT(memory, 4 * kParameters) << kind << " with weights that are copied";
  EXPECT_LT(resident_bytes(weights()), kGiB / 64) << "the weights were read";
}

TEST_F(LargeLanguage, FitsAMachineOf24GiBAndIsRefusedOnASmallOneBeforeAnythingIsMade) {
  write_model();
  know_the_sum();
  write_large_study();
  import_data();
  if (!pretend_available(22)) GTEST_SKIP() << "this user cannot make a mount namespace";
  const json memory = plan().at("memory");
  EXPECT_LT(memory.at("needed_bytes").get<double>(), 22 * kGiB);
  if (memory.at("available_bytes") == int64_t{22} << 30) {  // otherwise a control group limits it
    EXPECT_THAT(call({"plan", path("spec.yaml")}).out, Not(HasSubstr("warning")));
  }

  ASSERT_TRUE(pretend_available(4));
  const auto warned = call({"plan", path("spec.yaml")});
  EXPECT_EQ(warned.exit_code, 0) << warned.err;
  const std::string reason =
      "of lea.le, for 1 run: the making needs about [0-9.]+ GB of memory, but "
      "[0-9.]+ [GM]B are available on this machine";
  EXPECT_THAT(warned.out,
              testing::ContainsRegex("warning: .*adapter " + reason +
                                     ".*\\. `run` begins only where there is more\\.\n"));
  const auto ran = run();
  EXPECT_EQ(ran.exit_code, 4) << ran.out << ran.err;
  EXPECT_THAT(ran.err, testing::ContainsRegex("adapter " + reason + "\n"));
  EXPECT_THAT(ran.err, HasSubstr("Nothing was made. Free some memory, name a smaller model"));
  EXPECT_EQ(list(), json::array());
  EXPECT_LT(resident_bytes(weights()), kGiB / 64) << "the weights were read";
}

TEST_F(LargeLanguage, TellsThatItReadsItsWeightsOnce) {
  write_model({.layers = 2});  // 1.4 GB: what is read is a hole, which takes a second
  write_large_study();
  fs::create_directory(path("lab"));
  const std::string told =
      "reading " + path("model/model.safetensors") + ", 1.4 GB, for its checksum, once\n";
  EXPECT_THAT(call({"plan", path("spec.yaml")}).err, HasSubstr(told));
  EXPECT_THAT(call({"plan", path("spec.yaml")}).err, Not(HasSubstr("checksum")));
}

}  // namespace
}  // namespace lea
