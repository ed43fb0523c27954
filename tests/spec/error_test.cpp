// Every mistake that a spec can hold, with its whole message. A test is data: name, spec, message.
#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

struct Mistake {
  const char* name;
  std::string spec;  // a leading `+` stands for kBase, four lines
  std::string error;
  std::vector<std::string> set = {};
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class SpecMistake : public SpecTest, public ::testing::WithParamInterface<Mistake> {};

TEST_P(SpecMistake, IsExplained) {
  const std::string& spec = GetParam().spec;
  EXPECT_EQ(error_of(spec[0] == '+' ? kBase + spec.substr(1) : spec, GetParam().set),
            GetParam().error);
}

const std::vector<Mistake> kMistakes = {
    {"UnknownTopKey", "+trian: {}\n",
     "spec.yaml:5:1: trian: unknown key, did you mean `train`? (a spec has: extends, name, data, "
     "split, train, negatives, evaluate, backbone, framework, reward, state, augment, "
     "prepare, grid, "
     "overrides, environments, seeds, runs)"},
    {"UnknownTopKeyWithoutANearName", "+zzz: 1\n",
     "spec.yaml:5:1: zzz: unknown key (a spec has: extends, name, data, split, train, negatives, "
     "evaluate, backbone, framework, reward, state, augment, prepare, grid, overrides, "
     "environments, seeds, "
     "runs)"},
    {"EmptyTopValue", "+train:\n",
     "spec.yaml:5:1: train: has no value; state one or remove the line"},
    {"EmptyValue", "+train: {patience: }\n",
     "spec.yaml:5:19: train.patience: must be an integer from 1 to 1000000000, but is empty"},
    {"SectionThatIsAList", "+train: [1]\n", "spec.yaml:5:8: train: must be a map of settings"},
    {"TopLevelList", "[1, 2]\n",
     "spec.yaml:1:1: must be a map of settings, such as `name: my_experiment`"},
    {"TopLevelScalar", "hello\n",
     "spec.yaml:1:1: must be a map of settings, such as `name: my_experiment`"},
    {"TopLevelNull", "~\n",
     "spec.yaml:1:1: must be a map of settings, such as `name: my_experiment`"},
    {"MissingSeeds", "data: {name: a}\nframework: popularity\n",
     "spec.yaml:1:1: seeds: is required, for example `seeds: [1, 2, 3]`"},
    {"MissingData", "framework: popularity\nseeds: [1]\n",
     "spec.yaml:1:1: data.name: is required: the name of a data set in the lab"},
    {"MissingFramework", "data: {name: a}\nseeds: [1]\n",
     "spec.yaml:1:1: framework: is required, for example `framework: snqn`, or a list of them "
     "under `grid`"},
    {"MissingBackbone", "data: {name: a}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:1:1: backbone: is required: lea.snqn needs one, for example `backbone: gru4rec`"},
    {"EmptySeeds", "data: {name: a}\nframework: popularity\nseeds: []\n",
     "spec.yaml:3:8: seeds: must be a list of different seeds, such as [1, 2, 3]"},
    {"DuplicateSeeds", "data: {name: a}\nframework: popularity\nseeds: [1, 2, 1]\n",
     "spec.yaml:3:8: seeds: must be a list of different seeds, such as [1, 2, 3]"},
    {"ScalarSeeds", "data: {name: a}\nframework: popularity\nseeds: 3\n",
     "spec.yaml:3:8: seeds: must be a list of integers, each from 1 to 9e+15, but is `3`: write "
     "[3]"},
    {"NegativeSeed", "data: {name: a}\nframework: popularity\nseeds: [-1]\n",
     "spec.yaml:3:8: seeds: must be a list of integers, each from 1 to 9e+15, but is [-1]"},
    {"TextSeeds", "data: {name: a}\nframework: popularity\nseeds: [1, a]\n",
     "spec.yaml:3:12: seeds: must be a list of integers, each from 1 to 9e+15, but is `a`: it is "
     "not a number"},
    {"UnknownSectionKey", "+train: {lerning_rate: 1}\n",
     "spec.yaml:5:9: train.lerning_rate: unknown key, did you mean `learning_rate`? (`train` has: "
     "batch_size, learning_rate, sampling, max_steps, validate_every, patience, min_steps, "
     "stop_on, drop_learning_rate_at, dropped_learning_rate, fresh_optimizer, log_every, device, "
     "threads, weight_decay, keep)"},
    {"OctalInteger", "+train: {batch_size: 010}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `010`: "
     "leading zeros are read as octal by some; write it without"},
    {"HexadecimalInteger", "+train: {batch_size: 0x10}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `0x10`: write "
     "it in decimal"},
    {"UnderscoredInteger", "+train: {batch_size: 1_000}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `1_000`: "
     "write the digits without `_`"},
    {"FractionForAnInteger", "+train: {batch_size: 1.5}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `1.5`: it is "
     "not an integer"},
    {"NegativeInteger", "+train: {batch_size: -1}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `-1`"},
    {"ZeroBatch", "+train: {batch_size: 0}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `0`"},
    {"ZeroSteps", "+train: {max_steps: 0}\n",
     "spec.yaml:5:20: train.max_steps: must be an integer from 1 to 1000000000, but is `0`"},
    {"QuotedInteger", "+train: {batch_size: \"5\"}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `5`: it is "
     "text in quotes; remove the quotes"},
    {"SexagesimalInteger", "+train: {batch_size: 12:30:45}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is `12:30:45`: "
     "it is not a number"},
    {"HugeInteger", "+train: {batch_size: 99999999999999999999}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is "
     "`99999999999999999999`: it does not fit into an integer of 64 bits"},
    {"ListForAnInteger", "+train: {batch_size: [5]}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is a list"},
    {"MapForAnInteger", "+train: {batch_size: {a: 5}}\n",
     "spec.yaml:5:21: train.batch_size: must be an integer from 1 to 1000000, but is a map"},
    {"NegativeLearningRate", "+train: {learning_rate: -0.1}\n",
     "spec.yaml:5:24: train.learning_rate: must be a number from 0 to 10, but is `-0.1`"},
    {"OverflowingReal", "+train: {learning_rate: 1e400}\n",
     "spec.yaml:5:24: train.learning_rate: must be a number from 0 to 10, but is `1e400`: it does "
     "not fit into a number of 64 bits"},
    {"NotANumberReal", "+train: {learning_rate: .nan}\n",
     "spec.yaml:5:24: train.learning_rate: must be a number from 0 to 10, but is `.nan`: it must "
     "be finite"},
    {"InfiniteReal", "+train: {learning_rate: .inf}\n",
     "spec.yaml:5:24: train.learning_rate: must be a number from 0 to 10, but is `.inf`: it must "
     "be finite"},
    {"TextForAReal", "+train: {learning_rate: fast}\n",
     "spec.yaml:5:24: train.learning_rate: must be a number from 0 to 10, but is `fast`: it is not "
     "a number"},
    {"YesForABoolean", "+train: {fresh_optimizer: yes}\n",
     "spec.yaml:5:26: train.fresh_optimizer: must be true or false, but is `yes`"},
    {"OneForABoolean", "+train: {fresh_optimizer: 1}\n",
     "spec.yaml:5:26: train.fresh_optimizer: must be true or false, but is `1`"},
    {"QuotedBoolean", "+train: {fresh_optimizer: \"true\"}\n",
     "spec.yaml:5:26: train.fresh_optimizer: must be true or false, but is `true`: it is text in "
     "quotes; remove the quotes"},
    {"UnknownChoice", "+train: {sampling: replya}\n",
     "spec.yaml:5:19: train.sampling: must be one of replay, epochs, but is `replya`, did you mean "
     "`replay`?"},
    {"ListForAText", "+train: {device: [cpu]}\n",
     "spec.yaml:5:17: train.device: must be text, but is a list"},
    {"ScalarForAList", "+evaluate: {k: 5}\n",
     "spec.yaml:5:15: evaluate.k: must be a list of integers, each from 1 to 1000000, but is `5`: "
     "write [5]"},
    {"FractionInAList", "+evaluate: {k: [5, 1.5]}\n",
     "spec.yaml:5:19: evaluate.k: must be a list of integers, each from 1 to 1000000, but is "
     "`1.5`: it is not an integer"},
    {"EmptyCuts", "+evaluate: {k: []}\n",
     "spec.yaml:5:15: evaluate.k: must be a list of different cuts, such as [5, 10, 20]"},
    {"RepeatedCuts", "+evaluate: {k: [5, 5]}\n",
     "spec.yaml:5:15: evaluate.k: must be a list of different cuts, such as [5, 10, 20]"},
    {"UnknownMetric", "+train: {stop_on: ncdg@20}\n",
     "spec.yaml:5:18: train.stop_on: must be hr@K, ndcg@K or mrr@K, such as ndcg@20, but is "
     "`ncdg@20`"},
    {"MetricWithoutACut", "+train: {stop_on: ndcg}\n",
     "spec.yaml:5:18: train.stop_on: must be hr@K, ndcg@K or mrr@K, such as ndcg@20, but is "
     "`ndcg`"},
    {"UnknownDevice", "+train: {device: gpu}\n",
     "spec.yaml:5:17: train.device: must be cpu, cuda or cuda:N, such as cuda:0, but is `gpu`"},
    {"DeviceWithoutANumber", "+train: {device: \"cuda:\"}\n",
     "spec.yaml:5:17: train.device: must be cpu, cuda or cuda:N, such as cuda:0, but is `cuda:`"},
    {"DeviceBeyondWhatLibTorchCounts", "+train: {device: \"cuda:128\"}\n",
     "spec.yaml:5:17: train.device: must be cpu, cuda or cuda:N, such as cuda:0, but is "
     "`cuda:128`"},
    {"OneDataSetWithTwoContents", "+grid: {data.min_item: [0, 6]}\n",
     "spec.yaml:5:27: data.min_item: differs among the cells that use the data set `small`, which "
     "is "
     "imported once; give each variant a data.name of its own"},
    {"RatiosThatDoNotAddUp", "+split: {ratios: [0.8, 0.1, 0.2]}\n",
     "spec.yaml:5:17: split.ratios: must be three shares (train, valid, test) that add up to 1, "
     "the first above 0"},
    {"TwoRatios", "+split: {ratios: [0.8, 0.2]}\n",
     "spec.yaml:5:17: split.ratios: must be three shares (train, valid, test) that add up to 1, "
     "the first above 0"},
    {"SplitByFileWithoutAPath", "+split: {by: file}\n",
     "spec.yaml:5:9: split.path: is required by `by: file`: a TSV of user_id and part"},
    {"SplitByAMissingFile", "+split: {by: file, path: none.tsv}\n",
     "spec.yaml:5:25: split.path: none.tsv: cannot be read: No such file or directory"},
    {"SplitByAFolder", "+split: {by: file, path: .}\n",
     "spec.yaml:5:25: split.path: : cannot be read: it is not a regular file"},
    {"SplitTimesTheWrongWayRound", "+split: {by: time, valid_from: 5, test_from: 4}\n",
     "spec.yaml:5:31: split.valid_from: must not be later than split.test_from"},
    {"SplitTimeThatIsZero", "+split: {by: time, valid_from: 0, test_from: 5}\n",
     "spec.yaml:5:31: split.valid_from: is 0, which stands for a bound that follows from "
     "split.ratios; leave it out for that, or state -5e-324, the largest number below 0, to cut at "
     "the timestamp 0"},
    {"PoolSmallerThanTheCount", "+negatives: {from: pool, count: 5, pool: 4}\n",
     "spec.yaml:5:41: negatives.pool: must be at least negatives.count (5), but is 4"},
    {"UnknownPlugin", "data: {name: a}\nbackbone: gru4reck\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: unknown backbone `gru4reck`, did you mean `gru4rec`? (there are: "
     "lea.gru4rec, lea.sasrec, lea.twice, other.twice)"},
    {"UnknownFullId", "data: {name: a}\nbackbone: lea.sasrek\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: unknown backbone `lea.sasrek`, did you mean `lea.sasrec`? (there "
     "are: lea.gru4rec, lea.sasrec, lea.twice, other.twice)"},
    {"AmbiguousPlugin", "data: {name: a}\nbackbone: twice\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: `twice` is ambiguous: it can be lea.twice, other.twice; write the "
     "full id"},
    {"PathLikePlugin", "data: {name: a}\nbackbone: ./evil.so\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: `./evil.so` is a path; a plugin is named by its id and loaded from "
     "the plugin folders"},
    {"PluginOfAnotherKind", "data: {name: a}\nbackbone: snqn\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: unknown backbone `snqn` (there are: lea.gru4rec, lea.sasrec, "
     "lea.twice, other.twice)"},
    {"UnknownParameter",
     "data: {name: a}\nbackbone: {sasrec: {block: 2}}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:21: backbone.sasrec.block: unknown key, did you mean `blocks`? (lea.sasrec has: "
     "width, blocks, dropout)"},
    {"ParameterOutOfRange",
     "data: {name: a}\nbackbone: {sasrec: {width: 1e12}}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:28: backbone.sasrec.width: must be an integer from 1 to 4096, but is `1e12`"},
    {"ParameterOfWrongType",
     "data: {name: a}\nbackbone: {sasrec: {dropout: high}}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:30: backbone.sasrec.dropout: must be a number from 0 to 0.99, but is `high`: it "
     "is not a number"},
    {"PluginParameterChoice",
     "data: {name: a}\nbackbone: gru4rec\nframework: {snqn: {target: duoble}}\nseeds: [1]\n",
     "spec.yaml:3:28: framework.snqn.target: must be one of double, plain, but is `duoble`, did "
     "you mean `double`?"},
    {"ParametersBesideThePlugin",
     "data: {name: a}\nbackbone: {sasrec: {}, blocks: 2}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:24: backbone: names two plugins, `sasrec` and `blocks`; parameters stand one "
     "level deeper: {name: {parameter: value}}"},
    {"ParametersThatAreNoMap",
     "data: {name: a}\nbackbone: {sasrec: 2}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:20: backbone.sasrec: must be a map of parameters; write {} for none"},
    {"EmptyParameters", "data: {name: a}\nbackbone: {sasrec: }\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:20: backbone.sasrec: must be a map of parameters; write {} for none"},
    {"PluginThatIsAList", "data: {name: a}\nbackbone: [gru4rec]\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: must be a name, or {name: {parameter: value}}"},
    {"PluginThatIsEmpty", "data: {name: a}\nbackbone: \"\"\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:11: backbone: must be a name, or {name: {parameter: value}}"},
    {"LabelThatIsAList",
     "data: {name: a}\nbackbone: {sasrec: {}, label: [1]}\nframework: snqn\nseeds: [1]\n",
     "spec.yaml:2:31: backbone.label: must be text"},
    {"UnknownEnvironment", "+reward: predefind\n",
     "spec.yaml:5:9: reward: unknown environment `predefind`, did you mean `predefined`? (there "
     "are: lea.le, lea.predefined, lea.shuffled, lea.table)"},
    {"UnknownDeclaredEnvironment", "+environments: {mine: le}\nreward: mime\n",
     "spec.yaml:6:9: reward: unknown environment `mime`, did you mean `mine`? (there are: mine, "
     "lea.le, lea.predefined, lea.shuffled, lea.table)"},
    {"RewardThatIsNone", "+reward: none\n",
     "spec.yaml:5:9: reward: lea.snqn learns from rewards; name an environment"},
    {"StateWithoutStates", "+state: predefined\n",
     "spec.yaml:5:8: state: lea.predefined gives rewards but no states"},
    {"StateFieldsWithoutAnEnvironment", "+state: {combine: replace}\n",
     "spec.yaml:5:8: state: lacks `of`, the environment that it is about"},
    {"UnknownStateField", "+state: {of: le, projekt: 4}\n",
     "spec.yaml:5:17: state.projekt: unknown key, did you mean `project`? (`state` has: combine, "
     "project)"},
    {"AugmentWeightOutOfRange", "+augment: {of: random, q_weight: -1}\n",
     "spec.yaml:5:33: augment.q_weight: must be a number from 0 to 1000000, but is `-1`"},
    {"UnknownAugmenter", "+augment: randon\n",
     "spec.yaml:5:10: augment: unknown augmenter `randon`, did you mean `random`? (there are: "
     "lea.random)"},
    {"RequiredParameter", "+reward: shuffled\n",
     "spec.yaml:5:9: reward.shuffled.of: is required: whose rewards"},
    {"CyclicEnvironments",
     "+environments: {a: {shuffled: {of: b}}, b: {shuffled: {of: a}}}\nreward: a\n",
     "spec.yaml:5:59: environments.b.shuffled.of: environments go in a circle: a -> b -> a"},
    {"SelfReferringEnvironment", "+environments: {a: {shuffled: {of: a}}}\nreward: a\n",
     "spec.yaml:5:35: environments.a.shuffled.of: environments go in a circle: a -> a"},
    {"UnusedEnvironmentWithAMisspeltPlugin", "+environments: {mine: {suffled: {of: le}}}\n",
     "spec.yaml:5:23: environments.mine: unknown environment `suffled`, did you mean `shuffled`? "
     "(there are: lea.le, lea.predefined, lea.shuffled, lea.table)"},
    {"UnusedEnvironmentWithAWrongParameter", "+environments: {mine: {le: {potion: 0.5}}}\n",
     "spec.yaml:5:28: environments.mine.le.potion: unknown key, did you mean `portion`? (lea.le "
     "has: portion)"},
    {"UnusedEnvironmentInsideAnother",
     "+environments: {mine: {shuffled: {of: {le: {portion: 7}}}}}\n",
     "spec.yaml:5:53: environments.mine.shuffled.of.le.portion: must be a number from 0 to 1, but "
     "is `7`"},
    {"AxisOfAnUnusedEnvironment",
     "+environments: {mine: le}\ngrid: {environments.mine.portion: [0.5, 7]}\n",
     "spec.yaml:6:41: environments.mine.le.portion: must be a number from 0 to 1, but is `7`"},
    {"EnvironmentCalledNone", "+environments: {none: le}\n",
     "spec.yaml:5:16: environments.none: an environment cannot have this name"},
    {"EnvironmentsThatAreAList", "+environments: [le]\n",
     "spec.yaml:5:15: environments: must be a map of names to environments"},
    {"ParametersOfADeclaredEnvironment", "+environments: {a: le}\nreward: {a: {portion: 0.5}}\n",
     "spec.yaml:6:14: reward.a: is declared under `environments`; state its parameters there"},
    {"MissingFileParameter", "+reward: {table: {rewards: none.tsv}}\n",
     "spec.yaml:5:27: reward.table.rewards: none.tsv: cannot be read: No such file or directory"},
    {"GridThatIsAList", "+grid: [1]\n",
     "spec.yaml:5:7: grid: must be a map of axes, such as {framework: [snqn, sa2c]}"},
    {"EmptyAxis", "+grid: {backbone: []}\n",
     "spec.yaml:5:18: grid.backbone: must be a list of values, such as [a, b]"},
    {"ScalarAxis", "+grid: {backbone: sasrec}\n",
     "spec.yaml:5:18: grid.backbone: must be a list of values, such as [a, b]"},
    {"UnknownAxis", "+grid: {bakbone: [sasrec]}\n",
     "spec.yaml:5:8: grid.bakbone: unknown key, did you mean `backbone`? (allowed: backbone, "
     "framework, reward, state, augment, variant, zip, exclude, include, overrides, or a dotted "
     "key such as train.learning_rate)"},
    {"AxisWithoutItsSection", "+grid: {learning_rate: [1]}\n",
     "spec.yaml:5:8: grid.learning_rate: unknown key, did you mean `train.learning_rate`? "
     "(allowed: backbone, framework, reward, state, augment, variant, zip, exclude, include, "
     "overrides, or a dotted key such as train.learning_rate)"},
    {"SeedAxis", "+grid: {seed: [1, 2]}\n",
     "spec.yaml:5:8: grid.seed: unknown key; `seeds` stands at the top of a spec (allowed: "
     "backbone, framework, reward, state, augment, variant, zip, exclude, include, overrides, or a "
     "dotted key such as train.learning_rate)"},
    {"UnknownKeyOnAnAxis", "+grid: {train.lerning_rate: [1]}\n",
     "spec.yaml:5:8: grid.train.lerning_rate: unknown key, did you mean `learning_rate`? (`train` "
     "has: batch_size, learning_rate, sampling, max_steps, validate_every, patience, min_steps, "
     "stop_on, drop_learning_rate_at, dropped_learning_rate, fresh_optimizer, log_every, device, "
     "threads, weight_decay, keep)"},
    {"AxisOfAnUndeclaredEnvironment", "+grid: {environments.e.portion: [1]}\n",
     "spec.yaml:5:8: grid.environments.e.portion: no environment `e` is declared"},
    {"DuplicateAxisValue", "+grid: {backbone: [sasrec, gru4rec, sasrec]}\n",
     "spec.yaml:5:36: grid.backbone[2]: has the same label `sasrec` as [0]; remove it, or tell "
     "them apart with `label`"},
    {"SameRunsUnderTwoNames", "+grid: {backbone: [sasrec, lea.sasrec]}\n",
     "spec.yaml:5:27: grid.backbone: `lea.sasrec` gives the same runs as `sasrec`; remove one"},
    {"MixedAxis", "+grid: {train.patience: [1, a]}\n",
     "spec.yaml:5:28: train.patience: must be an integer from 1 to 1000000000, but is `a`: it is "
     "not a number"},
    {"WrongValueOnAnAxis", "+grid: {framework.gamma: [0.1, 2]}\n",
     "spec.yaml:5:31: framework.snqn.gamma: must be a number from 0 to 1, but is `2`"},
    {"AxisOfAParameterThatAPluginLacks", "+grid: {backbone.heads: [1, 2]}\n",
     "spec.yaml:5:8: backbone.gru4rec.heads: unknown key (lea.gru4rec has: width, blocks, "
     "dropout)"},
    {"UnknownPluginOnAnAxis", "+grid: {framework: [snqn, sa3c]}\n",
     "spec.yaml:5:26: framework: unknown framework `sa3c` (there are: lea.popularity, lea.snqn, "
     "lea.supervised)"},
    {"ExcludeOfAnUnknownAxis", "+grid: {framework: [snqn], exclude: [{backbone: sasrec}]}\n",
     "spec.yaml:5:38: grid.exclude[0]: `backbone` is no axis of this grid (it has: framework)"},
    {"ExcludeOfAnUnknownValue", "+grid: {framework: [snqn], exclude: [{framework: snqm}]}\n",
     "spec.yaml:5:49: grid.exclude[0].framework: `snqm` is no value of this axis, did you mean "
     "`snqn`? (it has: snqn)"},
    {"ExcludeThatIsAMap", "+grid: {framework: [snqn], exclude: {framework: snqn}}\n",
     "spec.yaml:5:36: grid.exclude: must be a list of maps, such as [{backbone: sasrec, framework: "
     "sa2c}]"},
    {"ExcludeOfNothing", "+grid: {framework: [snqn], exclude: [{}]}\n",
     "spec.yaml:5:37: grid.exclude[0]: must name at least one axis"},
    {"ExcludeOfEverything", "+grid: {framework: [snqn], exclude: [{framework: snqn}]}\n",
     "spec.yaml:1:1: grid.exclude: leaves no run"},
    {"IncludeOfAnUnknownAxis", "+grid: {framework: [snqn], include: [{backbone: sasrec}]}\n",
     "spec.yaml:5:38: grid.include[0]: `backbone` is no axis of this grid (it has: framework)"},
    {"OverridesThatAreAMap", "+overrides: {set: {}}\n",
     "spec.yaml:5:12: overrides: must be a list of maps, such as [{when: {framework: sa2c}, set: "
     "{train.patience: 3}}]"},
    {"OverrideWithoutSet", "+overrides: [{when: {framework: snqn}}]\n",
     "spec.yaml:5:13: overrides: lacks `set`, the values that it assigns"},
    {"OverrideOfAnUnknownKey", "+overrides: [{set: {train.patients: 3}}]\n",
     "spec.yaml:5:20: overrides.set.train.patients: unknown key, did you mean `patience`? (`train` "
     "has: batch_size, learning_rate, sampling, max_steps, validate_every, patience, min_steps, "
     "stop_on, drop_learning_rate_at, dropped_learning_rate, fresh_optimizer, log_every, device, "
     "threads, weight_decay, keep)"},
    {"OverrideWithAnUnknownPart",
     "+overrides: [{wen: {framework: snqn}, set: {train.patience: 3}}]\n",
     "spec.yaml:5:14: overrides: unknown key `wen`, did you mean `when`? (allowed: when, set)"},
    {"OverrideForAnUnknownPlugin",
     "+overrides: [{when: {framework: snqm}, set: {train.patience: 3}}]\n",
     "spec.yaml:5:32: overrides.when.framework: unknown framework `snqm`, did you mean `snqn`? "
     "(there are: lea.popularity, lea.snqn, lea.supervised)"},
    {"OverrideForAnUnknownSlot",
     "+overrides: [{when: {framwork: snqn}, set: {train.patience: 3}}]\n",
     "spec.yaml:5:21: overrides.when: unknown slot `framwork`, did you mean `framework`? (allowed: "
     "backbone, framework, reward, state, augment)"},
    {"OverrideOfAParameterThatThePluginLacks", "+overrides: [{set: {backbone.heads: 3}}]\n",
     "spec.yaml:5:20: backbone.gru4rec.heads: unknown key (lea.gru4rec has: width, blocks, "
     "dropout)"},
    {"NameWithASlash", "+name: ../x\n",
     "spec.yaml:5:7: name: must be letters, digits, `.`, `_` and `-` (at most 100, no leading `.` "
     "or `-`), but is `../x`"},
    {"NameWithALeadingDot", "+name: .x\n",
     "spec.yaml:5:7: name: must be letters, digits, `.`, `_` and `-` (at most 100, no leading `.` "
     "or `-`), but is `.x`"},
    {"NameThatIsAFormula", "+name: \"=1+1\"\n",
     "spec.yaml:5:7: name: must be letters, digits, `.`, `_` and `-` (at most 100, no leading `.` "
     "or `-`), but is `=1+1`"},
    {"DataNameThatClimbs", "data: {name: ../../etc}\nframework: popularity\nseeds: [1]\n",
     "spec.yaml:1:14: data.name: must be letters, digits, `.`, `_` and `-` (at most 100, no "
     "leading `.` or `-`), but is `../../etc`"},
    {"RunsThatAreNone", "+runs: none\n",
     "spec.yaml:5:7: runs: must be an integer from 1 to 100000, but is `none`: it is not a number"},
    {"SetOfAnUnknownKey",
     "+",
     "--set train.batchsize=5: train.batchsize: unknown key, did you mean `batch_size`? (`train` "
     "has: batch_size, learning_rate, sampling, max_steps, validate_every, patience, min_steps, "
     "stop_on, drop_learning_rate_at, dropped_learning_rate, fresh_optimizer, log_every, device, "
     "threads, weight_decay, keep)",
     {"train.batchsize=5"}},
    {"SetOfAWrongValue",
     "+",
     "--set train.batch_size=many: train.batch_size: must be an integer from 1 to 1000000, but is "
     "`many`: it is not a number",
     {"train.batch_size=many"}},
    {"SetOfBrokenYaml",
     "+",
     "--set train.batch_size=[1: is not YAML: end of sequence flow not found",
     {"train.batch_size=[1"}},
    {"SetOfATextThatBeginsWithABrace",
     "+",
     "--set data.name={item} is: more text follows behind the end of the value. A text that begins "
     "with `{` or `[` needs quotes of its own, as in --set 'key=\"{item} is\"'",
     {"data.name={item} is"}},
    {"SetBesideWhatTheSpecLacks",
     "data: {name: a}\nframework: popularity\n",
     "spec.yaml:1:1: seeds: is required, for example `seeds: [1, 2, 3]`",
     {"data.name=b"}},
    {"MisspeltEnvironments", "+environmnts: {e: le}\nreward: e\n",
     "spec.yaml:5:1: environmnts: unknown key, did you mean `environments`? (a spec has: extends, "
     "name, data, split, train, negatives, evaluate, backbone, framework, reward, state, augment, "
     "prepare, grid, overrides, environments, seeds, runs)"},
    {"SetOfNothing", "+", "--set train.batch_size=: is empty", {"train.batch_size="}},
    {"SetOfAnUnknownSection",
     "+",
     "--set trian.batch_size=1: trian: unknown key, did you mean `train`? (a spec has: extends, "
     "name, data, split, train, negatives, evaluate, backbone, framework, reward, state, augment, "
     "prepare, grid, overrides, environments, seeds, runs)",
     {"trian.batch_size=1"}},
    {"SetOfAParameterThatThePluginLacks",
     "+",
     "--set backbone.heads=2: backbone.gru4rec.heads: unknown key (lea.gru4rec has: width, blocks, "
     "dropout)",
     {"backbone.heads=2"}},
    {"SetOfASlotThatIsAnAxis",
     "+grid: {backbone: [sasrec]}\n",
     "spec.yaml:5:8: grid.backbone: is an axis, and `backbone` is set later to one value; set the "
     "axis (grid.backbone) instead",
     {"backbone=gru4rec"}},
};

INSTANTIATE_TEST_SUITE_P(All, SpecMistake, ::testing::ValuesIn(kMistakes),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lea::spec
