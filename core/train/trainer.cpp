#include "core/train/trainer.h"

#include <torch/torch.h>
#include <torch/version.h>

#include <chrono>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/train/adam.h"
#include "core/train/checkpoint.h"
#include "core/train/early_stop.h"
#include "core/train/evaluate.h"
#include "core/train/kept_network.h"
#include "core/train/module_state.h"
#include "core/train/plugin_call.h"
#include "core/train/plugin_output.h"
#include "core/train/proposer.h"
#include "core/train/transitions.h"

namespace lea::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kComponent = "train";  // in the log

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Loop {
 public:
  Loop(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
       const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
       const Paths& paths, Progress& progress, const LoadedPlugins& loaded,
       const Artefacts& artefacts)
      : run_(run),
        paths_(paths),
        progress_(progress),
        context_(run, data, split, lookup, artefacts),
        framework_name_("framework " + run.framework.id),
        evaluator_(data, split, run.data.history, context_.device(), framework_name_),
        stop_(run.train),
        sampler_(context_.training().events(), run.train.batch_size, run.train.sampling,
                 context_.seed()) {
    validation_ = eval::protocol_of(run.evaluate);
    const int64_t k = eval::parse_metric(run.train.stop_on).second;
    if (std::find(validation_.k.begin(), validation_.k.end(), k) == validation_.k.end())
      validation_.k.push_back(k);
    torch::manual_seed(mix(context_.seed(), 0x696e6974));  // initial weights
    framework_ = context_.make_framework();
    framework_->to(context_.device());
    progress.on_step(0, run.train.max_steps, "fit");
    const LoggedPhase fit(kComponent, "fit");
    call_plugin(framework_name_, "fit()", [&] { framework_->fit(context_.training()); });
    fit.end();
    call_plugin(framework_name_, "groups()", [&] {
      for (const Group& group : framework_->groups()) adams_.emplace(group.name, Adam(group));
    });
    data_ = data;
    made_with_ = {data->fingerprint(),
                  split->fingerprint,
                  {},
                  {},
                  {{"LibTorch", TORCH_VERSION}, {"LEA Lab", LEA_VERSION}}};
    for (const RunArtefact& artefact : artefacts)
      made_with_.artefacts[artefact.kind + " of " + artefact.use.id] += artefact.sha256;
    loaded_ = loaded;
  }

  ~Loop() { set_step(-1); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Outcome go() {
    if (!adams_.empty()) {
      transitions_ = std::make_unique<Transitions>(run_, *data_, context_);
      if (!run_.augment.none())
        proposer_ = std::make_unique<Proposer>(run_, context_, *transitions_);
    }
    if (loaded_) made_with_.plugins = loaded_();
    resume();
    if (!adams_.empty() && !steps()) return interrupted();
    if (!best_.empty()) restore(tensors_of(*framework_), best_, "");
    return finish();
  }

  Outcome open_test(const std::function<void(const eval::RankFile&)>& check) {
    Outcome outcome;
    if (!adams_.empty()) load_kept(*framework_, paths_.checkpoint, run_.train.keep);
    const auto valid = evaluate(data::Part::kValid);
    if (!valid) return interrupted();
    check(*valid);
    return rank(data::Part::kTest, outcome) ? outcome : interrupted();
  }

 private:
  // Trains until a limit or the early stop. Returns false when interrupted.
  bool steps() {
    started_ = Clock::now();
    spent_before_ = spent_;
    const LoggedPhase phase(kComponent, "train");
    framework_->train();
    while (step_ < run_.train.max_steps && !stop_.should_stop()) {
      set_step(step_);
      spend();
      if (progress_.stop_requested() || !refresh_proposals()) {
        check_weights();
        save();
        phase.end("asked to stop at step " + std::to_string(step_));
        return false;
      }
      if (one_step() && updates_ % run_.train.validate_every == 0) validate();
    }
    // The step limit need not be a multiple of validate_every: validate the last updates, too.
    if (!stop_.should_stop() && validated_ != updates_) validate();
    set_step(-1);
    spend();
    phase.end((stop_.should_stop() ? "stopped early after step " : "all steps done, the last is ") +
              std::to_string(step_) + ", the best is step " + std::to_string(stop_.best_step()));
    return true;
  }

  void spend() { spent_ = spent_before_ + seconds_since(started_); }

  // Returns whether the evaluated network was updated.
  bool one_step() {
    drop_learning_rate();
    // Dropout draws from the global generator. Seeding it in each step makes the step a pure
    // function of weights, seed and step number, so that no generator state must be saved.
    torch::manual_seed(mix(context_.seed(), 0x64726f70, step_));
    const Transition transition = transitions_->make(step_, sampler_.batch(step_), proposals_);
    Loss loss = call_plugin(framework_name_, "loss()", [&] {
      return framework_->loss(transition, {step_, context_.seed()});
    });
    const auto adam = adams_.find(loss.group);
    if (adam == adams_.end()) {
      throw PluginError(place_of(framework_name_, "loss()") + ": names group \"" + loss.group +
                        "\", which groups() does not have");
    }
    const std::string problem = shape_problem(loss.value, {}, at::kFloat);
    if (!problem.empty()) throw PluginError(place_of(framework_name_, "loss()") + ": " + problem);
    check_loss(loss);
    if (step_ % run_.train.log_every == 0) record(loss);
    call_plugin(framework_name_, "loss()'s gradient", [&] {
      adam->second.step(loss.value, learning_rate(adam->second.group()), run_.train.weight_decay);
    });
    updates_ += adam->second.group().evaluated;
    progress_.on_step(++step_, run_.train.max_steps, "train");
    return adam->second.group().evaluated;
  }

  double learning_rate(const Group& group) const {
    if (group.learning_rate > 0) return group.learning_rate;
    const spec::TrainSection& train = run_.train;
    const bool dropped = train.drop_learning_rate_at > 0 && step_ >= train.drop_learning_rate_at;
    return dropped ? train.dropped_learning_rate : train.learning_rate;
  }

  void drop_learning_rate() {
    if (!run_.train.fresh_optimizer || step_ == 0 || step_ != run_.train.drop_learning_rate_at)
      return;
    for (auto& [name, adam] : adams_) {
      if (adam.group().learning_rate == 0) adam.reset();
    }
  }

  // Asks the augmenter when new proposals are due. Returns false when stopped on request; the next
  // attempt then goes on with this step's proposals. A slow augmenter may be killed meanwhile, so
  // what is done is saved now and then.
  bool refresh_proposals() {
    const spec::AugmentSection& use = run_.augment_use;
    if (!proposer_ || step_ < use.from_step) return true;
    const bool due =
        use.refresh > 0 ? (step_ - use.from_step) % use.refresh == 0 : step_ == use.from_step;
    if (!due) return true;
    const LoggedPhase phase(kComponent, "propose");
    auto saved = Clock::now();
    const auto keep_going = [&] {
      progress_.on_step(step_, run_.train.max_steps, "propose");
      progress_.on_part(refresh_.done, context_.training().events());
      if (progress_.stop_requested()) return false;
      if (seconds_since(saved) < progress_.checkpoint_seconds()) return true;
      spend();
      check_weights();
      save();
      saved = Clock::now();
      return true;
    };
    if (!proposer_->refresh(*framework_, step_, refresh_, keep_going)) return false;
    const bool first = proposed_.empty();
    if (first && !proposer_->ask_twice(*framework_, step_, refresh_, keep_going)) return false;
    const std::map<std::string, double> figures = proposer_->figures(refresh_);
    proposals_ = std::exchange(refresh_, {}).proposals;
    for (const auto& [name, value] : figures) proposed_[name] = value;
    ++proposed_["refreshes"];
    nlohmann::json record = figures;
    record.update({{"type", "proposals"}, {"step", step_}});
    progress_.on_record(record);
    phase.end("step " + std::to_string(step_));
    return true;
  }

  // Checking every step is cheap: on the CPU the value exists already, and on a GPU the next batch
  // waits for the same stream anyway.
  void check_loss(const Loss& loss) const {
    if (std::isfinite(loss.value.item<double>())) return;
    throw PluginError("framework " + run_.framework.id + ": the loss is not finite at step " +
                      std::to_string(step_) + ". Lower train.learning_rate or check the rewards");
  }

  // A finite loss can have a gradient that is not finite, and such a weight never recovers. No
  // checkpoint may contain it, and no validation may select it.
  void check_weights() const {
    const auto check = [&](const std::string& what, const Tensor& tensor) {
      if (is_finite(tensor)) return;
      throw PluginError("framework " + run_.framework.id + ": " + what + " is not finite after " +
                        counted(step_, "step") +
                        ", although the losses were. Lower train.learning_rate or check the "
                        "rewards, and the loss for what has no finite gradient");
    };
    for (const auto& [name, tensor] : tensors_of(*framework_)) check("tensor " + name, tensor);
    for (const auto& [group, adam] : adams_) {
      for (const auto& [name, tensor] : adam.state())
        check("Adam's state " + group + "/" + name, tensor);
    }
  }

  void record(const Loss& loss) {
    const double value = loss.value.item<double>();
    nlohmann::json record = {
        {"type", "train"}, {"step", step_}, {"group", loss.group}, {"loss", value}};
    call_plugin(framework_name_, "loss()'s metrics", [&] {
      for (const auto& [name, tensor] : loss.metrics) record[name] = tensor.item<double>();
    });
    progress_.on_record(record);
  }

  // Validates, keeps the network when it is the best so far, and writes a checkpoint.
  void validate() {
    const auto start = Clock::now();
    set_step(step_);
    check_weights();
    const auto file = evaluator_.rank(*framework_, data::Part::kValid, [&] {
      progress_.on_step(step_, run_.train.max_steps, "validate");
      return true;
    });
    if (file.records.empty())
      throw DataError(
          "split: no validation event, so nothing can select a step; see `lealab data show`");
    const auto values = eval::metrics(file.records, validation_);
    validated_ = updates_;
    if (stop_.observe(step_, values.at(run_.train.stop_on)))
      best_ = copy_of(tensors_of(*framework_));
    progress_.on_record(
        {{"type", "valid"}, {"step", step_}, {"updates", updates_}, {"metrics", values}});
    log(LogLevel::kInfo, kComponent,
        "validation at step " + std::to_string(step_) + ": " + run_.train.stop_on + " " +
            std::to_string(values.at(run_.train.stop_on)) + " in " +
            log_seconds(seconds_since(start)) + ", the best is step " +
            std::to_string(stop_.best_step()));
    save();
  }

  void save() {
    const auto start = Clock::now();
    Checkpoint checkpoint{step_, made_with_.to_json(), {}};
    add(checkpoint.tensors, "model/", tensors_of(*framework_));
    add(checkpoint.tensors, "best/", best_);
    for (const auto& [name, adam] : adams_)
      add(checkpoint.tensors, "adam/" + name + "/", adam.state());
    const auto add_defined = [&](const char* name, const Tensor& tensor) {
      if (tensor.defined()) checkpoint.tensors[name] = tensor;
    };
    add_defined("proposals/item", proposals_.item);
    add_defined("proposals/reward", proposals_.reward);
    add_defined("refresh/item", refresh_.proposals.item);
    add_defined("refresh/reward", refresh_.proposals.reward);
    add_defined("refresh/counts", refresh_.counts);
    add_defined("refresh/twice", refresh_.twice);
    checkpoint.progress.update({{"stop", stop_.save()},
                                {"updates", updates_},
                                {"validated", validated_},
                                {"seconds", spent_},
                                {"proposals", proposed_},
                                {"refresh_done", refresh_.done},
                                {"journal", progress_.journal_length()}});
    const size_t bytes = save_checkpoint(paths_.checkpoint, checkpoint);
    log(LogLevel::kInfo, kComponent,
        "checkpoint of step " + std::to_string(step_) + ": " + std::to_string(bytes) +
            " bytes in " + log_seconds(seconds_since(start)));
  }

  void resume() {
    const auto checkpoint =
        load_checkpoint(paths_.checkpoint, [&](const std::string& why) { progress_.say(why); });
    if (!checkpoint || was_replaced(*checkpoint)) {
      drop_checkpoints(paths_.checkpoint);  // they are damaged, or belong to another experiment
      return progress_.cut_journal(0);
    }
    restore(tensors_of(*framework_), checkpoint->tensors, "model/");
    best_ = with_prefix(checkpoint->tensors, "best/");
    for (auto& [name, adam] : adams_) adam.load(checkpoint->tensors, "adam/" + name + "/");
    const auto tensor = [&](const char* name) {
      const auto found = checkpoint->tensors.find(name);
      return found == checkpoint->tensors.end() ? Tensor() : found->second;
    };
    const nlohmann::json& progress = checkpoint->progress;
    proposals_ = {tensor("proposals/item"), tensor("proposals/reward")};
    refresh_ = {{tensor("refresh/item"), tensor("refresh/reward")},
                progress.value("refresh_done", int64_t{0}),
                tensor("refresh/counts"),
                tensor("refresh/twice")};
    proposed_ = progress.value("proposals", proposed_);  // older programs did not record them
    step_ = checkpoint->step;
    stop_.load(progress.at("stop"));
    updates_ = progress.at("updates").get<int64_t>();
    validated_ = progress.at("validated").get<int64_t>();
    spent_ = progress.at("seconds").get<double>();
    progress_.cut_journal(progress.at("journal").get<uint64_t>());
    log(LogLevel::kInfo, kComponent, "resumed after step " + std::to_string(step_));
  }

  bool was_replaced(const Checkpoint& checkpoint) {
    const std::vector<std::string> replaced = replaced_since(checkpoint.progress, made_with_);
    for (const std::string& what : replaced) progress_.say("since the last attempt " + what);
    if (replaced.empty()) return false;
    progress_.say("so the checkpoint of step " + std::to_string(checkpoint.step) +
                  " belongs to another experiment: the run starts again from step 0");
    return true;
  }

  Outcome interrupted() const {
    Outcome outcome;
    outcome.interrupted = true;
    outcome.steps = step_;
    return outcome;
  }

  Outcome finish() {
    Outcome outcome;
    outcome.steps = step_;
    outcome.updates = updates_;
    outcome.best_step = stop_.best_step();
    outcome.seconds = spent_;
    outcome.proposals = proposed_;
    // A stop here loses nothing, because the last validation wrote a checkpoint.
    if (!rank(data::Part::kValid, outcome)) return interrupted();
    if (run_.evaluate.test && !rank(data::Part::kTest, outcome)) return interrupted();
    for (const Tensor& parameter : framework_->parameters())
      outcome.parameters += parameter.numel();
    outcome.state_width = context_.state_use().width;
    if (outcome.state_width > 0) outcome.backbone_width = context_.backbone_width();
    if (!adams_.empty()) {
      keep_network();
      drop_checkpoints(paths_.checkpoint);
    }
    return outcome;
  }

  // All ranks are written by now, so the network may be used up.
  void keep_network() {
    if (run_.train.keep == kKeepNothing) return;
    Tensors kept = tensors_of(*framework_);
    const size_t all = kept.size();
    if (run_.train.keep == kKeepScoring) {
      kept = tensors_of_scores(*framework_, evaluator_, read_file(paths_.valid_ranks), [&] {
        progress_.on_step(step_, run_.train.max_steps, data::name_of(data::Part::kValid));
      });
      log(LogLevel::kInfo, kComponent,
          "the scores depend on " + std::to_string(kept.size()) + " of " +
              counted(static_cast<int64_t>(all), "tensor") +
              (kept.size() == 1 ? ", which is kept" : ", which are kept"));
    }
    save_best(paths_.checkpoint, kept);
  }

  // Ranks one part. Empty when stopped on request.
  std::optional<eval::RankFile> evaluate(data::Part part, eval::TopFile* top = nullptr) {
    const std::string name = data::name_of(part);
    const LoggedPhase phase(kComponent, name);
    auto file = evaluator_.rank(
        *framework_, part,
        [&] {
          progress_.on_step(step_, run_.train.max_steps, name);
          return !progress_.stop_requested();
        },
        top, context_.seed());
    if (progress_.stop_requested()) return std::nullopt;
    phase.end(counted(std::ssize(file.records), "event"));
    return file;
  }

  // Ranks one part and writes its files. Returns false when stopped on request.
  bool rank(data::Part part, Outcome& outcome) {
    const bool test = part == data::Part::kTest;
    if (test) progress_.on_test();
    const bool has_top = test && !paths_.top.empty();
    eval::TopFile top;
    const auto file = evaluate(part, has_top ? &top : nullptr);
    if (!file) return false;
    if (file->records.empty()) {
      // A baseline needs no validation, unless nothing else is measured.
      if (!test && adams_.empty() && run_.evaluate.test) return true;
      throw DataError(std::string("split: no ") + data::name_of(part) +
                      " event; see `lealab data show`");
    }
    const auto publish = [](const std::string& path, const std::string& bytes) {
      publish_file(path, bytes);
      return sha256(bytes);
    };
    if (has_top) outcome.top_sha256 = publish(paths_.top, eval::encode_top(top));
    (test ? outcome.ranks_sha256 : outcome.valid_ranks_sha256) =
        publish(test ? paths_.ranks : paths_.valid_ranks, eval::encode_ranks(*file));
    (test ? outcome.test : outcome.valid) =
        eval::metrics(file->records, eval::protocol_of(run_.evaluate));
    if (test || !run_.evaluate.test) describe_ties(*file, outcome);
    return true;
  }

  // Averages can hide that a model gives most items the same score.
  static void describe_ties(const eval::RankFile& file, Outcome& outcome) {
    size_t tied = 0, all_equal = 0;
    for (const eval::RankRecord& record : file.records) {
      tied += record.ties > 0;
      all_equal += record.ties + 1 == file.items;
    }
    outcome.tie_share = static_cast<double>(tied) / static_cast<double>(file.records.size());
    outcome.collapsed = all_equal * 2 > file.records.size();
  }

  const spec::RunSpec& run_;
  Paths paths_;
  Progress& progress_;
  HostContext context_;
  const std::string framework_name_;
  Evaluator evaluator_;
  EarlyStop stop_;
  Sampler sampler_;
  eval::Protocol validation_;
  std::shared_ptr<Framework> framework_;
  std::map<std::string, Adam> adams_;
  MadeWith made_with_;
  LoadedPlugins loaded_;
  std::shared_ptr<const data::Dataset> data_;
  std::unique_ptr<Transitions> transitions_;
  std::unique_ptr<Proposer> proposer_;  // null without an augmenter
  Proposals proposals_;
  Refresh refresh_;                         // that is not complete
  std::map<std::string, double> proposed_;  // Outcome::proposals
  Tensors best_;
  int64_t step_ = 0;           // the next step
  int64_t updates_ = 0;        // of the evaluated network
  int64_t validated_ = -1;     // value of updates_ at the last validation; -1: none yet
  double spent_ = 0;           // seconds of training so far, in all attempts
  double spent_before_ = 0;    // in earlier attempts
  Clock::time_point started_;  // when this attempt began to train
};

}  // namespace

Outcome train(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
              const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
              const Paths& paths, Progress& progress, const LoadedPlugins& loaded,
              const Artefacts& artefacts) {
  return Loop(run, data, split, lookup, paths, progress, loaded, artefacts).go();
}

Outcome open_test(const spec::RunSpec& run, const std::shared_ptr<const data::Dataset>& data,
                  const std::shared_ptr<const data::Split>& split, const PluginLookup& lookup,
                  const Paths& paths, Progress& progress,
                  const std::function<void(const eval::RankFile& valid)>& check,
                  const Artefacts& artefacts) {
  return Loop(run, data, split, lookup, paths, progress, /*loaded=*/{}, artefacts).open_test(check);
}

}  // namespace lea::train
