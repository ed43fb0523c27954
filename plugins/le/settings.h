// The parameters of the language-model environment (LE), each declared once. The paper is "the paper"
// of docs/; A and U with a number are the readings and gaps that it leaves open (docs/le.md).
#pragma once

#include <cstdint>
#include <string>

#include "core/spec/params.h"
#include "plugins/tuning/settings.h"

namespace lea::le {

struct Settings : TuningSettings {
  Settings() { plugin = "le", trained = "adapter"; }

  // The language model.
  std::string model;               // a Hugging Face folder
  std::string dtype = "bfloat16";  // of the frozen weights
  std::string weights = "trained";

  // The wording of prompts (section 3.2). {item} is one item, {history} the history, {list} the
  // candidates; in an item's sentence {title} is a column of the item texts, and {title:20} at most 20
  // tokens of it. The defaults are the paper's, with products in the place of tracks (U13).
  std::string item_sentence =
      "{item} product is titled {title:24}, its category is {category:16}, its brand is {brand:8}. "
      "{description:64}";
  std::string user_prompt = "The user has bought these products in chronological order: {history},";
  std::string action_prompt =
      "Compute the likelihood that {item} be the next product to be bought based on the purchase "
      "history.";
  std::string selection_prompt =
      "In the list of following 5 products:[{list}], based on the history, select the number of "
      "the "
      "product that he is most likely to buy next.";
  std::string hoisted_prompt =
      "Compute the likelihood that the user buys the last product next, after these products in "
      "chronological order: {history} next {item}";
  std::string separator = ", ";       // between the items of a history
  std::string list_item = "{item}";   // one candidate; {number} is its place, from 1
  std::string list_separator = ", ";  // between candidates
  std::string joint = " ";            // between the user prompt and what follows
  std::string labels = " first| second| third| fourth| fifth";
  bool begin_token = false;

  std::string order = "paper";         // or hoisted: constant text first, candidate last
  std::string state_prompt = "items";  // or user: where the state is read (A7)
  std::string hidden_state = "last";   // or mean: over the positions of the prompt (A8)
  std::string items = "tokens";        // or titles: -IT (U22)
  std::string title = "{title:24}";    // an item of a prompt with `items: titles`
  std::string texts = "own";           // or shuffled among the items: a control

  // Item tokens (section 3.1).
  std::string token_start = "random";  // or closed_form
  int64_t token_iterations = 300;
  double token_learning_rate = 5e-3;
  double token_penalty = 0;
  double token_stop = 0;
  std::string token_optimiser = "adam";

  // The adapter and the score head (sections 3.3 to 3.5), beside TuningSettings.
  int64_t rank = 8;
  double alpha = 16, dropout = 0;
  std::string targets = "q_proj k_proj v_proj o_proj";
  bool head_bias = false;

  // What the LE answers.
  std::string empty_history = "mean";

  int64_t quality_events = 2000;

  void fields(Fields& f) {
    f.model("model", model, "folder of the language model, or its name in the lab's models");
    f.choice("dtype", dtype, {"bfloat16", "float32"}, "type of the frozen weights");
    f.choice("weights", weights, {"trained", "random"},
             "the model's own weights, or random ones of the same architecture: a control");
    f.text(
        "item_sentence", item_sentence,
        "T: the sentence that an item's token is made from; {item} is its token, {title} a column "
        "of the item texts, {title:20} at most 20 tokens of it");
    f.text("user_prompt", user_prompt, "p_t, with {history}");
    f.text("action_prompt", action_prompt, "p_a, with {item}");
    f.text("selection_prompt", selection_prompt, "p_l, with {list}");
    f.text("hoisted_prompt", hoisted_prompt,
           "order hoisted: the whole reward prompt, with {history} before {item}");
    f.text("separator", separator, "text between two items of a history");
    f.text("list_item", list_item, "one candidate of the list, with {item}; {number}: its place");
    f.text("list_separator", list_separator, "text between two candidates");
    f.text("joint", joint, "text between the user prompt and the action or selection prompt (U13)");
    f.text(
        "labels", labels,
        "the words of the places of the list, with | between them; each must be one token (A14)");
    f.boolean("begin_token", begin_token, "begin each prompt with the model's begin token (A7)");
    f.choice(
        "order", order, {"paper", "hoisted"},
        "order of the reward prompt; hoisted: the constant text first, the candidate last, which "
        "is cheaper");
    f.choice(
        "state_prompt", state_prompt, {"items", "user"},
        "the state is read after the items alone, or after the user prompt (A7); order hoisted "
        "reads it in the hoisted prompt");
    f.choice(
        "hidden_state", hidden_state, {"last", "mean"},
        "a state or a reward is read from the last layer at the last position of its prompt, or "
        "from the mean over all positions of the prompt (A8); labels at the last position");
    f.added("hidden_state");
    f.choice("items", items, {"tokens", "titles"},
             "an item of a prompt is its token, or its title (-IT, U22)");
    f.text("title", title, "with `items: titles`: an item of a prompt");
    f.choice("texts", texts, {"own", "shuffled"},
             "the texts of the items, or those of other items: a control");
    f.choice(
        "token_start", token_start, {"random", "closed_form"},
        "start of the item tokens: random vectors, or the IDF-weighted mean of the words of the "
        "sentence");
    f.integer("token_iterations", token_iterations, {0, 1e6},
              "iterations for each item; 0: the start itself (paper: 300)");
    f.real("token_learning_rate", token_learning_rate, {1e-9, 10},
           "learning rate of the item tokens (paper: 5e-3)");
    f.real(
        "token_penalty", token_penalty, {0, 1e6},
        "weight of the squared distance to the start, in units of the mean squared length of word "
        "embeddings (U14)");
    f.real("token_stop", token_stop, {0, 1},
           "an item stops when its loss of the last 20 iterations fell by less than this fraction; "
           "0: never");
    f.choice("token_optimiser", token_optimiser, {"adam", "sgd"},
             "how item tokens are moved: by Adam, or by plain steps down the gradient (U14)");
    f.added("token_optimiser");
    TuningSettings::fields(f);
    f.integer("rank", rank, {1, 1024}, "rank of LoRA (U15)");
    f.real("alpha", alpha, {1e-6, 1e6}, "alpha of LoRA");
    f.real("dropout", dropout, {0, 0.99}, "dropout of LoRA");
    f.text("targets", targets, "modules with LoRA, with spaces between them");
    f.boolean("head_bias", head_bias, "the score head has a bias (U15)");
    f.choice("empty_history", empty_history, {"mean", "zero"},
             "reward after an empty history: the mean of all others, or 0; its state is zeros");
    quality_field(f, quality_events);
  }
};

}  // namespace lea::le
