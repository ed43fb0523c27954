// An environment that makes artefacts, or misbehaves while it makes them: `mode` says how. Three of
// its modes read the validation and test events, which no plugin may do, and one draws lots.
// `counting` says how it counts the work.
#include <ATen/ATen.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <random>
#include <set>
#include <stdexcept>

#include "core/api/plugin.h"
#include "core/api/table.h"
#include "core/base/error.h"

namespace {

using lea::Tensor;

constexpr int64_t kChunk = 5, kWidth = 4;

class Making final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    std::string mode = "none", data, counting = "sound";
    double portion = 1;
    int64_t pause = 0, room = 0, memory = 0;
    void fields(lea::Fields& f) {
      f.choice("mode", mode,
               {"none", "throw", "crash", "exit", "hang", "nothing", "unfinished", "undeclared",
                "print", "link", "crash_show", "read_beside", "read_variable", "read_parameter",
                "draw", "rest", "warn"},
               "what the making of the vectors does; `crash_show`: what showing does");
      f.text("data", data, "the folder of the data set, for the mode read_parameter");
      f.real("portion", portion, {0, 1}, "the fraction of the training sequences");
      f.integer("pause", pause, {0, 10000}, "milliseconds to sleep after each chunk");
      f.integer("room", room, {0, 1e9}, "bytes of zeros to write beside the vectors");
      f.choice("counting", counting, {"sound", "refuse", "throw", "exhaust", "crash"},
               "what counting the work does; `refuse`: the making refuses it as well");
      f.integer("memory", memory, {0, 9e15}, "bytes that the making is said to need");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"vectors", "", {"mode", "data", "portion", "room"}, {"training"}, "", 2},
            {"rewards", "vectors", {"mode"}, {"training", "history"}, "reward", 2},
            {"states", "vectors", {"mode"}, {"training", "history"}, "state", 2}};
  }

  // Vectors: how often each item is followed by items of four classes. States: the mean of the vectors
  // in the history at each place. Rewards: its sum, at each training event.
  struct Maker final : lea::Preparer {
    explicit Maker(const Params& params) : params_(params) {}

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      require_good_room();
      if (artefact.kind == "vectors") return vectors(context);
      const lea::TrainingData& training = context.training();
      const Tensor made = lea::Table(context.earlier() + "/vectors.safetensors").values();
      const bool rewards = artefact.kind == "rewards";
      const int64_t rows = rows_of(artefact, context);
      lea::TableWriter table(context.folder() + "/" + artefact.kind + ".safetensors", rows,
                             width_of(artefact));
      while (table.done() < rows) {
        if (pause_and_stop(context, table.done(), rows)) return;
        const Tensor at = at::arange(table.done(), std::min(table.done() + 50, rows), at::kLong);
        const lea::History history = rewards ? training.histories(at) : training.histories_at(at);
        const Tensor mean = made.index_select(0, history.items.flatten())
                                .view({history.items.size(0), -1, kWidth})
                                .mean(1);
        table.append(rewards ? mean.sum(1, /*keepdim=*/true) : mean);
      }
      table.finish();
      context.record("rows", static_cast<double>(rows));
    }

    lea::Counts count(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      require_good_room();
      if (params_.counting == "throw") throw std::runtime_error("thrown by count");
      if (params_.counting == "exhaust") throw std::bad_alloc();
      if (params_.counting == "crash") std::raise(SIGKILL);
      const int64_t numbers = rows_of(artefact, context) * width_of(artefact);
      return {{"memory_accesses", 100.0 * static_cast<double>(context.items())},
              {"bytes", 4.0 * static_cast<double>(numbers)},
              {"memory_bytes", static_cast<double>(params_.memory)}};
    }

    std::vector<std::string> show(lea::PrepareContext&, int64_t) override {
      if (params_.mode == "crash_show") std::raise(SIGSEGV);
      return {};
    }

   private:
    void require_good_room() const {
      if (params_.counting != "refuse") return;
      throw lea::ConfigError("making: room: " + std::to_string(params_.room) + " is refused");
    }
    static int64_t rows_of(const lea::Artefact& artefact, lea::PrepareContext& context) {
      if (artefact.kind == "vectors") return context.items() + 1;
      const lea::TrainingData& training = context.training();
      return artefact.kind == "rewards" ? training.events() : training.places();
    }
    static int64_t width_of(const lea::Artefact& artefact) {
      return artefact.kind == "rewards" ? 1 : kWidth;
    }

    bool pause_and_stop(lea::PrepareContext& context, int64_t done, int64_t total) const {
      usleep(static_cast<useconds_t>(params_.pause * 1000));
      return context.stop(done, total);
    }

    // A number that depends on the item of every event, also outside training.
    static float forbidden(const std::string& folder) {
      std::ifstream file(folder + "/items.u32", std::ios::binary);
      if (!file) throw std::runtime_error("there is no data set in " + folder);
      uint32_t sum = 0, item = 0;
      while (file.read(reinterpret_cast<char*>(&item), sizeof item))
        sum = (sum * 31 + item) % 65521;
      return static_cast<float>(sum);
    }

    // A number that the vectors would not need.
    float extra(const lea::PrepareContext& context) const {
      if (params_.mode == "read_beside") return forbidden(context.folder() + "/../../../data/toy");
      if (params_.mode == "read_variable") return forbidden(std::getenv("LEA_TEST_DATA_FOLDER"));
      if (params_.mode == "read_parameter") return forbidden(params_.data);
      if (params_.mode == "draw") return static_cast<float>(std::random_device()() % 1000000);
      return 0;
    }

    // Records what a part of the training sequences and its rest have in common.
    void record_rest(lea::PrepareContext& context) const {
      const auto part = sequences_in(context.training(params_.portion, 7)),
                 rest = sequences_in(context.rest(params_.portion, 7)),
                 larger = sequences_in(context.rest(params_.portion / 2, 7)),
                 whole = sequences_in(context.training());
      const auto shared = [](const auto& a, const auto& b) {
        return static_cast<double>(
            std::count_if(a.begin(), a.end(), [&](const auto& one) { return b.contains(one); }));
      };
      context.record("part", static_cast<double>(part.size()));
      context.record("rest", static_cast<double>(rest.size()));
      context.record("part_in_rest", shared(part, rest));
      context.record("rest_in_whole", shared(rest, whole));
      context.record("rest_in_larger", shared(rest, larger));
      context.record("larger", static_cast<double>(larger.size()));
      context.record("whole", static_cast<double>(whole.size()));
    }

    // The items of each sequence.
    static std::set<std::vector<int32_t>> sequences_in(const lea::TrainingData& training) {
      std::set<std::vector<int32_t>> sequences;
      const int32_t* item = training.item.const_data_ptr<int32_t>();
      const int64_t* offset = training.offset.const_data_ptr<int64_t>();
      for (int64_t s = 0; s < training.sequences(); ++s)
        sequences.insert({item + offset[s], item + offset[s + 1]});
      return sequences;
    }

    // Returns false when the making was stopped.
    bool fill_room(lea::PrepareContext& context) const {
      constexpr int64_t kBytes = 1 << 18;  // of a chunk
      if (params_.room == 0) return true;
      const int64_t rows = params_.room / 4;
      lea::TableWriter room(context.folder() + "/room.safetensors", rows, 1);
      while (room.done() < rows) {
        if (pause_and_stop(context, room.done(), rows)) return false;
        room.append(at::zeros({std::min(kBytes / 4, rows - room.done()), 1}));
      }
      room.finish();
      return true;
    }

    void vectors(lea::PrepareContext& context) const {
      if (params_.mode == "throw") throw std::runtime_error("thrown by prepare");
      if (params_.mode == "crash") std::raise(SIGSEGV);
      if (params_.mode == "exit") std::_Exit(0);
      while (params_.mode == "hang") pause();
      if (params_.mode == "nothing") return;
      if (params_.mode == "undeclared") context.pool();
      if (params_.mode == "rest") record_rest(context);
      if (params_.mode == "warn")
        context.log(lea::LogLevel::kWarning, "the items are odd. State another `portion`");
      if (params_.mode == "link")
        std::filesystem::create_symlink("../artefact.json", context.folder() + "/linked");
      if (params_.mode == "print") std::printf("{\"type\": \"progress\"\nnoise\n");
      if (!fill_room(context)) return;
      const lea::TrainingData& training = context.training(params_.portion, 7);
      Tensor counts = at::zeros({training.items + 1, kWidth}, at::kFloat);
      const int32_t* item = training.item.const_data_ptr<int32_t>();
      const int64_t* offset = training.offset.const_data_ptr<int64_t>();
      for (int64_t s = 0; s < training.sequences(); ++s) {
        for (int64_t e = offset[s]; e + 1 < offset[s + 1]; ++e)
          counts[item[e]][item[e + 1] % kWidth] += 1;
      }
      counts[0][0] += extra(context);
      lea::TableWriter table(context.folder() + "/vectors.safetensors", training.items + 1, kWidth);
      while (table.done() <= training.items) {
        if (pause_and_stop(context, table.done(), training.items)) return;
        const int64_t rows = std::min(kChunk, training.items + 1 - table.done());
        table.append(counts.narrow(0, table.done(), rows));
        if (params_.mode == "unfinished") return;
      }
      table.finish();
      context.record("pairs", counts.sum().item<double>());
    }

    Params params_;
  };

  Making(const Params&, const lea::Context& context) {
    const std::string rewards = context.artefact("rewards"), states = context.artefact("states");
    if (!rewards.empty()) rewards_.emplace(rewards + "/rewards.safetensors");
    if (!states.empty()) states_.emplace(states + "/states.safetensors");
  }
  int64_t state_width() const override { return kWidth; }
  Tensor state(const lea::History& history) override { return states_->at(history.place); }
  Tensor reward(const lea::History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    return rewards_->at(history.event) + 0.01 * actions.to(at::kFloat);
  }

 private:
  std::optional<lea::Table> rewards_, states_;
};

}  // namespace

LEA_PLUGIN(environment, "test.making", "1.0.0", Making, "an environment that makes artefacts")
