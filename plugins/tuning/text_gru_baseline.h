// The network of text_gru as a rule beside another environment (core/api/baseline.h): what the
// losses and the texts give without a language model.
#pragma once

#include <memory>
#include <optional>

#include "core/api/baseline.h"
#include "core/api/preparer.h"
#include "core/api/tfidf.h"
#include "plugins/tuning/settings.h"
#include "plugins/tuning/text_gru_model.h"

namespace lea {

// How the network is trained beside an environment with these settings: by the same losses on the
// same batches. The learning rate, its warm-up and its schedule, and the limit of the gradient are
// the defaults of text_gru, because what suits an adapter does not suit a GRU that starts from
// nothing. Nothing is validated, unless that decides what is kept.
TuningSettings text_gru_settings(const TuningSettings& of);

// The network that text_gru would train with text_gru_settings(of), of its default width, on the
// CPU. `rows` are those of text_rows.h. What an interrupted attempt did is kept in a folder below
// context.folder(), from where it goes on with the same bytes, until remove_text_gru(). LibTorch's
// generator of the CPU stays as it was. Nothing when context.stop() was true. reads: training.
std::optional<TextGruModel> train_text_gru(const TuningSettings& of, const SparseRows& rows,
                                           PrepareContext& context);
void remove_text_gru(const PrepareContext& context);
// The multiplications of that, about. reads: training.
double text_gru_cost(const TuningSettings& of, PrepareContext& context);

// The score is the reward, the vector is the state, and the score by the state is the similarity of
// L_sm. Where a weight of 0 left one of the two untrained, the other one stands for it. Named
// `text_gru`.
std::unique_ptr<Baseline> text_gru_baseline(const TuningSettings& settings, TextGruModel network);

}  // namespace lea
