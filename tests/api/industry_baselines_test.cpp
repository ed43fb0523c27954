// The untrained baselines on real data: figures that an independent implementation found with the
// same split, ties against the target, nothing removed.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "core/api/framework.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

std::string industry() {
  const char* folder = std::getenv("LEALAB_TEST_DATA");
  return (folder ? std::string(folder) : LEA_SOURCE_DIR "/../shared/data") + "/industry";
}

std::string inflate(const std::string& path) {
  std::string text;
  gzFile file = gzopen(path.c_str(), "rb");
  char buffer[1 << 16];
  for (int n; file && (n = gzread(file, buffer, sizeof buffer)) > 0;) text.append(buffer, n);
  gzclose(file);
  return text;
}

struct Sequences {
  std::vector<std::vector<int32_t>> train, test;
  int64_t items = 0;
};

Sequences read() {
  std::unordered_map<std::string, std::string> part;
  std::string header, user, value, time;
  std::ifstream split(industry() + "/split.tsv");
  std::getline(split, header);
  while (split >> user >> value) part[user] = value;

  Sequences result;
  std::istringstream rows(inflate(industry() + "/interactions.tsv.gz"));
  std::getline(rows, header);
  std::string last;
  for (int32_t item; rows >> user >> item >> time; last = user) {
    result.items = std::max<int64_t>(result.items, item + 1);
    if (part[user] == "valid") continue;
    auto& sequences = part[user] == "train" ? result.train : result.test;
    if (user != last) sequences.emplace_back();
    sequences.back().push_back(item + 1);
  }
  return result;
}

// HR@20 and NDCG@20 over every event of the test sequences.
std::pair<double, double> measure(const std::string& file) {
  static const Sequences data = read();
  constexpr int64_t kHistory = 10;
  TestContext context;
  context.item_count = data.items;
  context.data = training_data(data.items, kHistory, data.train);
  const auto framework = load_plugin(file).framework({}, context);
  framework->fit(context.data);
  const TrainingData test = training_data(data.items, kHistory, data.test);
  double hits = 0, gain = 0;
  for (int64_t begin = 0; begin < test.events(); begin += 500) {
    const int64_t end = std::min(begin + 500, test.events());
    const History history = test.histories(at::arange(begin, end, at::kLong));
    const Tensor score = framework->score(history);
    const Tensor column = test.item.slice(0, begin, end).to(at::kLong).sub(1).unsqueeze(1);
    const Tensor rank = score.ge(score.gather(1, column)).sum(1).to(at::kDouble);
    const Tensor hit = rank.le(20).to(at::kDouble);
    hits += hit.sum().item<double>();
    gain += (hit / (rank + 1).log2()).sum().item<double>();
  }
  const auto events = static_cast<double>(test.events());
  return {hits / events, gain / events};
}

class IndustryBaselines : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(industry() + "/interactions.tsv.gz")) {
      GTEST_SKIP() << industry() << " is absent; set LEALAB_TEST_DATA to the folder that holds it";
    }
  }
};

TEST_F(IndustryBaselines, PopularityHasItsPublishedFigures) {
  const auto [hr, ndcg] = measure("popularity");
  EXPECT_NEAR(hr, .051, .0006);
  EXPECT_NEAR(ndcg, .0228, .0001);
}

TEST_F(IndustryBaselines, MarkovHasItsPublishedFigures) {
  const auto [hr, ndcg] = measure("markov");
  EXPECT_NEAR(hr, .129, .0006);
  EXPECT_NEAR(ndcg, .0839, .0001);
}

TEST_F(IndustryBaselines, ItemKnnHasItsPublishedFigures) {
  const auto [hr, ndcg] = measure("item_knn");
  EXPECT_NEAR(hr, .136, .0006);
  EXPECT_NEAR(ndcg, .0781, .0001);
}

// The description of V-SkNN leaves open how positions, neighbours and lengths weigh. Ours are held
// to a NumPy computation of the same choices. The figures that the other baselines were compared
// with, .147 and .059, lie between those of the variants: none of them gives both to the last
// digit.
TEST_F(IndustryBaselines, VsKnnHasTheFiguresOfNumPyAndThePublishedOnesLieAmongItsVariants) {
  const nlohmann::json expected = golden("baselines/vsknn.json");
  const auto [hr, ndcg] = measure("vsknn");
  EXPECT_NEAR(hr, expected["plugin"][0].get<double>(), 1e-6);
  EXPECT_NEAR(ndcg, expected["plugin"][1].get<double>(), 1e-6);
  const std::vector<double> published = {.147, .059, .156, .088};
  for (size_t i = 0; i < published.size(); ++i) {
    EXPECT_GE(published[i], expected["least"][i].get<double>()) << expected["columns"][i];
    EXPECT_LE(published[i], expected["greatest"][i].get<double>()) << expected["columns"][i];
  }
}

}  // namespace
}  // namespace lea::testing
