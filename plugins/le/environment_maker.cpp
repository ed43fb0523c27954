#include "plugins/le/environment_maker.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/api/tfidf.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "plugins/le/context_length.h"
#include "plugins/le/item_neighbours.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/item_tokens.h"
#include "plugins/le/reward_noise.h"
#include "plugins/le/tuning.h"
#include "plugins/tuning/tables.h"

namespace lea::le {
namespace {

namespace fs = std::filesystem;

constexpr double kRowsOfChunk = 8 * kRowsOfPass;

// Puts the file into the folder too, without a copy where the file system can.
void link_or_copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::remove(to, error);
  fs::create_hard_link(from, to, error);
  if (!error) return;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) throw StoreError(to + ": cannot be written: " + error.message());
}

// The questions about a chunk, one for each sequence in it. `actions_of(place)` are the actions.
template <typename ActionsOf>
std::vector<EnvironmentModel::Question> questions_of(const TrainingData& training,
                                                     const std::vector<AskedPlace>& chunk,
                                                     bool states, const ActionsOf& actions_of) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  std::vector<EnvironmentModel::Question> questions;
  int64_t last = -1;
  for (const AskedPlace& place : chunk) {
    if (place.sequence != last) questions.push_back({{}, {}, {}, states});
    last = place.sequence;
    EnvironmentModel::Question& question = questions.back();
    question.ends.push_back(place.end);
    if (!states) question.actions.push_back(actions_of(place));
    const int32_t* begin = item + first[place.sequence];
    question.items.assign(begin, begin + place.end);
  }
  return questions;
}

// Appends the answers to all chunks to the table, and goes on where an earlier attempt ended. Returns
// false when it is to leave. `values_of(answers, chunk)` are the chunk's rows.
template <typename ActionsOf, typename ValuesOf>
bool fill_table(const EnvironmentModel& model, const TrainingData& training,
                std::vector<std::vector<AskedPlace>> chunks, int64_t rows, TableWriter& writer,
                PrepareContext& context, bool states, const ActionsOf& actions_of,
                const ValuesOf& values_of) {
  int64_t before = 0;  // rows of the chunks so far
  for (std::vector<AskedPlace>& chunk : chunks) {
    const int64_t skip = std::clamp<int64_t>(writer.done() - before, 0, std::ssize(chunk));
    before += std::ssize(chunk);
    chunk.erase(chunk.begin(), chunk.begin() + skip);
    if (chunk.empty()) continue;
    const auto leave = [&] { return context.stop(writer.done(), rows); };
    const auto answers =
        model.ask(questions_of(training, chunk, states, actions_of), training.history, leave);
    if (answers.empty()) return false;
    writer.append(values_of(answers, chunk));
  }
  return !context.stop(writer.done(), rows);
}

}  // namespace

std::vector<Artefact> LanguageEnvironment::artefacts() {
  return {
      {.kind = "tokens",
       .params = {"model", "dtype", "weights", "item_sentence", "items", "title if items=titles",
                  "texts", "token_start", "token_iterations",
                  "token_learning_rate unless token_iterations=0",
                  "token_penalty unless token_iterations=0", "token_stop unless token_iterations=0",
                  "token_optimiser unless token_iterations=0", "begin_token",
                  "seed if weights=random", "seed if texts=shuffled", "seed if token_start=random"},
       .reads = {"texts"}},
      {.kind = "adapter",
       .after = "tokens",
       .params =
           tuning_params({"order", "user_prompt if order=paper", "action_prompt if order=paper",
                          "joint if order=paper", "state_prompt if order=paper",
                          "hoisted_prompt if order=hoisted", "hidden_state", "separator", "rank",
                          "alpha", "dropout", "targets", "head_bias"}),
       .reads = {"training", "history"}},
      {.kind = "states",
       .after = "adapter",
       .reads = {"training", "history"},
       .slot = "state augment.select=state_token"},
      {.kind = "rewards",
       .after = "adapter",
       .params = {"empty_history"},
       .reads = {"training", "history", "pool"},
       .slot = "reward"},
      // The portion and its seed are in the key of the adapter.
      {.kind = "quality",
       .after = "adapter",
       .params = {"quality_events"},
       .reads = {"texts", "training", "history"},
       .revision = 2},
      {.kind = "choices",
       .after = "adapter",
       .params = {"user_prompt", "joint", "selection_prompt", "list_item", "list_separator",
                  "labels", "quality_events"},
       .reads = {"texts", "training", "history"},
       .slot = "augment.select=labels",
       .revision = 2},
  };
}

