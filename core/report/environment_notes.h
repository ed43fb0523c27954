// The lines of a table's footer about the environments and augmenters of its rows.
#pragma once

#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// One line for each of these, where it holds. A plugin is one of the slots reward, state and
// augment, or one that such a plugin names in a parameter.
// - "Order of prompts: hoisted (lea.le) in ROWS; paper (lea.le) in ROWS." A plugin has a text
//   parameter `order`, as the language-model environment has. Without the rows where all that have
//   one have the same. Where one run has plugins of one id with several orders: "hoisted (lea.le in
//   reward)".
// - "One environment: ROWS: ..." All finished runs of a row, at least two, used the same artefacts
//   of a plugin that has a parameter `seed`. So the interval over the runs is conditional on what
//   this one seed gave.
// - "Wide state: ROWS: ..." The state of an environment is joined without a projection, and is wide
//   beside the hidden state of the backbone (core/spec/wide_state.h). The widths are those of the
//   results.
// - "Diverged: ROWS: ...", "Collapsed states: ROWS: ..." and "Items without text: ROWS: ..." An
//   artefact that the runs used has a figure `diverged` above 0, `state_cosine` above
//   spec::kCollapsedCosine or `items_without_text` above 0. Its maker warned of it.
std::vector<std::string> environment_notes(const Pivot& pivot);

}  // namespace lea::report
