// Loading in this process: good plugins only, and bad ones that are refused before they are loaded.
#include "core/worker/registry.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "tests/loader/folder.h"

namespace lea::worker {
namespace {

namespace fs = std::filesystem;
using test::bad_plugin;
using test::Folder;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    setenv("XDG_CACHE_HOME", cache_.path().c_str(), 1);
    setenv("LEA_TEST_MARKER", marker().c_str(), 1);
  }
  ~RegistryTest() override { unsetenv("LEA_TEST_MARKER"); }

  std::string marker() const { return cache_.at("marker"); }
  void install(const std::string& name, const std::string& as) {
    fs::copy_file(bad_plugin(name), folder_.at(as));
  }
  std::string refusal(const std::string& id = "test.bad") {
    try {
      Registry({folder_.path()}).get("backbone", id);
    } catch (const PluginError& error) {
      return error.what();
    }
    return {};
  }

  Folder cache_, folder_;
};

TEST_F(RegistryTest, LoadsByIdFromAPrivateCopy) {
  install("nothing", "any_name.so");
  Registry registry({folder_.path()});
  EXPECT_THAT(registry.ids("backbone"), ElementsAre("test.bad"));
  EXPECT_THAT(registry.ids("framework"), IsEmpty());
  EXPECT_FALSE(fs::exists(marker())) << "listing must not run code";
  const PluginEntry& entry = registry.get("backbone", "test.bad");
  EXPECT_EQ(entry.version, "1.0.0");
  EXPECT_TRUE(entry.backbone != nullptr);
  EXPECT_TRUE(fs::exists(marker()));
  ASSERT_EQ(registry.loaded().size(), 1U);
  const LoadedPlugin loaded = registry.loaded()[0];
  EXPECT_EQ(loaded.id, "test.bad");
  EXPECT_THAT(loaded.file, EndsWith("any_name.so"));
  const std::string copy = cache_.at("lealab/plugins/" + loaded.sha256 + ".so");
  EXPECT_EQ(test::read_all(copy), test::read_all(folder_.at("any_name.so")));
  struct stat facts {};
  ASSERT_EQ(stat(cache_.at("lealab/plugins").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700U);
  EXPECT_THAT(test::read_all("/proc/self/maps"), HasSubstr(loaded.sha256));
}

// The old code stays mapped whatever happens to the file (in place, this would be a SIGBUS without
// the copy).
TEST_F(RegistryTest, ARunFinishesOnTheOldCodeWhenTheFileIsReplaced) {
  install("nothing", "x.so");
  Registry registry({folder_.path()});
  const PluginEntry& entry = registry.get("backbone", "test.bad");
  fs::resize_file(folder_.at("x.so"), 0);
  fs::remove(folder_.at("x.so"));
  struct Nothing final : Context {
    int64_t items() const override { return 3; }
    int64_t history() const override { return 2; }
    uint64_t seed() const override { return 1; }
    c10::Device device() const override { return c10::kCPU; }
    std::shared_ptr<Backbone> make_backbone() const override { return nullptr; }
    std::shared_ptr<Environment> environment(const std::string&) const override { return nullptr; }
    const TrainingData& training() const override { return data; }
    int64_t item_of(const std::string&) const override { return 0; }
    int64_t sequence_of(const std::string&) const override { return -1; }
    StateUse state_use() const override { return {}; }
    AugmentUse augment_use() const override { return {}; }
    void log(LogLevel, const std::string&) const override {}
    TrainingData data;
  } context;
  EXPECT_EQ(entry.backbone({}, context)->width(), 4);
}

TEST_F(RegistryTest, RepairsADamagedPrivateCopy) {
  install("nothing", "x.so");
  const std::string bytes = test::read_all(folder_.at("x.so"));
  Registry({folder_.path()}).get("backbone", "test.bad");
  std::string copy;
  for (const auto& file : fs::directory_iterator(cache_.at("lealab/plugins")))
    copy = file.path().string();
  std::string damaged = bytes;
  damaged[damaged.size() / 2] ^= 1;
  fs::remove(copy);
  std::ofstream(copy, std::ios::binary) << damaged;
  Registry({folder_.path()}).get("backbone", "test.bad");
  EXPECT_EQ(test::read_all(copy), bytes);
}

TEST_F(RegistryTest, SuggestsTheNearestName) {
  install("nothing", "x.so");
  EXPECT_THAT(refusal("test.bat"),
              HasSubstr("no plugin provides backbone test.bat, did you mean `test.bad`?"));
}

TEST_F(RegistryTest, NeitherOfTwoProvidersWins) {
  install("nothing", "a.so");
  install("prints", "b.so");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("is provided by two files"), HasSubstr("/a.so and "),
                               HasSubstr("/b.so")));
  EXPECT_THAT(Registry({folder_.path()}).ids("backbone"), IsEmpty());
  EXPECT_FALSE(fs::exists(marker()));
}

TEST_F(RegistryTest, CountsAFolderThatIsNamedTwiceOnce) {
  install("nothing", "a.so");
  EXPECT_THAT(Registry({folder_.path(), folder_.path() + "/."}).ids("backbone"),
              ElementsAre("test.bad"));
}

TEST_F(RegistryTest, RunsNothingOfAPluginBuiltOtherwise) {
  for (const char* name : {"api", "minor", "torch", "debug"}) {
    install(name, std::string(name) + ".so");
    EXPECT_THAT(refusal(), AllOf(HasSubstr("refused: "), HasSubstr("but the host has"))) << name;
    EXPECT_FALSE(fs::exists(marker())) << name;
    fs::remove(folder_.at(std::string(name) + ".so"));
  }
}

