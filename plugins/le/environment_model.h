// The language model with item tokens, adapter and score head: what answers for states and rewards.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "core/lm/adapter.h"
#include "core/lm/memory.h"
#include "core/lm/model_folder.h"
#include "plugins/le/prompts.h"
#include "plugins/le/selection_prompts.h"
#include "plugins/le/settings.h"

namespace lea::le {

// Names of the files of the artefacts beside tables (plugins/tuning/tables.h).
inline constexpr const char* kTokensFile =
    "tokens.safetensors";                                     // of `tokens`: "tokens" F32 [N, D]
inline constexpr const char* kTitlesFile = "titles.json";     // of `tokens`: [N] texts
inline constexpr const char* kAdapterFolder = "adapter";      // of `adapter`: PEFT's files
inline constexpr const char* kHeadFile = "head.safetensors";  // "weight" F32 [D], "bias" F32 [1]

// The score head theta: r = weight . h + bias, in float32.
struct ScoreHead {
  at::Tensor weight;                                      // float [D]
  at::Tensor bias;                                        // float [1], 0 without a bias
  at::Tensor operator()(const at::Tensor& hidden) const;  // [R, D] -> float [R]
};

// Opens the model of the settings: its config, tokenizer and weights, of the stated type. With
// `weights: random` each matrix is drawn anew (normal, standard deviation 0.02, norms 1) by the seed.
// Throws DataError as core/lm does, and on the CPU an error before the weights are read when the
// machine has less memory than need_of_model says (lm::require_memory).
struct OpenModel {
  lm::ModelFolder folder;
  lm::Decoder decoder;
};
// A pass ends with the prompt that reaches so many rows.
inline constexpr int64_t kRowsOfPass = 1024;
// To learn item tokens; to answer, with the adapter merged into the weights; to train the adapter.
enum class Purpose { kTokens, kAsk, kTrain };
// No sentence or prompt will have more than `longest` rows.
std::unique_ptr<OpenModel> open_language_model(const Settings& settings, at::Device device,
                                               Purpose purpose = Purpose::kAsk,
                                               int64_t longest = kRowsOfPass);

// The memory that the opening on the CPU checks: of the weights that are copied or drawn, of copies
// that the merging makes, and of a pass or a step of the training.
lm::MemoryNeed need_of_model(const Settings& settings, const lm::Config& config,
                             const lm::Weights& weights, Purpose purpose,
                             int64_t longest = kRowsOfPass);

// The model's begin token, -1 unless the settings ask for it or when the model has none.
int64_t begin_token(const Settings& settings, const lm::Tokenizer& tokenizer);

// What a folder of finished artefacts holds. Throws DataError for a file that is missing, damaged or
// of another model: the item tokens, float [N, D] on the CPU; the titles, empty without `items:
// titles`; the head, on the device.
at::Tensor read_item_tokens(const std::string& folder, int64_t width);
// Throws DataError when the folder's item tokens, [N, D], are not of so many items.
void require_items(const at::Tensor& tokens, int64_t items, const std::string& folder);
std::vector<std::string> read_titles(const Settings& settings, const std::string& folder,
                                     int64_t items);
ScoreHead read_head(const std::string& folder, int64_t width, at::Device device);

// Asked for (history, action) pairs and histories. Not thread-safe.
class EnvironmentModel {
 public:
  // `folder` is that of the finished artefact `adapter`, which holds the item tokens as well. The
  // adapter is merged into the weights. Throws what opening a damaged file throws.
  EnvironmentModel(const Settings& settings, const std::string& folder, at::Device device);

  int64_t width() const;  // D
  const at::Tensor& tokens() const { return tokens_; }
  const Prompts& prompts() const { return *prompts_; }
  // Made at the first call, which throws what SelectionPrompts throws: labels and selection prompt
  // need not be those of this model as long as nothing chooses by them.
  const SelectionPrompts& selections() const;

  // A sequence of which some histories are asked. `items` oldest first. For each element of `ends`
  // the history is the last `window` items of items[0 .. end - 1]; an end of 0 is an empty history.
  struct Question {
    std::vector<int64_t> items;
    std::vector<int64_t> ends;                  // ascending
    std::vector<std::vector<int64_t>> actions;  // [ends], the actions whose rewards are asked
    bool states = false;                        // whether the states are asked
  };
  // float [number of ends, D] (zeros for an empty history and when none is asked), and the rewards of
  // all actions in order, float [number of actions] (0 after an empty history). The answer to a
  // question does not depend on the others but for rounding.
  struct Answer {
    at::Tensor states, rewards;
  };
  // `leave` is asked before each pass, which takes a few seconds at most; when it returns true, the
  // result is empty.
  std::vector<Answer> ask(const std::vector<Question>& questions, int64_t window,
                          const std::function<bool()>& leave = {}) const;

  // The logits of the labels after the selection prompts, in float32: float [B, C], on the CPU, with C
  // the length of the longest list. Column c belongs to candidate c of the row's list; minus infinity
  // where the list has ended. After an empty history all candidates have 0. `histories` [B], oldest
  // item first; `lists` [B], each with at most as many candidates as there are labels.
  at::Tensor label_scores(const std::vector<std::vector<int64_t>>& histories,
                          const std::vector<std::vector<int64_t>>& lists) const;

 private:
  Settings settings_;
  std::string folder_;
  std::unique_ptr<OpenModel> model_;
  at::Tensor tokens_;  // in the decoder's type
  ScoreHead head_;
  std::unique_ptr<Prompts> prompts_;
  mutable std::unique_ptr<SelectionPrompts> selections_;
};

}  // namespace lea::le
