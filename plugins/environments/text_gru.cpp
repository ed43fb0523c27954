// The language-model environment without a language model: a control. A GRU over the TF-IDF vectors of
// item texts stands where the language model with its item tokens stands, and it is trained in the
// same way, by L_rm + L_sm, Eqs. (1) and (2), on the same fraction of the training sequences.
//
// The vectors are described in plugins/tuning/text_vectors.h, and the network in text_gru_model.h
// there.
#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/api/plugin.h"
#include "plugins/environments/item_vectors.h"
#include "plugins/tuning/quality_making.h"
#include "plugins/tuning/tables.h"
#include "plugins/tuning/text_gru_learner.h"
#include "plugins/tuning/text_rows.h"
#include "plugins/tuning/text_vectors.h"
#include "plugins/tuning/trainable.h"

namespace {

using lea::History;
using lea::Tensor;

constexpr const char* kName = "text_gru";  // in messages
constexpr double kBytes = 4;               // of a float
constexpr int64_t kPlacesOfChunk = 2048, kRewardsOfChunk = 1 << 16;

class TextGru final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params : lea::TextSettings, lea::TuningSettings {
    int64_t width = lea::kTextGruWidth;
    std::string empty_history = "mean";
    int64_t quality_events = 2000;
    Params() { plugin = kName, trained = "GRU"; }
    void fields(lea::Fields& f) {
      TextSettings::fields(f);
      f.integer("width", width, {1, 4096},
                "width of the item vectors, of the GRU and of the state, S");
      TuningSettings::fields(f);
      f.choice("empty_history", empty_history, {"mean", "zero"},
               "reward after an empty history: the mean of all others, or 0; its state is zeros");
      lea::quality_field(f, quality_events);
      f.added("quality_events");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{.kind = "vectors",
             .params = {"texts", "pairs", "min_documents", "max_features", "sublinear", "width"},
             .reads = {"texts"}},
            {.kind = "model",
             .after = "vectors",
             .params = lea::tuning_params(),
             .reads = {"training", "history"}},
            {.kind = "states", .after = "model", .reads = {"training", "history"}, .slot = "state"},
            {.kind = "rewards",
             .after = "model",
             .params = {"empty_history"},
             .reads = {"training", "history", "pool"},
             .slot = "reward"},
            {.kind = "quality",
             .after = "model",
             .params = {"quality_events"},
             .reads = {"texts", "training", "history"}}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : params_(params) {}

    lea::Counts count(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "vectors") return count_vectors(context);
      if (artefact.kind == "model") return count_model(context);
      const lea::TrainingData& training = context.training();
      const auto width = double(params_.width);
      if (artefact.kind == "quality") {  // two states of each event outside and inside
        return {{"multiply_adds", steps_of(training, 4 * params_.quality_events) * of_step()}};
      }
      if (artefact.kind == "states") {
        return {{"multiply_adds", steps_of(training, training.places()) * of_step()},
                {"bytes", double(training.places()) * width * kBytes},
                {"state_width", width}};
      }
      const double rewards = double(training.events()) * double(1 + lea::pool_width(context));
      return {
          {"multiply_adds", steps_of(training, training.events()) * of_step() + rewards * width},
          {"bytes", rewards * kBytes}};
    }

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "vectors") return make_vectors(context);
      if (artefact.kind == "model") return make_model(context);
      if (artefact.kind == "quality") return make_quality(context);
      artefact.kind == "states" ? make_states(context) : make_rewards(context);
    }

   private:
    double of_step() const { return lea::text_gru_step_cost(params_.width); }

    // The items that the GRU reads for so many histories, when they are like those of the events.
    static double steps_of(const lea::TrainingData& training, int64_t histories) {
      const int64_t* first = training.offset.const_data_ptr<int64_t>();
      double steps = 0;
      for (int64_t s = 0; s < training.sequences(); ++s) {
        for (int64_t end = 1; end < first[s + 1] - first[s]; ++end)
          steps += double(std::min(end, training.history));
      }
      return training.events() > 0 ? steps * double(histories) / double(training.events()) : 0;
    }

    lea::Counts count_vectors(lea::PrepareContext& context) const {
      double bytes = 0;
      for (const std::string& text : lea::text_documents(params_, context, kName))
        bytes += double(text.size());
      return {{"text_bytes", bytes},
              {"multiply_adds",
               lea::text_vectors_cost(context.items(), params_.max_features, params_.width)}};
    }

    // Also throws for what the making would refuse.
    lea::Counts count_model(lea::PrepareContext& context) const {
      lea::require_trainable(params_, context.rest(params_.portion, uint64_t(params_.seed)));
      const lea::TrainingData part = context.training(params_.portion, uint64_t(params_.seed));
      return {{"multiply_adds", lea::text_gru_training_cost(params_, part, params_.width)}};
    }

    void make_vectors(lea::PrepareContext& context) const {
      const auto found = lea::text_rows(params_, context, kName, "vector");
      if (!found) return;
      const auto made = lea::text_vectors(found->rows, params_.width,
                                          [&](int64_t d, int64_t t) { return context.stop(d, t); });
      if (!made) return;
      lea::write_item_vectors(context.folder(), made->vectors);
      found->record(context);
      context.record("explained", made->explained);
    }

    void make_model(lea::PrepareContext& context) const {
      const auto seed = uint64_t(params_.seed);
      const lea::TrainingData part = context.training(params_.portion, seed),
                              rest = context.rest(params_.portion, seed);
      const lea::Table vectors = lea::read_item_vectors(context.earlier(), context.items());
      const auto tuned = lea::train_environment(
          params_, part, rest, context.folder(),
          [&] {
            return std::make_unique<lea::TextGruLearner>(params_, vectors.values(), part,
                                                         context.device());
          },
          [&](int64_t done, int64_t total) { return context.stop(done, total); },
          [&](const std::string& message) { context.log(lea::LogLevel::kWarning, message); });
      if (!tuned) return;
      for (const auto& [name, value] : tuned->figures) context.record(name, value);
      context.record("steps", double(tuned->steps));
      context.record("diverged", tuned->diverged ? 1 : 0);
    }

    lea::TextGruModel model(lea::PrepareContext& context) const {
      return lea::TextGruModel::read(context.earlier() + lea::kTextGruFile, context.items(),
                                     params_.width, context.device());
    }

    // Fills the table. `rows_of(numbers)` are the rows with these numbers. Returns false when it is
    // to leave.
    template <class RowsOf>
    static bool fill(lea::TableWriter& writer, int64_t rows, int64_t chunk,
                     lea::PrepareContext& context, const RowsOf& rows_of) {
      return lea::append_rows(
          writer, rows, chunk, [&] { return context.stop(writer.done(), rows); },
          [&](int64_t first, int64_t last) { return rows_of(at::arange(first, last, at::kLong)); });
    }

    void make_states(lea::PrepareContext& context) const {
      const lea::TextGruModel network = model(context);
      const lea::TrainingData training = context.training();
      lea::TableWriter writer(context.folder() + "/" + lea::kStatesFile, training.places(),
                              params_.width);
      const auto states_of = [&](const Tensor& places) {
        return network.states(lea::on_device(training.histories_at(places), network.device()));
      };
      if (!fill(writer, training.places(), kPlacesOfChunk, context, states_of)) return;
      writer.finish();
      lea::record_states(context, uint64_t(params_.seed));
    }

    void make_rewards(lea::PrepareContext& context) const {
      const std::string raw = context.folder() + "/" + lea::kRawRewards;
      if (!std::filesystem::exists(raw) &&
          !std::filesystem::exists(context.folder() + "/" + lea::kRewardsFile)) {
        const lea::TextGruModel network = model(context);
        const lea::TrainingData training = context.training();
        const Tensor pool = context.pool();
        const int64_t width = 1 + lea::pool_width(context);
        lea::TableWriter writer(raw, training.events(), width);
        const auto rewards_of = [&](const Tensor& events) {
          const Tensor actions = lea::table_actions(training, pool, events);
          const History histories = lea::on_device(training.histories(events), network.device());
          return network.rewards(network.states(histories), actions.to(network.device()));
        };
        const int64_t chunk = std::clamp<int64_t>(kRewardsOfChunk / width, 1, kPlacesOfChunk);
        if (!fill(writer, training.events(), chunk, context, rewards_of)) return;
        writer.finish();
      }
      lea::finish_rewards(context, params_.empty_history);
    }

    // Beside the same rules as the language model, but for the GRU, which it is itself.
    void make_quality(lea::PrepareContext& context) const {
      const int64_t most = params_.quality_events;
      const auto parts = lea::quality_parts(params_, most, lea::kQualityEvents, context);
      if (!lea::begin_quality(context, parts, most)) return;
      const lea::TextGruModel network = model(context);
      const auto answers_of = [&](const lea::QualitySample& sample, const auto&) {
        const auto states_of = [&](const History& history) {
          return network.states(lea::on_device(history, network.device()));
        };
        const Tensor states = states_of(sample.histories());
        const Tensor rewards = network.rewards(states, sample.actions().to(network.device()));
        return at::cat({rewards, states, states_of(sample.others())}, 1);
      };
      if (!lea::write_answers(context, parts, lea::answer_width(params_.width), kPlacesOfChunk,
                              answers_of))
        return;
      const Tensor vectors = network.vectors().slice(0, 1).to(at::kCPU);
      const auto baselines =
          lea::quality_baselines(params_, context, parts, "vectors", vectors, /*gru=*/false);
      if (baselines) lea::measure_answers(params_, context, parts, vectors, *baselines);
    }

    const Params params_;
  };

  TextGru(const Params& params, const lea::Context& context)
      : params_(params),
        items_(context.items()),
        training_(context.training()),
        pool_(context.pool()),
        model_path_(context.artefact("model") + lea::kTextGruFile),
        device_(context.device()) {
    if (const std::string folder = context.artefact("states"); !folder.empty())
      states_ = lea::open_table(folder + "/" + lea::kStatesFile, training_.places(), params.width);
    if (const std::string folder = context.artefact("rewards"); !folder.empty())
      rewards_ = lea::open_rewards(folder, training_, pool_);
  }

  // 0 in a run that needs no states.
  int64_t state_width() const override { return states_ ? params_.width : 0; }

  // Zeros after an empty history.
  Tensor state(const History& history) override {
    if (!states_) return Environment::state(history);
    const Tensor place = history.place.to(at::kCPU), length = history.length.to(at::kCPU);
    const Tensor states = states_->at(place);
    const Tensor missing = place.lt(0).logical_and(length.gt(0)).nonzero().squeeze(1);
    if (missing.size(0) > 0) {
      const at::NoGradGuard no_grad;
      states.index_copy_(0, missing, network().states(rows_of(history, missing)).to(at::kCPU));
    }
    return states.to(history.items.device());
  }

  // Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    auto [rewards, missing] = lea::find_rewards(rewards_, training_, pool_, history, actions);
    if (missing.size(0) == 0) return rewards.to(actions.device());
    const at::NoGradGuard no_grad;
    // Each history that lacks a reward is read once.
    const Tensor row = missing.select(1, 0), column = missing.select(1, 1);
    const auto [rows, number] = at::_unique(row, /*sorted=*/true, /*return_inverse=*/true);
    const Tensor wanted = actions.to(at::kCPU).index_select(0, rows).to(device_);
    const Tensor found =
        network().rewards(network().states(rows_of(history, rows)), wanted).to(at::kCPU);
    rewards.index_put_({row, column}, found.index({number, column}));
    return rewards.to(actions.device());
  }

 private:
  // The network is read at the first call that needs it: most runs look everything up.
  const lea::TextGruModel& network() {
    if (!network_) {
      network_ = std::make_unique<lea::TextGruModel>(
          lea::TextGruModel::read(model_path_, items_, params_.width, device_));
    }
    return *network_;
  }

  // These rows of the histories, on the device of the network.
  History rows_of(const History& history, const Tensor& rows) const {
    const Tensor items = history.items.to(at::kCPU), length = history.length.to(at::kCPU);
    return {
        items.index_select(0, rows).to(device_), length.index_select(0, rows).to(device_), {}, {}};
  }

  const Params params_;
  const int64_t items_;
  const lea::TrainingData training_;
  const Tensor pool_;
  const std::string model_path_;
  const c10::Device device_;
  std::optional<lea::Table> states_, rewards_;
  std::unique_ptr<lea::TextGruModel> network_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.text_gru", "1.0.0", TextGru,
           "states and rewards of a GRU over item texts, trained as the language model is")
