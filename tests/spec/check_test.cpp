// Checking a spec that is in no file yet: the errors are those that its file would have.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class SpecCheck : public SpecTest {
 protected:
  std::vector<Diagnostic> check(const std::string& text, Buffers others = {}) const {
    others[path("spec.yaml")] = text;
    return check_spec(path("spec.yaml"), others, catalogue());
  }
  // The texts, one a line, without the folder.
  std::string texts(const std::vector<Diagnostic>& found) const {
    std::string all;
    for (const Diagnostic& one : found) all += (all.empty() ? "" : "\n") + one.text;
    for (size_t at; (at = all.find(folder_ + "/")) != std::string::npos;) {
      all.erase(at, folder_.size() + 1);
    }
    return all;
  }
  // What the command line says about the same text in a file, which is removed again.
  std::string loaded(const std::string& text) const {
    const std::string error = error_of(text);
    std::filesystem::remove(path("spec.yaml"));
    return error;
  }
};

TEST_F(SpecCheck, OfAGoodSpecFindsNothingAndNeedsNoFile) {
  EXPECT_EQ(texts(check(kBase)), "");
  EXPECT_FALSE(std::filesystem::exists(path("spec.yaml")));
}

TEST_F(SpecCheck, SaysWhatTheCommandLineSays) {
  write("table.tsv", "");
  const std::string base = kBase;
  for (const std::string& text :
       {std::string(), std::string("# nothing\n"), std::string("a: [1\n"), std::string("- 1\n"),
        std::string("a: 1\na: 2\n"), std::string("\tx: 1\n"), std::string("a: \xFF\n"),
        std::string("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"),
        base + "trian: {}\n", base + "train: {patience: x, batch_size: 0}\nsplit: {by: fil}\n",
        base + "extends: none.yaml\n", base + "extends: spec.yaml\n", base + "extends: papper\n",
        base + "reward: {table: {rewards: none.tsv}}\n", base + "split: {by: file, path: .}\n",
        base + "reward: {table: {rewards: table.tsv}}\nruns: 2\n",
        base + "grid: {framework: [snqn, snqm], backbone: [gru4rec, {gru4rec: {width: 0}}]}\n",
        base + "environments: {e: {shuffled: {of: f}}, f: {shuffled: {of: e}}}\nreward: e\n",
        std::string("framework: popularity\ndata: {name: a}\nseeds: [1, 2]\nruns: 2\n")}) {
    const std::string said = loaded(text);
    EXPECT_NE(said, "") << text;
    EXPECT_EQ(texts(check(text)), said) << text;
  }
}

