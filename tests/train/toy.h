// Five sequences over five items, and plugins of a few lines, so that a person can work out what
// the loop must do with them.
//
//   in the file   items          part
//   u1            a b c          train     training events 0 1 2
//   u4            a b d d        valid
//   u2            b c            train     training events 3 4
//   u5            d c a e        test
//   u3            c a d a b      train     training events 5 6 7 8 9
//
// Items are numbered by first appearance: a 1, b 2, c 3, d 4, e 5.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/data/import.h"
#include "core/train/context.h"
#include "core/train/trainer.h"

namespace lea::train {

// One weight w that is trained and ranks, and one that is trained and does not. Unless told
// otherwise each step raises w by the learning rate (Adam under a constant gradient), and the item
// that stands 1 + w from the first is the best, its neighbours follow.
class ToyFramework final : public Framework {
 public:
  explicit ToyFramework(int64_t items) : items_(items) {
    w = register_parameter("w", at::zeros({1}));
    unranked = register_parameter("unranked", at::zeros({1}));
  }
  std::vector<Group> groups() override { return own_groups.empty() ? both() : own_groups; }
  Loss loss(const Transition& transition, const Step& step) override {
    return on_loss ? on_loss(*this, transition, step) : Loss{-w.sum(), "ranked", {}};
  }
  Tensor score(const History& history) override {
    if (on_score) return on_score(history);
    const Tensor place = at::arange(items_, at::kFloat);
    return (place - w.round()).square().neg().expand({history.items.size(0), items_});
  }

  Tensor w, unranked;
  std::vector<Group> own_groups;
  std::function<Loss(ToyFramework&, const Transition&, const Step&)> on_loss;
  std::function<Tensor(const History&)> on_score;

 private:
  std::vector<Group> both() { return {{"ranked", {w}}, {"unranked", {unranked}, 0, false}}; }
  int64_t items_;
};

// Rewards that tell who was asked about what: 100 x training event + 10 x item + role. The state is
// (items of the history, the last of them).
class ToyEnvironment final : public Environment {
 public:
  int64_t state_width() const override { return 2; }
  Tensor state(const History& history) override {
    const Tensor last =
        history.items.gather(1, history.length.sub(1).clamp_min(0).unsqueeze(1)).squeeze(1);
    return at::stack({history.length, last}, 1).to(at::kFloat);
  }
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    asked.push_back(roles);
    std::vector<int64_t> role;
    for (const Role one : roles) role.push_back(static_cast<int64_t>(one));
    return (history.event.unsqueeze(1) * 100 + actions * 10 + at::tensor(role, at::kLong))
        .to(at::kFloat);
  }
  std::vector<std::vector<Role>> asked;
};

// Proposes the candidate at `place`, and nothing for an empty history.
class ToyAugmenter final : public Augmenter {
 public:
  Tensor propose(const History& history, const Tensor& candidates) override {
    given.push_back(candidates);
    if (when_asked) when_asked();
    return candidates.select(1, place).masked_fill(history.length.eq(0), 0);
  }
  int64_t place = 0;
  std::vector<Tensor> given;
  std::function<void()> when_asked;
};

// Keeps what the loop says.
class Listener final : public Progress {
 public:
  void on_step(int64_t step, int64_t, const std::string& phase) override {
    step_ = step;
    phase_ = phase;
    if (phases.empty() || phases.back() != phase) phases.push_back(phase);
  }
  void on_record(const nlohmann::json& record) override { records.push_back(record); }
  uint64_t journal_length() override { return records.size(); }
  void cut_journal(uint64_t length) override {
    records.resize(std::min<size_t>(length, records.size()));
  }
  void say(const std::string& sentence) override { said += sentence + "\n"; }
  double checkpoint_seconds() const override { return checkpoint_every; }
  bool stop_requested() override { return step_ >= stop_at || phase_ == stop_in; }
  void on_test() override {
    if (refuse_test) throw StoreError("the ledger cannot be written");
    ++tests;
  }

