// When the state of an environment is too wide to be joined to the hidden state of a backbone as it
// is. What warns of it asks here: a plan before the runs, and the footer of a table after them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/spec/run_spec.h"

namespace lea::spec {

// A state is wide when it is more than so many times as wide as the hidden state. In a first study a
// state of width 576 beside 64, nine times as wide, made the Q-loss blow up and the ranking worse
// than without it; the same state projected to 64 did neither. States as wide as the backbone, as
// those of the environments without a language model are, did no harm. The bound is between the two.
inline constexpr int64_t kTimesWider = 4;

bool is_wide_state(int64_t state_width, int64_t hidden_width);

// Whether a state is joined to the hidden state without being projected.
bool is_joined_raw(const StateSection& use);

// The width of a backbone's hidden state: its integer parameter `width`. Empty where it has none.
std::optional<int64_t> hidden_width(const PluginUse& backbone);

// What is wrong with joining such a state, and what to do, as whole sentences that begin in lower
// case.
std::string wide_state_text(int64_t state_width, int64_t hidden_width);

}  // namespace lea::spec
