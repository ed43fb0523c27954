// The work that the artefacts of the language-model environment take, and what is refused early.
#include <algorithm>
#include <string>
#include <vector>

#include "core/lm/config.h"
#include "core/lm/decoder.h"
#include "core/lm/model_folder.h"
#include "plugins/le/context_length.h"
#include "plugins/le/environment_maker.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/tuner.h"
#include "plugins/tuning/batches.h"
#include "plugins/tuning/tables.h"
#include "plugins/tuning/trainable.h"

namespace lea::le {
namespace {

// Weights of the layers, which take part in each row.
double body_of(const lm::Config& config) {
  const auto width = double(config.width), inner = double(config.inner);
  const double queries = double(config.heads * config.head_width),
               keys = double(config.key_heads * config.head_width);
  return double(config.layers) * width * (2 * queries + 2 * keys + 3 * inner);
}

// What a row computes one by one in the layers takes about as long as so many activations of a value:
// norms, sums, turned queries and keys, what attention copies, and the gate. Most values are also
// widened from bfloat16, rounded again and moved, which counts six times.
double values_of(const lm::Config& config) {
  const auto width = double(config.width), inner = double(config.inner);
  const double queries = double(config.heads * config.head_width),
               keys = double(config.key_heads * config.head_width);
  return 6 * double(config.layers) * (4 * width + 3 * (queries + keys) + inner);
}

// A row with a gradient takes two passes of products, forwards and backwards. What it computes one
// by one, with the narrow products of the adapter and what is kept for the gradient, takes as long
// as so many passes without a gradient. These and the six above were measured by run_le.py with a
// model of 135 million weights in bfloat16 on an AMD Zen 5.
constexpr double kProductPasses = 2, kValuePasses = 10;

}  // namespace

Counts LanguageEnvironment::Maker::count(const Artefact& artefact, PrepareContext& context) {
  const lm::Config config = lm::read_config(settings_.model);
  lm::require_weights(config, lm::Weights(settings_.model));  // reads the headers of the files
  const int64_t pool = artefact.kind == "rewards" ? pool_width(context) : 0;
  const Work work = work_of(artefact, context, pool);
  Counts counts = {{"bytes", bytes_of_files(artefact, context, pool)}};
  double weights = body_of(config);
  if (artefact.kind == "tokens") weights += double(config.vocabulary * config.width);  // the head
  if (work.beside > 0) counts["multiply_adds"] = work.beside;
  counts[settings_.dtype == "bfloat16" ? "bfloat16_multiply_adds" : "multiply_adds"] +=
      weights * (work.read + kProductPasses * work.learned);
  counts["values"] = values_of(config) * (work.read + kValuePasses * work.learned);
  if (const double memory = bytes_of_model(artefact, context, work.longest); memory > 0)
    counts["memory_bytes"] = memory;
  if (artefact.kind == "states") counts["state_width"] = double(config.width);
  return counts;
}

LanguageEnvironment::Maker::Work LanguageEnvironment::Maker::work_of(const Artefact& artefact,
                                                                     PrepareContext& context,
                                                                     int64_t pool) const {
  const lm::Config config = lm::read_config(settings_.model);
  const lm::Tokenizer tokenizer(settings_.model, config.vocabulary);
  lm::require_vocabulary(settings_.model, tokenizer, config);
  if (artefact.kind == "tokens") {
    const ItemTexts texts =
        item_texts(settings_, tokenizer, context, begin_token(settings_, tokenizer));
    require_sentences_fit(texts, config.context);
    double rows = 0;
    for (const Sentence& sentence : texts.sentences)
      rows += double(sentence.before.size() + 1 + sentence.after.size());
    const double measured = std::min(1.0, double(kItemsOfLoss) / double(context.items()));
    // At the end the loss of some items is measured.
    return {.read = measured * rows,
            .learned = double(settings_.token_iterations) * rows,
            .longest = longest_sentence(texts)};
  }
  // Whether prompts fit is known only with the titles of all items, which the making checks.
  Settings bare = settings_;
  bare.items = "tokens";
  const int64_t begin = begin_token(settings_, tokenizer);
  const std::vector<std::string> title = typical_title(settings_, tokenizer, context);
  if (artefact.kind == "choices") {
    require_prompts_fit(SelectionPrompts(bare, tokenizer, config.vocabulary, begin, {}),
                        context.training(), config.context);
    const SelectionPrompts selections(settings_, tokenizer, config.vocabulary, begin, title);
    return {.read = rows_of_choices(settings_, context, selections),
            .beside = cost_beside_quality(settings_, context)};
  }
  require_prompts_fit(Prompts(bare, tokenizer, config.vocabulary, begin, {}), context.training(),
                      config.context);
  const Prompts prompts(settings_, tokenizer, config.vocabulary, begin, title);
  const RowsOfParts parts = rows_of_parts(prompts);
  if (artefact.kind == "quality") {
    return {.read = rows_of_quality(settings_, context, prompts, parts),
            .beside = cost_beside_quality(settings_, context)};
  }
  // The rows that histories take which are asked for states, and for so many actions.
  const auto rows_of = [&](const std::vector<int64_t>& ends, bool states, int64_t actions) {
    std::vector<Wanted> wanted;
    for (const int64_t end : ends) {
      if (end > 0)
        wanted.push_back(
            {end, states ? 0 : -1, std::vector<int64_t>(static_cast<size_t>(actions), 1), 0});
    }
    return estimated_rows(prompts, parts, wanted, context.history());
  };
  const auto rows_of_all = [&](const TrainingData& of, int64_t last, bool states, int64_t actions) {
    const int64_t* first = of.offset.const_data_ptr<int64_t>();
    double rows = 0;
    for (int64_t s = 0; s < of.sequences(); ++s) {
      std::vector<int64_t> ends;
      for (int64_t end = 1; end < first[s + 1] - first[s] + last; ++end) ends.push_back(end);
      rows += rows_of(ends, states, actions);
    }
    return rows;
  };
  if (artefact.kind == "states") return {.read = rows_of_all(context.training(), 1, true, 0)};
  if (artefact.kind == "rewards")
    return {.read = rows_of_all(context.training(), 0, false, 1 + pool)};

  require_targets(settings_, config);
  require_trainable(settings_, context.rest(settings_.portion, uint64_t(settings_.seed)));
  const TrainingData part = context.training(settings_.portion, uint64_t(settings_.seed));
  const bool states = settings_.state_weight > 0;
  const int64_t actions = settings_.reward_weight > 0 ? 1 + settings_.negatives : 0;
  TuningBatches batches(settings_, part);
  double rows = 0;
  int64_t step = 0;
  for (; step < batches.steps() && step < 100; ++step) {  // the others are like them
    const std::vector<TuningRow> batch = batches.rows(step);
    for (size_t i = 0; i < batch.size();) {
      std::vector<int64_t> ends;
      const int64_t of = batch[i].sequence;
      for (; i < batch.size() && batch[i].sequence == of; ++i) ends.push_back(batch[i].end);
      rows += rows_of(ends, states, actions);
    }
  }
  if (step > 0) rows *= double(batches.steps()) / double(step);
  const TrainingData rest = context.rest(settings_.portion, uint64_t(settings_.seed));
  const int64_t* first = rest.offset.const_data_ptr<int64_t>();
  double validated = 0;
  for (int64_t s = 0; s < std::min(rest.sequences(), settings_.validation_sequences); ++s) {
    std::vector<int64_t> ends;
    for (int64_t end = 1; end < first[s + 1] - first[s]; ++end) ends.push_back(end);
    validated += rows_of(ends, true, 2);
  }
  if (batches.steps() == 0) validated /= kValidations;  // the start alone is measured
  Work work = {.read = kValidations * validated, .learned = rows};
  // The longest title may be much longer than the typical one.
  if (settings_.items != "titles") work.longest = longest_prompt(prompts, context.training());
  return work;
}

}  // namespace lea::le
