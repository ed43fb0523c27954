// When the states of an environment tell a recommender little. What warns of it asks here: the
// training and the making of the states, and the footer of a table after them.
#pragma once

namespace lea::spec {

// Above this mean cosine of the states of different histories they have collapsed into nearly one
// direction.
inline constexpr double kCollapsedCosine = 0.9;

// How to keep them apart, as a sentence.
inline constexpr const char* kCollapsedAdvice =
    "`state_loss: softmax` with a `state_scale` below 1 keeps states apart";

}  // namespace lea::spec
