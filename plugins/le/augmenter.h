// Proposes one of the candidates of the evaluated network (paper section 6): the one whose label the
// language model finds likeliest (`labels`), the one with the highest reward (`reward`), or the one
// whose token is most similar to the state (`state_token`). It has no language model of its own. It
// asks the environment `of`, which opens one to answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/augmenter.h"
#include "core/api/context.h"
#include "core/api/environment.h"
#include "core/spec/params.h"

namespace lea::le {

class LanguageAugmenter final : public Augmenter, public ListReader {
 public:
  struct Params {
    std::string of, select = "labels", list = "ranked", logged = "keep", seen = "keep",
                    when_logged = "keep";
    int64_t seed = 1;
    void fields(Fields& f) {
      f.environment("of", of, "environment that chooses: le, or with `select: reward` any");
      f.choice(
          "select", select, {"labels", "reward", "state_token"},
          "what chooses: the language model reads the list and names a label (paper); the "
          "highest reward; the token most similar to the state, without a language model (U8)");
      f.choice("list", list, {"ranked", "shuffled"},
               "order of the list: best first, or at random for each event (U8)");
      f.choice("logged", logged, {"keep", "drop"},
               "whether the logged next item stays in the list (U8)");
      f.choice("seen", seen, {"keep", "drop"},
               "whether items that stand before the event in its training sequence stay (U8)");
      f.choice("when_logged", when_logged, {"keep", "next", "none"},
               "when the choice is the logged item: propose it, the next best, or nothing (U8)");
      f.integer("seed", seed, {0, 9e15},
                "together with the run's seed, the order of `shuffled` and of equal scores");
    }
  };

  static std::vector<std::string> asks() {
    return {"list_scores if select=labels", "state_scores if select=state_token"};
  }

  // Throws ConfigError when `of` cannot answer what `select` asks, or has fewer labels than there are
  // candidates. A spec with such settings is refused before (asks).
  LanguageAugmenter(const Params& params, const Context& context);

  // 0 when the list is empty. Equal scores, and all those after an empty history, are ordered at
  // random by the seeds, the event, the item and its place.
  Tensor propose(const History& history, const Tensor& candidates) override;
  Tensor lists(const History& history, const Tensor& candidates) override;

 private:
  void require_labels(int64_t candidates) const;
  Tensor scores(const History& history, const Tensor& lists, const Tensor& candidates);

  const Params params_;
  const TrainingData training_;
  const std::shared_ptr<Environment> environment_;
  Chooser* const chooser_;  // null when `of` is none
  const uint64_t key_;
};

}  // namespace lea::le