std::vector<std::vector<AskedPlace>> chunks_of(const TrainingData& training, bool events,
                                               const RowsOfParts& parts, int64_t actions) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int64_t window = training.history;
  const auto of_actions =
      actions > 0 ? static_cast<double>(parts.to_actions + actions * parts.action) : 0.0;
  std::vector<std::vector<AskedPlace>> chunks;
  double rows = 0;
  bool open = false;  // whether the last chunk takes more places
  for (int64_t s = 0; s < training.sequences(); ++s) {
    const int64_t places = first[s + 1] - first[s] + (events ? 0 : 1);
    for (int64_t end = 0; end < places; ++end) {
      if (!std::exchange(open, true)) chunks.emplace_back();
      chunks.back().push_back({s, end});
      if (end > 0) rows += of_actions + static_cast<double>(parts.item);
      if (end == 1) rows += static_cast<double>(parts.start);
      // A history that has a chain of its own.
      if (end > window) rows += static_cast<double>(parts.start + (window - 2) * parts.item);
      // A chunk ends with a sequence, whose histories share a chain, unless the sequence is very long.
      const bool last = end + 1 == places;
      if (rows < (last ? 1 : 2) * kRowsOfChunk || (!last && end < window)) continue;
      open = false;
      rows = 0;
    }
  }
  return chunks;
}

void require_items(const EnvironmentModel& model, const PrepareContext& context) {
  require_items(model.tokens(), context.items(), context.earlier());
}

void LanguageEnvironment::Maker::prepare(const Artefact& artefact, PrepareContext& context) {
  if (artefact.kind == "tokens") return make_tokens(context);
  if (artefact.kind == "adapter") return make_adapter(context);
  if (artefact.kind == "states") return make_states(context);
  if (artefact.kind == "quality") return make_quality(context);
  if (artefact.kind == "choices") return make_choices(context);
  return make_rewards(context);
}

void LanguageEnvironment::Maker::make_tokens(PrepareContext& context) const {
  const lm::Tokenizer tokenizer(settings_.model);
  const ItemTexts texts =
      item_texts(settings_, tokenizer, context, begin_token(settings_, tokenizer));
  require_sentences_fit(texts, lm::read_config(settings_.model).context);
  const auto model =
      open_language_model(settings_, context.device(), Purpose::kTokens, longest_sentence(texts));
  const lm::Decoder& decoder = model->decoder;
  if (texts.without_text > 0) {
    context.log(
        LogLevel::kWarning,
        std::to_string(texts.without_text) + " of " + counted(context.items(), "item") +
            (texts.without_text == 1 ? " has no text, so its token is "
                                     : " have no text, so their tokens are all the same: ") +
            "the mean word embedding. Import the data set again with texts for them, or name more "
            "columns in `item_sentence`");
  }
  if (texts.cut > 0) {
    context.log(LogLevel::kInfo,
                std::to_string(texts.cut) + " of " + counted(context.items(), "item") +
                    (texts.cut == 1 ? " has a text that was cut to its cap in tokens"
                                    : " have a text that was cut to its cap in tokens"));
  }
  // Nothing here reads the prompts, but a mistake in a wording must not show only after hours of item
  // tokens.
  Prompts(settings_, tokenizer, decoder.config().vocabulary, begin_token(settings_, tokenizer),
          texts.titles);
  if (context.stop(0, 0)) return;
  const auto stop = [&](int64_t done, int64_t total) { return context.stop(done, total); };
  Tensor tokens;
  // An attempt that was killed at its very end has left the tokens, but no unfinished ones.
  if (fs::exists(context.folder() + "/" + kTokensFile)) {
    tokens = read_item_tokens(context.folder(), decoder.config().width);
  } else {
    tokens = settings_.token_start == "closed_form"
                 ? closed_form(decoder, texts.sentences)
                 : random_tokens(decoder, context.items(), uint64_t(settings_.seed));
    if (!optimise_tokens(decoder, texts.sentences, settings_, context.folder(), tokens, stop))
      return;
  }
  const auto loss =
      token_loss(decoder, texts.sentences, tokens, kItemsOfLoss, context.folder(), stop);
  if (!loss) return;
  if (!texts.titles.empty()) {
    publish_file(context.folder() + "/" + kTitlesFile, nlohmann::json(texts.titles).dump() + "\n");
  }
  write_tensors(context.folder() + "/" + kTokensFile, {{"tokens", tokens}});
  remove_partial_tokens(context.folder());
  context.record("loss", loss->cross_entropy);
  context.record("accuracy", loss->accuracy);
  const auto share =
      neighbours_share(tokens, tfidf(item_documents(context, "auto", "le: neighbours")));
  if (share) context.record("neighbours", *share);
  context.record("items_without_text", double(texts.without_text));
  context.record("items_with_cut_text", double(texts.cut));
}