  // The value of `key` in each record of a type.
  template <class T>
  std::vector<T> values(const std::string& type, const std::string& key) const {
    std::vector<T> values;
    for (const nlohmann::json& record : records) {
      if (record.at("type") == type) values.push_back(record.at(key).get<T>());
    }
    return values;
  }

  std::vector<nlohmann::json> records;
  std::vector<std::string> phases;  // each once in a row
  std::string said;
  bool refuse_test = false;
  int tests = 0;  // how often the test part was about to be ranked
  double checkpoint_every = 30;
  int64_t stop_at = 1 << 30;
  std::string stop_in = "no phase";

 private:
  int64_t step_ = 0;
  std::string phase_;
};

class ToyTest : public ::testing::Test {
 protected:
  ToyTest() {
    folder_ = (std::filesystem::temp_directory_path() / "lea-train-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    std::filesystem::create_directories(folder_ + "/data");
    data_ = import({{"u1", "abc"}, {"u4", "abdd"}, {"u2", "bc"}, {"u5", "dcae"}, {"u3", "cadab"}});
    split_ =
        split({{"u1", "train"}, {"u2", "train"}, {"u3", "train"}, {"u4", "valid"}, {"u5", "test"}});
    run_.data.name = "toy";
    run_.data.history = 2;
    run_.framework.id = "toy.framework";
    run_.train.batch_size = 4;
    run_.train.learning_rate = 1;
    run_.train.stop_on = "hr@1";
    run_.train.log_every = 1;
    run_.evaluate.k = {1, 3};
    run_.negatives.count = 2;
  }
  ~ToyTest() override { std::filesystem::remove_all(folder_); }

  using Pairs = std::vector<std::pair<std::string, std::string>>;

  // One letter an item.
  std::shared_ptr<const data::Dataset> import(const Pairs& sequences,
                                              const std::string& name = "toy") const {
    const std::string path = folder_ + "/" + name + ".tsv";
    std::ofstream file(path);
    file << "user_id\titem_id\ttimestamp\n";
    for (const auto& [user, items] : sequences) {
      for (size_t t = 0; t < items.size(); ++t)
        file << user << '\t' << items[t] << '\t' << t << '\n';
    }
    file.close();
    return data::import_dataset(folder_, name, path, {});
  }

  std::shared_ptr<const data::Split> split(const Pairs& parts) const {
    spec::SplitSection section;
    section.by = "file";
    section.path = folder_ + "/split.tsv";
    std::ofstream file(section.path);
    file << "user_id\tpart\n";
    for (const auto& [user, part] : parts) file << user << '\t' << part << '\n';
    file.close();
    return std::make_shared<data::Split>(data::make_split(*data_, section));
  }

  // The plugins that the run names, and the newest framework that was made.
  PluginLookup lookup() {
    framework_entry_.framework = [this](const ParamValues&, const Context& context) {
      framework_ = std::make_shared<ToyFramework>(context.items());
      if (prepare_) prepare_(*framework_);
      return framework_;
    };
    environment_entry_.environment = [this](const ParamValues&, const Context&) {
      return environment_;
    };
    augmenter_entry_.augmenter = [this](const ParamValues&, const Context&) { return augmenter_; };
    return [this](const std::string& kind, const std::string&) -> const PluginEntry& {
      if (kind == "framework") return framework_entry_;
      return kind == "environment" ? environment_entry_ : augmenter_entry_;
    };
  }

  // Where the loop writes.
  Paths paths() const {
    return {folder_ + "/checkpoint", folder_ + "/ranks.bin", folder_ + "/ranks-valid.bin",
            folder_ + "/top.bin"};
  }

  std::string folder_;
  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Split> split_;
  spec::RunSpec run_;
  std::function<void(ToyFramework&)> prepare_;  // of each framework that is made
  std::shared_ptr<ToyFramework> framework_;
  std::shared_ptr<ToyEnvironment> environment_ = std::make_shared<ToyEnvironment>();
  std::shared_ptr<ToyAugmenter> augmenter_ = std::make_shared<ToyAugmenter>();

 private:
  PluginEntry framework_entry_, environment_entry_, augmenter_entry_;
};

}  // namespace lea::train