TEST_F(SpecCheck, GivesThePlaceAndTheKeyOfEachError) {
  const auto found = check(std::string(kBase) + "train: {patience: x}\ngrid:\n  exclude: 5\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].location.source->name, path("spec.yaml"));
  EXPECT_EQ(found[0].location.line, 5);
  EXPECT_EQ(found[0].location.column, 19);
  EXPECT_EQ(found[0].key, "train.patience");
  EXPECT_EQ(found[0].text,
            path("spec.yaml") +
                ":5:19: train.patience: must be an integer from 1 to 1000000000, but "
                "is `x`: it is not a number");
  EXPECT_EQ(found[1].location.line, 7);
  EXPECT_EQ(found[1].key, "grid.exclude");
}

TEST_F(SpecCheck, FindsAlsoWhatTheCommandLineCutsOff) {
  std::string text = kBase;
  for (int i = 0; i < 60; ++i) text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(check(text).size(), 60u);
  EXPECT_THAT(loaded(text), ::testing::EndsWith("\nand 10 more"));
}

TEST_F(SpecCheck, ReadsBasesThatAreNotSavedAndOthersFromTheDisk) {
  write("saved.yaml", "train: {patience: 0}\n");
  write("edited.yaml", "train: {batch_size: 0}\n");
  const std::string text = std::string("extends: [saved.yaml, edited.yaml, new.yaml]\n") + kBase;
  EXPECT_EQ(texts(check(text, {{path("edited.yaml"), "train: {batch_size: 1}\n"},
                               {path("new.yaml"), "\n\ntrain: {threads: 0}\n"}})),
            "saved.yaml:1:19: train.patience: must be an integer from 1 to 1000000000, but is `0`\n"
            "new.yaml:3:18: train.threads: must be an integer from 1 to 1024, but is `0`");
}

TEST_F(SpecCheck, KnowsATextByAnyNameOfItsFile) {
  write("saved.yaml", kBase);
  std::filesystem::create_directory(path("sub"));
  std::filesystem::create_symlink("saved.yaml", path("link.yaml"));
  for (const char* name : {"saved.yaml", "sub/../saved.yaml", "./saved.yaml", "link.yaml"}) {
    EXPECT_EQ(check_spec(path("saved.yaml"), {{path(name), "a: 1\n"}}, catalogue()).size(),
              check("a: 1\n").size())
        << name;
  }
}

TEST_F(SpecCheck, IsWhatLoadingATextSays) {
  const Buffers buffers = {
      {path("spec.yaml"), std::string(kBase) + "grid: {backbone: [sasrec]}\n"}};
  const Experiment experiment = load_experiment(path("spec.yaml"), {}, catalogue(), "", buffers);
  ASSERT_EQ(experiment.runs.size(), 1u);
  EXPECT_EQ(experiment.runs[0].run.backbone.id, "lea.sasrec");
  EXPECT_EQ(experiment.path, path("spec.yaml"));
}

TEST_F(SpecCheck, OfATextWithoutEndIsSoonOver) {
  const auto start = steady_clock::now();
  const std::string head = kBase;
  std::string nested = "a: ", keys, flow = "a: [", quotes = "a: \"";
  const size_t most = size_t{5} << 20;
  while (keys.size() < most) keys += "key" + std::to_string(keys.size()) + ": 1\n";
  nested.append(most, '[');
  flow.append(most, ',');
  quotes.append(most, '\'');
  for (const std::string& text :
       {head + "#" + std::string(most, 'x'), keys, nested, flow, quotes}) {
    EXPECT_EQ(texts(check(text)), "spec.yaml: cannot be read: it is larger than 1048576 bytes");
  }
  EXPECT_EQ(loaded(keys), "spec.yaml: cannot be read: it is larger than 1048576 bytes");
  EXPECT_EQ(check(keys)[0].location.source->name, path("spec.yaml"));
  for (std::string text : {head + keys, nested, flow, quotes}) {
    text.resize(size_t{1} << 20);
    EXPECT_FALSE(check(text).empty());
  }
  EXPECT_LT(steady_clock::now() - start, seconds(60));
}

TEST_F(SpecCheck, LooksForFilesAndDoesNotReadThem) {
  write("rewards.tsv", "");
  std::filesystem::resize_file(path("rewards.tsv"), uintmax_t{1} << 38);
  const auto start = steady_clock::now();
  EXPECT_EQ(texts(check(std::string(kBase) + "reward: {table: {rewards: rewards.tsv}}\n")), "");
  EXPECT_LT(steady_clock::now() - start, seconds(10)) << "a quarter of a TiB was read";
}

TEST_F(SpecCheck, ThrowsNothingForANameThatNoFileCanHave) {
  const std::string name(5000, 'x');
  EXPECT_EQ(texts(check(std::string(kBase) + "extends: ./" + name + ".yaml\n")),
            "spec.yaml:5:10: extends: " + name + ".yaml: cannot be read: File name too long");
  EXPECT_THAT(texts(check(std::string(kBase) + "split: {by: file, path: " + name + "}\n")),
              ::testing::EndsWith("cannot be read: File name too long"));
}

TEST_F(SpecCheck, OfDamagedTextsThrowsNothingAndSaysWhatLoadingSays) {
  const std::string good = std::string(kBase) +
                           "environments: {e: {shuffled: {of: le}}}\nreward: e\n"
                           "grid:\n  framework: [snqn, {supervised: {gamma: 0.1}}]\n"
                           "  train.patience: &p [1, 2]\n  train.min_steps: *p\n"
                           "  variant:\n  - a: {state: le}\n  - b: {}\nruns: 12\n";
  ASSERT_EQ(texts(check(good)), "");
  const std::string bytes = "\n\t :,-[]{}&*#'\"!|>%@\x80?0a<\r";
  uint64_t state = 7;
  const auto random = [&](uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  size_t refused = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::string text = good;
    for (uint64_t i = 0; i <= random(3); ++i) {
      const size_t at = random(text.size());
      if (random(2) == 0) {
        text[at] = bytes[random(bytes.size())];
      } else {
        text.insert(at, 1, bytes[random(bytes.size())]);
      }
    }
    const std::string said = texts(check(text));
    refused += said.empty() ? 0 : 1;
    EXPECT_EQ(said, loaded(text)) << text;
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace lea::spec