void LanguageEnvironment::Maker::make_adapter(PrepareContext& context) const {
  const std::string folder = context.folder();
  for (const char* name : {kTokensFile, kTitlesFile}) {
    const std::string from = context.earlier() + "/" + name;
    if (fs::exists(from)) link_or_copy(from, folder + "/" + name);
  }
  const lm::Config config = lm::read_config(settings_.model);
  const lm::Tokenizer tokenizer(settings_.model, config.vocabulary);
  const Prompts prompts(settings_, tokenizer, config.vocabulary, begin_token(settings_, tokenizer),
                        read_titles(settings_, folder, context.items()));
  require_prompts_fit(prompts, context.training(), config.context);
  const auto seed = uint64_t(settings_.seed);
  const TrainingData part = context.training(settings_.portion, seed),
                     rest = context.rest(settings_.portion, seed);
  const auto tuned = tune(
      settings_, folder, part, rest, folder, context.device(),
      [&](int64_t done, int64_t total) { return context.stop(done, total); },
      [&](const std::string& message) { context.log(LogLevel::kWarning, message); });
  if (!tuned) return;
  for (const auto& [name, value] : tuned->figures) context.record(name, value);
  context.record("steps", double(tuned->steps));
  context.record("diverged", tuned->diverged ? 1 : 0);
}

void LanguageEnvironment::Maker::make_states(PrepareContext& context) const {
  const EnvironmentModel model(settings_, context.earlier(), context.device());
  require_items(model, context);
  const TrainingData training = context.training();
  const std::string path = context.folder() + "/" + kStatesFile;
  // The model's own type: the states have no more digits.
  TableWriter writer(path, training.places(), model.width(),
                     settings_.dtype == "float32" ? at::kFloat : at::kBFloat16);
  const RowsOfParts parts = rows_of_parts(model.prompts());
  const bool complete = fill_table(
      model, training, chunks_of(training, /*events=*/false, parts, 0), training.places(), writer,
      context, /*states=*/true, [](const AskedPlace&) { return std::vector<int64_t>(); },
      [](const std::vector<EnvironmentModel::Answer>& answers, const std::vector<AskedPlace>&) {
        std::vector<Tensor> states;
        for (const auto& answer : answers) states.push_back(answer.states);
        return at::cat(states);
      });
  if (!complete) return;
  writer.finish();
  record_states(context, uint64_t(settings_.seed));
}

void LanguageEnvironment::Maker::make_rewards(PrepareContext& context) const {
  const TrainingData training = context.training();
  const Tensor pool = context.pool();
  const int64_t events = training.events(), sampled = pool.defined() ? pool.size(1) : 0;
  const std::string path = context.folder() + "/" + kRewardsFile,
                    raw_path = context.folder() + "/" + kRawRewards;
  const auto model = open_model(context);
  if (!fs::exists(path) && !fs::exists(raw_path)) {
    TableWriter writer(raw_path, events, 1 + sampled);
    const RowsOfParts parts = rows_of_parts(model->prompts());
    const int64_t* first = training.offset.const_data_ptr<int64_t>();
    const int32_t* item = training.item.const_data_ptr<int32_t>();
    const int64_t* other = pool.defined() ? pool.const_data_ptr<int64_t>() : nullptr;
    const auto actions_of = [&](const AskedPlace& place) {
      const int64_t event = first[place.sequence] + place.end;
      std::vector<int64_t> actions = {item[event]};
      for (int64_t j = 0; j < sampled; ++j) actions.push_back(other[event * sampled + j]);
      return actions;
    };
    const auto values_of = [&](const std::vector<EnvironmentModel::Answer>& answers,
                               const std::vector<AskedPlace>& chunk) {
      std::vector<Tensor> rewards;
      for (const auto& answer : answers) rewards.push_back(answer.rewards);
      return at::cat(rewards).view({std::ssize(chunk), 1 + sampled});
    };
    if (!fill_table(*model, training, chunks_of(training, /*events=*/true, parts, 1 + sampled),
                    events, writer, context, /*states=*/false, actions_of, values_of))
      return;
    writer.finish();
  }
  // Both tables have the same rewards after histories that are not empty.
  const auto noise =
      reward_noise(*model, training, pool, Table(fs::exists(path) ? path : raw_path).values(),
                   [&] { return context.stop(events, events); });
  if (!noise) return;

  // Now the mean of all rewards is known, which empty histories get.
  finish_rewards(context, settings_.empty_history);
  context.record("reward_noise", *noise);
}

}  // namespace lea::le
