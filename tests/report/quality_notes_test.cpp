// What a table says of the quality of the environments of its rows: which of several it is, whether it
// is known only for what was learned from, and whether that was memorised.
#include <gmock/gmock.h>

#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A figure that was measured with a spread, inside and outside, beside one rule.
json measured(double outside, double inside, double error = 0.01) {
  return {{"accuracy", outside},       {"accuracy.beside.text", 0.6},
          {"accuracy.error", error},   {"accuracy.gain_low", 0.01},
          {"accuracy.inside", inside}, {"accuracy.inside_error", error}};
}

class QualityNotes : public ReportTest {
 protected:
  // Adds an artefact whose key begins so. No slots: an older program made the run.
  static void use(db::RunRow* row, const std::string& name, const std::string& key,
                  const json& quality, const std::vector<std::string>& slots = {}) {
    json used = {{"key", key + std::string(64 - key.size(), '0')},
                 {"name", name},
                 {"sha256", std::string(64, 'e')},
                 {"quality", quality}};
    if (!slots.empty()) used["used_in"] = slots;
    row->result["artefacts"].push_back(used);
  }
  // The table of one run for each quality.
  std::string table_of(const std::vector<json>& qualities) {
    for (size_t i = 0; i < qualities.size(); ++i) {
      db::RunRow row = run("gru4rec", "snqn", static_cast<int64_t>(i) + 1);
      use(&row, "quality of lea.le", "k" + std::to_string(i), qualities[i]);
      put(row, 0.04);
    }
    return table("text");
  }
};

TEST_F(QualityNotes, TellTwoEnvironmentsOfARunApartByTheirSlots) {
  for (const int64_t seed : {1, 2}) {
    const std::string digit = std::to_string(seed);
    db::RunRow row = run("gru4rec", "snqn", seed);
    use(&row, "tokens of lea.le", "aa", {{"loss", 1.5}}, {"reward", "state"});
    use(&row, "quality of lea.le", "bb" + digit, {{"accuracy", 0.5 + 0.1 * double(seed)}},
        {"augment", "reward"});
    use(&row, "quality of lea.le", "cc" + digit, {{"accuracy", 0.4}}, {"state"});
    put(row, 0.04);
  }
  EXPECT_THAT(table("text"),
              HasSubstr("Artefacts of gru4rec snqn: quality of lea.le in augment and reward: "
                        "accuracy .6 to .7; quality of lea.le in state: accuracy .4; tokens of "
                        "lea.le: loss 1.5.\n"));
}

TEST_F(QualityNotes, TellThemApartByTheirKeysWhereTheSlotsAreEqualOrUnknown) {
  for (const char* framework : {"snqn", "sa2c"}) {
    db::RunRow row = run("gru4rec", framework, 1);
    std::vector<std::string> slots;
    if (std::string(framework) == "sa2c") slots = {"reward"};
    use(&row, "quality of lea.le", "0123abcd9", {{"accuracy", 0.6}}, slots);
    use(&row, "quality of lea.le", "f123abcd9", {{"accuracy", 0.4}}, slots);
    put(row, 0.04);
  }
  EXPECT_THAT(table("text"),
              HasSubstr("Artefacts of gru4rec sa2c, gru4rec snqn: quality of lea.le, key 0123abcd: "
                        "accuracy .6; quality of lea.le, key f123abcd: accuracy .4.\n"));
}

TEST_F(QualityNotes, SayThatAnEnvironmentHasMemorised) {
  EXPECT_THAT(table_of({measured(0.7, 0.8)}),
              HasSubstr("accuracy .7 (text .6; memorised: .8 on what it has learned from).\n"));
}

TEST_F(QualityNotes, SayNothingOfADifferenceWithinTwoStandardErrorsOrOfOneTheOtherWay) {
  EXPECT_THAT(table_of({measured(0.7, 0.8, 0.04)}), HasSubstr("accuracy .7 (text .6).\n"));
  EXPECT_THAT(table_of({measured(0.8, 0.7)}), Not(HasSubstr("memorised")));
}

TEST_F(QualityNotes, CountHowManyOfSeveralHaveMemorised) {
  EXPECT_THAT(table_of({measured(0.7, 0.8), measured(0.7, 0.71)}),
              HasSubstr("accuracy .7 (best rule of each: text .6; memorised in 1 of 2: .8 on what "
                        "it has learned from).\n"));
}

TEST_F(QualityNotes, SayThatTheSpreadOfAFigureIsUnknown) {
  const json quality = {{"accuracy", 0.9}, {"accuracy.beside.text", 0.6}, {"loss", 1.5}};
  EXPECT_THAT(table_of({quality}), HasSubstr("accuracy .9 (spread unknown), loss 1.5.\n"));
}

TEST_F(QualityNotes, SayWhereTheQualityIsKnownOnlyForWhatWasLearnedFrom) {
  const json quality = {{"events", 0},
                        {"events.inside", 1500},
                        {"accuracy.inside", 0.8},
                        {"accuracy.inside_error", 0.01}};
  EXPECT_THAT(table_of({quality}),
              HasSubstr("quality of lea.le: accuracy.inside .8, events 0 (so the quality is known "
                        "only for what it has learned from).\n"));
}

TEST_F(QualityNotes, SayNothingMoreWhereNothingWasMeasuredAtAll) {
  const json quality = {{"events", 0}, {"events.inside", 0}};
  EXPECT_THAT(table_of({quality}), HasSubstr("quality of lea.le: events 0.\n"));
}

}  // namespace
}  // namespace lea::report
