// The line of a table's footer about how good the artefacts are that a row's runs used.
#pragma once

#include <string>
#include <vector>

#include "core/report/pivot.h"

namespace lea::report {

// "Artefacts of ROWS: ARTEFACT: FIGURE .671, FIGURE .31 to .32; ARTEFACT: ...", with the least and
// the greatest value where the runs of a row used several. Rows with the same text share a line.
// Where one run used two artefacts of a name, as with two environments of one plugin, each has the
// slots that it is for ("rewards of lea.le in reward", "... in reward and state"), or the first digits
// of its key ("rewards of lea.le, key 0123abcd") where the slots are equal or not recorded.
//
// A figure whose name has a dot is a detail of the figure before the dot and is left out, except
// that the details of core/api/quality.h decide what follows a figure in brackets:
//
//   reward_accuracy .671 (cooccurrence .612)              the greatest figure of a baseline
//   reward_accuracy .62 (no more than cooccurrence .612)  the 95 % interval of the difference to
//                                                         that baseline is not above 0
//   reward_accuracy .6 to .7 (best rule of each: cooccurrence or text .61 to .66; no more than it
//   in 1 of 2)                                            several artefacts, each beside the best
//                                                         of its own baselines
//   reward_accuracy .711 (text .657; memorised: .8 on what it has learned from)
//                                                         NAME.inside is above it by more than two
//                                                         standard errors of the difference
//   reward_accuracy .9 (spread unknown)                   it has baselines, and no NAME.error
//   events 0 (so the quality is known only for what it has learned from), reward_accuracy.inside .8
//                                                         no events outside; the details NAME.inside
//                                                         are printed
std::vector<std::string> quality_notes(const Pivot& pivot);

}  // namespace lea::report
