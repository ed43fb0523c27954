// The language model as an environment: states (Eq. 3) and rewards (Eq. 5) of a language model with
// item tokens and an adapter. What training asks for is looked up in tables, made beforehand for all
// places and for the pool. What is in no table is computed by the language model, which is opened at
// the first such call: the rewards of proposed items, histories outside of training, and the choice
// from a list.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/context.h"
#include "core/api/environment.h"
#include "core/api/preparer.h"
#include "core/api/table.h"
#include "plugins/le/environment_model.h"
#include "plugins/le/settings.h"

namespace lea::le {

class LanguageEnvironment final : public Environment, public Chooser {
 public:
  static constexpr bool kGivesState = true, kNeedsPool = true;
  static constexpr const char* kListWords = "labels";
  using Params = Settings;

  // tokens, and adapter from it; from adapter states and rewards, and quality and choices, whose
  // figures no environment reads. The folder of adapter holds all that the model needs, also the item
  // tokens, so that what is made from it needs no other folder.
  static std::vector<Artefact> artefacts();
  class Maker;

  LanguageEnvironment(const Settings& settings, const Context& context);

  int64_t state_width() const override;  // 0 in a run that needs no states
  // Zeros after an empty history.
  Tensor state(const History& history) override;
  // Ignores the roles. After an empty history all rewards are equal, see Settings::empty_history.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override;

  // The number of labels.
  int64_t longest_list() const override;
  // The logits of the labels, which the language model computes (section 6).
  Tensor list_scores(const History& history, const Tensor& lists) override;
  // The similarity of L_sm between the state and the item's token. Before an event or at the end of a
  // training sequence it takes no language model.
  Tensor state_scores(const History& history, const Tensor& items) override;

 private:
  const EnvironmentModel& model();
  // One question for each history of these rows, int64 [M] ascending, with the actions int64 [M].
  // Training events of one sequence that follow each other are one question, so that what their
  // histories share is computed once: proposals are asked in the order of the events.
  std::vector<EnvironmentModel::Question> questions_of(const History& history, const Tensor& rows,
                                                       const Tensor& actions) const;

  const Settings settings_;
  const TrainingData training_;
  const Tensor pool_;  // int64 [E, P], or undefined
  const std::string adapter_folder_;
  const c10::Device device_;
  std::optional<Table> states_, rewards_;
  Tensor tokens_;  // float [N, D], to_compare() of the item tokens; undefined before they are read
  std::unique_ptr<EnvironmentModel> model_;
};

}  // namespace lea::le