TEST_F(RegistryTest, NamesTheUndefinedSymbol) {
  install("undefined_symbol", "x.so");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr(folder_.path() + "/x.so: cannot be loaded: "),
                    HasSubstr("undefined symbol"), HasSubstr("lea_test_no_such_function")));
  EXPECT_FALSE(fs::exists(marker()));
}

TEST_F(RegistryTest, NamesTheMissingEntry) {
  install("no_entry", "x.so");
  EXPECT_THAT(refusal(), HasSubstr("/x.so: does not export lea_abi_tag and lea_register."));
}

TEST_F(RegistryTest, CatchesWhatIsThrownWhileRegistering) {
  install("register_throws", "x.so");
  EXPECT_THAT(refusal(), HasSubstr("/x.so: threw while registering: thrown while registering"));
  fs::remove(folder_.at("x.so"));
  install("register_throws_int", "x.so");
  EXPECT_THAT(refusal(),
              HasSubstr("threw something that is not a std::exception while registering."));
}

TEST_F(RegistryTest, HoldsAPluginToItsManifest) {
  install("register_other_id", "x.so");
  EXPECT_THAT(refusal(),
              HasSubstr("registers backbone test.other, which its manifest does not list."));
}

TEST_F(RegistryTest, LeavesOutFoldersThatOthersCanWrite) {
  install("nothing", "x.so");
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  testing::internal::CaptureStderr();
  EXPECT_THAT(Registry({folder_.path()}).ids("backbone"), IsEmpty());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("any user may write to it"));
}

// A registrar that keeps what a plugin class says of itself.
class Kept final : public Registrar {
 public:
  void add(PluginEntry added) override { entry = std::move(added); }
  PluginEntry entry;
};

struct LookedUp final : Environment {
  struct Params {
    int64_t seed = 1;
    void fields(Fields& f) {
      f.integer("seed", seed, {1, 9}, "a seed");
      f.added("seed");
    }
  };
  static constexpr bool kNeedsPool = true;
  static std::vector<Artefact> artefacts() { return {{"rewards", "", {"seed"}, {"pool"}, "", 2}}; }
  struct Maker final : Preparer {
    explicit Maker(const Params&) {}
    void prepare(const Artefact&, PrepareContext&) override {}
  };
  LookedUp(const Params&, const Context&) {}
  Tensor reward(const History&, const Tensor&, const std::vector<Role>&) override { return {}; }
};

TEST(Registering, ReadsWhatTheClassDeclares) {
  Kept kept;
  kept.environment<LookedUp>("test.looked_up", "1", "rewards from a table");
  EXPECT_TRUE(kept.entry.needs_pool);
  EXPECT_FALSE(kept.entry.gives_state);
  ASSERT_EQ(kept.entry.params.size(), 1U);
  EXPECT_TRUE(kept.entry.params[0].added);
  ASSERT_EQ(kept.entry.artefacts.size(), 1U);
  EXPECT_EQ(kept.entry.artefacts[0].kind, "rewards");
  EXPECT_EQ(kept.entry.artefacts[0].revision, 2);
  EXPECT_TRUE(kept.entry.preparer(ParamValues()) != nullptr);
}

struct Choosing final : Environment, Chooser {
  struct Params {
    std::string words = "a|b";
    void fields(Fields& f) { f.text("words", words, "one word for each place of a list"); }
  };
  static constexpr const char* kListWords = "words";
  Choosing(const Params&, const Context&) {}
  Tensor reward(const History&, const Tensor&, const std::vector<Role>&) override { return {}; }
  int64_t longest_list() const override { return 2; }
  Tensor list_scores(const History&, const Tensor&) override { return {}; }
  Tensor state_scores(const History&, const Tensor&) override { return {}; }
};

struct Asking final : Augmenter {
  struct Params {
    std::string of;
    void fields(Fields& f) { f.environment("of", of, "who chooses"); }
  };
  static std::vector<std::string> asks() { return {"list_scores"}; }
  Asking(const Params&, const Context&) {}
  Tensor propose(const History&, const Tensor&) override { return {}; }
};

TEST(Registering, ReadsWhoChoosesAndWhoAsks) {
  Kept kept;
  kept.environment<Choosing>("test.choosing", "1", "chooses from a list");
  EXPECT_TRUE(kept.entry.chooses);
  EXPECT_EQ(kept.entry.list_words, "words");
  kept.environment<LookedUp>("test.looked_up", "1", "rewards from a table");
  EXPECT_FALSE(kept.entry.chooses);
  EXPECT_EQ(kept.entry.list_words, "");
  kept.augmenter<Asking>("test.asking", "1", "asks another environment");
  EXPECT_THAT(kept.entry.asks, ElementsAre("list_scores"));
}

int count(const std::string& name) {
  void* library =
      dlopen((std::string(LEA_BAD_PLUGINS) + "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(library, nullptr) << dlerror();
  return reinterpret_cast<int (*)()>(dlsym(library, "lea_test_count"))();
}

TEST(Flags, KeepEqualStaticsOfTwoPluginsApart) {
  EXPECT_EQ(count("counter_a"), 1);
  EXPECT_EQ(count("counter_b"), 1);
}

// The null control: without the flags the two share one, so the test above can fail.
TEST(Flags, AreNeededForThat) {
  EXPECT_EQ(count("counter_shared_a"), 1);
  EXPECT_EQ(count("counter_shared_b"), 2);
}

TEST(Flags, ExportOnlyTheEntryTheManifestAndTheTag) {
  void* library = dlopen(bad_plugin("nothing").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  for (const char* name : {"lea_register", "lea_manifest", "lea_abi_tag"})
    EXPECT_NE(dlsym(library, name), nullptr);
  EXPECT_EQ(dlsym(library, "_Z17lea_test_registerv"), nullptr);
}

}  // namespace
}  // namespace lea::worker
