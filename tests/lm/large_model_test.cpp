// A model of Mistral-7B's shapes with a quarter of its layers: 3.7 GiB of weights.
#include <gtest/gtest.h>

#include <cmath>

#include "core/lm/next_token.h"
#include "tests/lm/large_model.h"
#include "tests/lm/peak.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

TEST(LargeModel, OpensAndComputesWithoutASecondCopyOfItsWeights) {
  const TemporaryFolder folder(LEA_BINARY_DIR);  // /tmp may be memory
  LargeModel{.layers = 8}.write(folder.path());
  const size_t before = private_bytes();
  const Weights weights(folder.path());
  EXPECT_GT(weights.bytes(), uint64_t{3} << 30);
  const Decoder decoder(read_config(folder.path()), weights, at::kBFloat16, at::kCPU);
  const std::vector<double> scores = score(decoder, {1, 2, 3});
  EXPECT_LT(private_bytes(), before + weights.bytes() / 100);
  ASSERT_EQ(scores.size(), 2U);
  for (const double score : scores)
    EXPECT_NEAR(score, -std::log(LargeModel::kVocabulary), 1e-4) << "all tokens are alike";
}

}  // namespace
}  // namespace lea::lm
