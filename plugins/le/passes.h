// Packs what is asked of the language model into passes: forests of about kRowsOfPass rows, in which
// prompts share their beginnings and trees of equal shape stand together.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/lm/forest.h"
#include "plugins/le/environment_model.h"
#include "plugins/le/prompts.h"

namespace lea::le {

// What is asked about one history of a sequence. Results are numbered by the caller.
struct Wanted {
  int64_t end = 0;                    // the history is that before items[end]; at least 1
  int64_t state = -1;                 // the number of the state's result; -1: it is not asked
  std::vector<int64_t> actions = {};  // the items whose rewards are asked
  int64_t reward = -1;                // the number of the first action's result; the others follow
};

// A path of item tokens, and what branches off it.
struct Chain {
  struct Read {
    int64_t length = 0;   // of the history: it is that of the first so many items
    int64_t item = 0;     // the action whose reward is read; 0: the state is read
    int64_t result = 0;   // its number
    bool joined = false;  // it stands in the same pass as the read before it
  };
  std::vector<int64_t> items;
  bool state = false;  // a chain for states, see Prompts::add_history
  std::vector<Read> reads;
};

// Appends the chains that answer `wanted` about a sequence: one for all histories of up to `window`
// items from its start, and one for each later history, which has its last `window` items. With
// `together` the rewards of one history are read in one pass.
void add_chains(const Prompts& prompts, const std::vector<int64_t>& items,
                const std::vector<Wanted>& wanted, int64_t window, bool together,
                std::vector<Chain>* chains);

// One forest, and what is read in it: the states and rewards with these numbers, at the places that
// Prompts::read_state and read_reward returned.
struct Pass {
  lm::Forest forest;
  std::vector<int64_t> states, state_rows, rewards, reward_rows;
  // The places are rows of the forest, and all its rows are requested in order (Prompts::reads_mean).
  bool mean = false;
};

// What a pass reads of the last layer: [states, D] and [rewards, D], in the decoder's type or float.
// Gradients flow as through hidden_states().
struct ReadVectors {
  at::Tensor states, rewards;
};
ReadVectors read_vectors(const lm::Decoder& decoder, const Pass& pass, const at::Tensor& tokens,
                         double dropout = 0);

// Calls `visit` with each pass. Returns false as soon as it does. A pass ends with the read that
// reaches kRowsOfPass rows. Which reads stand in a pass depends on the chains alone.
bool for_each_pass(const Prompts& prompts, std::vector<Chain> chains,
                   const std::function<bool(const Pass&)>& visit);

// The rows that parts of prompts take in a forest that already has their header, measured with item 1.
struct RowsOfParts {
  int64_t start = 0;                        // a reward prompt's part up to and with the first item
  int64_t item = 0;                         // each further item of the history
  int64_t to_actions = 0;                   // between a history and its actions
  int64_t action = 0;                       // each action
  int64_t state_start = 0, state_item = 0;  // of a tree for states
};
RowsOfParts rows_of_parts(const Prompts& prompts);

// How many rows answer `wanted`, about.
double estimated_rows(const Prompts& prompts, const RowsOfParts& parts,
                      const std::vector<Wanted>& wanted, int64_t window);

// EnvironmentModel::ask for a decoder that is in training, or has its adapter merged. `leave` is
// asked before each pass, and when it returns true, the result is empty. Keeps no gradient.
std::vector<EnvironmentModel::Answer> answers(
    const lm::Decoder& decoder, const Prompts& prompts, const at::Tensor& tokens,
    const ScoreHead& head, const std::vector<EnvironmentModel::Question>& questions, int64_t window,
    const std::function<bool()>& leave = {});

// int64 numbers as a tensor on a device.
at::Tensor index_on(const std::vector<int64_t>& numbers, at::Device device);

}  // namespace lea::le
