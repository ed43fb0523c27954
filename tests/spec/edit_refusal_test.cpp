// Edits that are refused, each with its whole message.
#include "core/base/error.h"
#include "tests/spec/edited.h"

namespace lea::spec {
namespace {

class SpecEditRefuses : public ::testing::TestWithParam<Edited> {};

TEST_P(SpecEditRefuses, AndSaysWhereAndWhy) {
  try {
    FAIL() << edit(GetParam());
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), GetParam().after);
  }
}

const std::string kShared = "a:\n  b: &x {c: 1, d: [1, 2]}\n  e:\n    - f: *x\n    - g: *x\n";

const std::vector<Edited> kRefused = {
    {"AnAliasOnTheWay",
     Do::kSet,
     kShared,
     {"a", "e", kSecond, "g", "c"},
     "5",
     "f:5:10: a.e[1].g: is an alias of the value in line 2, which would change; state it as a "
     "whole here"},
    {"AValueThatAnAliasMeansOnTheWay",
     Do::kSet,
     kShared,
     {"a", "b", "c"},
     "5",
     "f:2:6: a.b: is also meant by the alias in line 4; state that one as a whole first"},
    {"AnItemOfAListWithinSuchAValue",
     Do::kInsert,
     kShared,
     {"a", "b", "d", kFirst},
     "5",
     "f:2:6: a.b: is also meant by the alias in line 4; state that one as a whole first"},
    {"ReplacingAValueThatAnAliasMeans",
     Do::kSet,
     kShared,
     {"a", "b"},
     "5",
     "f:2:6: a.b: is also meant by the alias in line 4; state that one as a whole first"},
    {"RemovingAValueThatAnAliasMeans",
     Do::kRemove,
     kShared,
     {"a", "b"},
     "",
     "f:2:6: a.b: is also meant by the alias in line 4; state that one as a whole first"},
    {"RemovingAKeyThatAnAliasMeans",
     Do::kRemove,
     "&k a: 1\nb: *k\n",
     {"a"},
     "",
     "f:1:1: a: is also meant by the alias in line 2; state that one as a whole first"},
    {"MergeKeys",
     Do::kSet,
     "a: &x {b: 1}\nc:\n  <<: *x\n",
     {"c", "b"},
     "5",
     "f:3:3: merge keys (`<<`) are not used in a spec; use `extends`"},
    {"AKeyThatIsStatedTwice",
     Do::kSet,
     "a: 1\nb: 2\na: 3\n",
     {"a"},
     "5",
     "f:3:1: duplicate key `a`, first stated in line 1"},
    {"ATextThatIsNoYaml",
     Do::kSet,
     "a: [1\n",
     {"a"},
     "5",
     "f:2:1: is not YAML: end of sequence flow not found"},
    {"AValueThatIsNoYaml",
     Do::kSet,
     "a: 1\n",
     {"a", "b"},
     "[1",
     "the value of a.b: is not YAML: end of sequence flow not found"},
    {"AValueThatIsEmpty", Do::kSet, "a: 1\n", {"a"}, " # c", "the value of a: is empty"},
    {"AScalarOnTheWay",
     Do::kSet,
     "backbone: sasrec\n",
     {"backbone", "sasrec", "blocks"},
     "2",
     "f:1:11: backbone: is no map; state it as a whole"},
    {"AKeyOfAList",
     Do::kSet,
     "a: [1]\n",
     {"a", "b"},
     "2",
     "f:1:4: a: is no map; state it as a whole"},
    {"AnIndexOfAMap",
     Do::kRemove,
     "a: {b: 1}\n",
     {"a", kFirst},
     "",
     "f:1:4: a: is no list; state it as a whole"},
    {"AnItemThatIsNotThere",
     Do::kSet,
     "a: [1]\n",
     {"a", kSecond},
     "2",
     "f:1:4: a[1]: is not there; the list has 1 item"},
    {"AnItemOfAListThatIsNotThere",
     Do::kSet,
     "a: 1\n",
     {"b", kFirst},
     "2",
     "f:1:1: b[0]: is not there; the list has 0 items"},
    {"InsertingTooFar",
     Do::kInsert,
     "a: [1, 2]\n",
     {"a", size_t{4}},
     "2",
     "f:1:4: a[4]: is not there; the list has 2 items"},
    {"InsertingFarIntoAListThatIsNotThere",
     Do::kInsert,
     "a: 1\n",
     {"b", kSecond},
     "2",
     "f:1:1: b[1]: is not there; the list has 0 items"},
    {"InsertingIntoAMap",
     Do::kInsert,
     "a: {b: 1}\n",
     {"a", kFirst},
     "2",
     "f:1:4: a: is no list, so an item cannot be added to it"},
    {"InsertingAKey",
     Do::kInsert,
     "a: [1]\n",
     {"a", "b"},
     "2",
     "f:1:4: a: is no list, so an item cannot be added to it"},
    {"InsertingIntoATextWithoutContent",
     Do::kInsert,
     "# none\n",
     {kFirst},
     "2",
     "f:1:1: is no list, so an item cannot be added to it"},
    {"RemovingAKeyThatIsNotThere",
     Do::kRemove,
     "train: {patience: 1, rate: 2}\n",
     {"train", "patienc"},
     "",
     "f:1:8: train.patienc: is not stated, did you mean `patience`? (there are: patience, rate)"},
    {"RemovingBelowAKeyThatIsNotThere",
     Do::kRemove,
     "a: 1\n",
     {"train", "rate"},
     "",
     "f:1:1: train: is not stated (there are: a)"},
    {"RemovingAnItemThatIsNotThere",
     Do::kRemove,
     "a: [1]\n",
     {"a", kSecond},
     "",
     "f:1:4: a[1]: is not there; the list has 1 item"},
    {"RemovingFromAnEmptyText",
     Do::kRemove,
     "",
     {"a"},
     "",
     "f:1:1: a: is not stated (there are: none)"},
    {"AKeyMarkedWithAQuestionMark",
     Do::kSet,
     "a: 1\n? b\n: 2\n",
     {"a"},
     "5",
     "f:2:1: is written in a form that this does not edit; change it in the text"},
    {"ALineBelowALiteralScalarWithoutALineBreak",
     Do::kSet,
     "a: |\n  text",
     {"b"},
     "5",
     "f:1:1: b: is written in a form that this does not edit; change it in the text"},
};

INSTANTIATE_TEST_SUITE_P(All, SpecEditRefuses, ::testing::ValuesIn(kRefused), name_of);

TEST(SpecEdits, NeedAPath) {
  EXPECT_THROW(set_value("a: 1\n", {}, "5", "f"), std::invalid_argument);
  EXPECT_THROW(insert_item("a: 1\n", {}, "5", "f"), std::invalid_argument);
  EXPECT_THROW(remove_value("a: 1\n", {}, "f"), std::invalid_argument);
}

TEST(SpecEdits, OfATextThatIsTooLongAreRefused) {
  try {
    set_value("a: 1\n" + std::string(size_t{5} << 20, '#'), {"a"}, "5", "f");
    FAIL() << "was not refused";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), "f:1:1: is longer than 1048576 bytes");
  }
}

}  // namespace
}  // namespace lea::spec
