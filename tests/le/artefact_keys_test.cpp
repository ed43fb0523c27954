// Which settings make the artefacts of lea.le anew: those that they read, and no others.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/spec/artefact_json.h"
#include "core/spec/param_json.h"
#include "plugins/le/environment.h"

namespace lea::le {
namespace {

using nlohmann::json;

// Whether another value of one parameter, beside these settings, changes what counts for the
// artefact.
bool matters(const std::string& kind, const json& settings, const std::string& name,
             const json& value) {
  json params = json::object();
  for (const ParamInfo& info : describe_params<Settings>())
    params[info.name] = spec::to_json(info.default_value);
  params.update(settings);
  EXPECT_TRUE(params.contains(name) && params.at(name) != value) << name;
  json other = params;
  other[name] = value;
  for (const Artefact& one : LanguageEnvironment::artefacts()) {
    if (one.kind == kind)
      return spec::counting_params(one, params) != spec::counting_params(one, other);
  }
  ADD_FAILURE() << kind;
  return false;
}

TEST(ArtefactsOfTheLe, DoNotDependOnTheTitleOfItemsThatAreTokens) {
  EXPECT_FALSE(matters("tokens", {{"items", "tokens"}}, "title", "{title}"));
  EXPECT_TRUE(matters("tokens", {{"items", "titles"}}, "title", "{title}"));
}

TEST(ArtefactsOfTheLe, DoNotDependOnWordingsOfTheOtherOrder) {
  const json paper = {{"order", "paper"}}, hoisted = {{"order", "hoisted"}};
  EXPECT_FALSE(matters("adapter", paper, "hoisted_prompt", "{history}{item}"));
  EXPECT_TRUE(matters("adapter", hoisted, "hoisted_prompt", "{history}{item}"));
  for (const auto& [name, value] : std::map<std::string, std::string>{{"user_prompt", "{history}"},
                                                                      {"action_prompt", "{item}"},
                                                                      {"joint", "; "},
                                                                      {"state_prompt", "user"}}) {
    EXPECT_TRUE(matters("adapter", paper, name, value)) << name;
    EXPECT_FALSE(matters("adapter", hoisted, name, value)) << name;
  }
  for (const json& order : {paper, hoisted})
    EXPECT_TRUE(matters("adapter", order, "hidden_state", "mean"));
  // A selection is always the paper's.
  EXPECT_TRUE(matters("choices", hoisted, "user_prompt", "{history}"));
  EXPECT_TRUE(matters("choices", hoisted, "joint", "; "));
}

TEST(ArtefactsOfTheLe, DoNotDependOnASeedThatDrawsNothing) {
  const json settled = {{"token_start", "closed_form"}};
  EXPECT_FALSE(matters("tokens", settled, "seed", 2));
  EXPECT_TRUE(matters("adapter", settled, "seed", 2)) << "it draws the portion";
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"token_start", "random"}, {"texts", "shuffled"}, {"weights", "random"}}) {
    json drawn = settled;
    drawn[name] = value;
    EXPECT_TRUE(matters("tokens", drawn, "seed", 2)) << name;
  }
}

TEST(ArtefactsOfTheLe, DoNotDependOnHowTokensWouldBeMoved) {
  for (const char* name : {"token_learning_rate", "token_penalty", "token_stop"}) {
    EXPECT_FALSE(matters("tokens", {{"token_iterations", 0}}, name, 0.5)) << name;
    EXPECT_TRUE(matters("tokens", {{"token_iterations", 1}}, name, 0.5)) << name;
  }
  EXPECT_FALSE(matters("tokens", {{"token_iterations", 0}}, "token_optimiser", "sgd"));
  EXPECT_TRUE(matters("tokens", {{"token_iterations", 1}}, "token_optimiser", "sgd"));
}

TEST(ArtefactsOfTheLe, DoNotDependOnEpochsOrALossThatIsNotUsed) {
  EXPECT_TRUE(matters("adapter", {{"steps", 0}}, "epochs", 3));
  EXPECT_FALSE(matters("adapter", {{"steps", 100}}, "epochs", 3));
  for (const double weight : {0.0, 0.5}) {
    EXPECT_EQ(matters("adapter", {{"state_weight", weight}}, "state_loss", "softmax"), weight > 0);
    EXPECT_EQ(matters("adapter", {{"state_weight", weight}}, "state_negatives", "sampled"),
              weight > 0);
    EXPECT_EQ(matters("adapter", {{"state_weight", weight}}, "state_scale", 0.5), weight > 0);
    EXPECT_EQ(matters("adapter", {{"reward_weight", weight}}, "reward_reduction", "sum"),
              weight > 0);
  }
}

}  // namespace
}  // namespace lea::le
