#include "tests/contract/short_run.h"

#include <stdlib.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "core/base/files.h"
#include "core/data/counter_random.h"
#include "core/data/import.h"
#include "core/data/item_texts.h"
#include "core/eval/ranks.h"
#include "core/spec/plugin_info.h"
#include "core/train/checkpoint.h"
#include "core/train/context.h"
#include "core/train/determinism.h"
#include "core/worker/trial_artefacts.h"

namespace lea::short_run {
namespace {

constexpr uint64_t kItems = 120, kSequences = 240;
constexpr int64_t kHistory = 5;

// The files of a run in the study's folder.
constexpr const char *kCheckpoint = "run/checkpoint", *kRanks = "run/ranks",
                     *kValidRanks = "run/valid_ranks";

// Every number of the study is whole or a count of thousandths, so that no rounding depends on the
// machine.
std::string thousandths(uint64_t value) {
  const std::string digits = std::to_string(value % 1000);
  return std::to_string(value / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
}

// "i17", "u3".
std::string id(char letter, uint64_t number) {
  std::string id(1, letter);
  return id += std::to_string(number);
}

// Items of a sequence: three of five follow the item before, the others are drawn, low ones more
// often.
std::vector<uint64_t> walk(uint64_t sequence) {
  data::CounterRandom random(1000 + sequence);
  std::vector<uint64_t> items = {random.below(kItems)};
  for (uint64_t more = 4 + random.below(9); more > 0; --more) {
    const uint64_t popular = std::min(random.below(kItems), random.below(kItems));
    items.push_back(random.below(5) < 3 ? (items.back() * 7 + 3) % kItems : popular);
  }
  return items;
}

void write_interactions(const std::string& path) {
  data::CounterRandom random(1);
  std::ofstream file(path);
  file << "user_id\titem_id\ttimestamp\tbehaviour\n";
  for (uint64_t s = 0; s < kSequences; ++s) {
    const std::vector<uint64_t> items = walk(s);
    for (size_t t = 0; t < items.size(); ++t) {
      file << id('u', s) << '\t' << id('i', items[t]) << '\t' << t << '\t'
           << (random.below(5) == 0 ? "buy" : "click") << '\n';
    }
  }
}

// Each title has a word of the item's own and two that it shares: one with 0 to 20 items, one with 16.
// The groups differ in size, because equal ones would have equal singular values.
void write_items(const std::string& path) {
  std::ofstream file(path);
  file << "item_id\ttitle\n";
  for (uint64_t item = 0; item < kItems; ++item) {
    uint64_t root = 0;
    while ((root + 1) * (root + 1) <= item) ++root;
    file << id('i', item) << '\t' << id('w', item) << ' ' << id('a', root) << ' '
         << id('b', item % 7) << '\n';
  }
}

// Keeps the losses and nothing else.
class Losses final : public train::Progress {
 public:
  void on_step(int64_t, int64_t, const std::string&) override {}
  void on_record(const nlohmann::json& record) override {
    if (record.at("type") == "train") losses.push_back(record.at("loss").get<double>());
  }
  uint64_t journal_length() override { return 0; }
  void cut_journal(uint64_t) override {}
  void say(const std::string&) override {}
  bool stop_requested() override { return false; }

  std::vector<double> losses;
};

double mean_rank(const eval::RankFile& file) {
  double sum = 0;
  for (const eval::RankRecord& record : file.records) sum += record.rank + record.ties / 2.0;
  return sum / static_cast<double>(file.records.size());
}

double root_mean_square(const std::map<std::string, Tensor>& tensors) {
  double sum = 0;
  int64_t count = 0;
  for (const auto& [name, tensor] : tensors) {
    sum += tensor.to(at::kDouble).square().sum().item<double>();
    count += tensor.numel();
  }
  return std::sqrt(sum / static_cast<double>(count));
}

}  // namespace

worker::Registry& registry() {
  static worker::Registry registry({std::string(LEA_BINARY_DIR) + "/plugins"});
  return registry;
}

Study::Study() {
  train::require_determinism();
  folder_ = (std::filesystem::temp_directory_path() / "lea-short-run-XXXXXX").string();
  if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  std::filesystem::create_directories(path("data"));
  write_interactions(path("interactions.tsv"));
  write_items(path("items.tsv"));
  data_ = data::import_dataset(folder_, "short", folder_, {});
  spec::SplitSection section;
  section.ratios = {0.7, 0.1, 0.2};
  split_ = std::make_shared<data::Split>(data::make_split(*data_, section));
  training_ = train::training_events(*data_, *split_, kHistory).data;
  write_tables();
}

Study::~Study() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// For every event: the rewards of its item and of three others, a state and a proposal.
void Study::write_tables() const {
  data::CounterRandom random(2);
  std::ofstream rewards(path("rewards")), states(path("states")), proposals(path("proposals"));
  rewards << "sequence_id\tposition\titem_id\treward\n";
  states << "sequence_id\tposition\tv1\tv2\tv3\tv4\n";
  proposals << "sequence_id\tposition\titem_id\n";
  for (uint64_t s = 0; s < kSequences; ++s) {
    const std::vector<uint64_t> items = walk(s);
    for (size_t t = 0; t < items.size(); ++t) {
      const std::string event = id('u', s) + "\t" + std::to_string(t) + "\t";
      rewards << event << id('i', items[t]) << '\t' << thousandths(500 + random.below(1000))
              << '\n';
      for (uint64_t other = 1; other <= 3; ++other) {
        rewards << event << id('i', (items[t] + other) % kItems) << '\t'
                << thousandths(random.below(500)) << '\n';
      }
      states << event << thousandths(random.below(1000));
      for (int v = 2; v <= 4; ++v) states << '\t' << thousandths(random.below(1000));
      states << '\n';
      proposals << event << id('i', (items[t] + 1) % kItems) << '\n';
    }
  }
}

spec::PluginUse Study::use(const std::string& kind, const std::string& id,
                           nlohmann::json params) const {
  for (const ParamInfo& info : registry().get(kind, id).params) {
    if (info.type == ParamType::kEnvironment) {
      const spec::PluginUse inner = use("environment", "lea.table");
      params[info.name] = {{"id", inner.id}, {"params", inner.params}};
    }
    if (info.type == ParamType::kFile && std::filesystem::exists(path(info.name)))
      params[info.name] = {{"path", path(info.name)}, {"sha256", ""}};
  }
  return {id, std::move(params)};
}

spec::RunSpec Study::run_of(const std::string& framework, const nlohmann::json& params) const {
  spec::RunSpec run;
  run.data.name = "short";
  run.data.history = kHistory;
  run.train.batch_size = 64;
  run.train.learning_rate = 0.003;
  run.train.max_steps = 50;
  run.train.validate_every = 1000;  // only after the last step, which is then the best one
  run.train.log_every = 1;
  run.train.stop_on = "ndcg@10";
  run.evaluate.k = {10};
  run.negatives.count = 5;
  run.augment_use.from_step = 10;
  run.augment_use.refresh = 20;
  run.seed = 7;
  run.framework = use("framework", framework, params);
  const std::vector<std::string>& uses = registry().get("framework", framework).uses;
  const auto reads = [&](const char* slot) {
    return std::find(uses.begin(), uses.end(), slot) != uses.end();
  };
  if (reads("backbone")) run.backbone = use("backbone", "lea.gru4rec");
  if (reads("reward")) run.reward = use("environment", "lea.predefined");
  run.reads_negatives = reads("negatives");
  run.reads_train = reads("train");
  return run;
}

train::Outcome Study::carry_out(const spec::RunSpec& run, train::Progress& progress) const {
  std::filesystem::remove_all(path("run"));
  std::filesystem::create_directories(path("run"));
  const auto lookup = [](const std::string& kind, const std::string& id) -> const PluginEntry& {
    return registry().get(kind, id);
  };
  const train::Paths paths{path(kCheckpoint), path(kRanks), path(kValidRanks)};
  std::vector<std::unique_ptr<worker::TrialArtefacts>> made;
  train::Artefacts artefacts;
  for (const spec::PluginUse& use : {run.reward, run.state}) {
    if (use.none()) continue;
    const PluginEntry& entry = registry().get("environment", use.id);
    if (entry.artefacts.empty()) continue;
    const worker::TrialData from{
        training_, {{"title", data::item_texts(*data_, "title")}}, /*pool=*/{}};
    made.push_back(std::make_unique<worker::TrialArtefacts>(
        entry, spec::to_values(entry.params, use.params, "a short run"), from));
    for (const Artefact& artefact : entry.artefacts) {
      artefacts.push_back({"environment", use, artefact.kind, made.back()->folder(artefact.kind),
                           /*sha256=*/""});
    }
  }
  return train::train(run, data_, split_, lookup, paths, progress, /*loaded=*/{}, artefacts);
}

std::map<std::string, std::string> Study::files_of(const spec::RunSpec& run) const {
  Losses progress;
  carry_out(run, progress);
  const std::string best = std::string(kCheckpoint) + "/best.safetensors";
  std::map<std::string, std::string> files;
  for (const std::string& name : {std::string(kRanks), std::string(kValidRanks), best})
    files[name] = read_file(path(name));
  return files;
}

std::string Study::write(const std::string& name, const std::string& bytes) const {
  publish_file(path(name), bytes);
  return path(name);
}

Numbers Study::numbers_of(const spec::RunSpec& run) const {
  Losses progress;
  const train::Outcome outcome = carry_out(run, progress);
  Numbers numbers;
  for (const auto& [name, value] : outcome.test) numbers[name] = value;
  numbers["mean_rank"] = mean_rank(eval::decode_ranks(read_file(path(kRanks)), kRanks));
  if (progress.losses.empty()) return numbers;
  double sum = 0;
  for (const double loss : progress.losses) sum += loss;
  numbers["first_loss"] = progress.losses.front();
  numbers["last_loss"] = progress.losses.back();
  numbers["mean_loss"] = sum / static_cast<double>(progress.losses.size());
  numbers["weights"] = root_mean_square(train::load_best(path(kCheckpoint)));
  return numbers;
}

}  // namespace lea::short_run
