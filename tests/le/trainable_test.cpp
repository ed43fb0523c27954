// Whether there is anything to learn, before a training.
#include "plugins/tuning/trainable.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

std::string refusal(nlohmann::json more) {
  more["batch_size"] = 1;
  try {
    require_trainable(tiny_settings(more), training_of({{5, 6, 7}}));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Trainable, RefusesBatchesThatCanHaveNoNegativesForStates) {
  for (const char* of : {"events", "sequences"}) {
    EXPECT_EQ(refusal({{"batch_of", of}}),
              "le: batch_size: 1 leaves L_sm no negatives, because with `state_negatives: batch` "
              "they are the items of the batch's other sequences. State a greater `batch_size`, "
              "`state_negatives: sampled`, or `state_weight: 0`");
    EXPECT_EQ(refusal({{"batch_of", of}, {"state_negatives", "sampled"}}), "");
    EXPECT_EQ(refusal({{"batch_of", of}, {"state_weight", 0.0}}), "");
  }
}

bool lacks_negatives(const Sequences& sequences, nlohmann::json more, int64_t steps = 4) {
  more["batch_size"] = 3;
  const Settings settings = tiny_settings(more);
  const TrainingData part = training_of(sequences);
  TuningBatches batches(settings, part);
  return lacks_state_negatives(settings, part, batches, steps);
}

TEST(Trainable, LacksNegativesWhereBatchesAreOfOneSequenceOrOfEqualItems) {
  const Sequences one = {{1, 2, 3, 4}}, alike = {{1, 2, 3}, {3, 1, 2}};
  const auto none = nlohmann::json::object();
  EXPECT_TRUE(lacks_negatives(one, none));
  EXPECT_TRUE(lacks_negatives(alike, none));
  EXPECT_TRUE(lacks_negatives(one, {{"batch_of", "sequences"}}));
  EXPECT_FALSE(lacks_negatives(one, none, /*steps=*/0)) << "nothing was trained";
  EXPECT_FALSE(lacks_negatives(one, {{"state_negatives", "sampled"}}));
  EXPECT_FALSE(lacks_negatives(one, {{"state_weight", 0.0}}));
  EXPECT_FALSE(lacks_negatives(users(), {{"batch_of", "sequences"}}));
}

}  // namespace
}  // namespace lea::le
