// Figures over events that belong to sequences, and how far chance moves them. The events of a
// sequence are not independent, so whole sequences are resampled (core/base/resample.h).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/api/types.h"

namespace lea {

// A figure that can be computed again for a resample: called with how often the resample has each
// sequence, [sequences]. NaN when it has no event.
using Figure = std::function<double(const std::vector<double>& weight)>;

// Numbers the sequences anew, from 0 without gaps, in the order in which they first occur. Returns
// how many there are.
LEA_API int64_t number_sequences(std::vector<int64_t>& sequence);

// The mean of the events' values. `sequence` [events] has the sequence of each event, from 0.
LEA_API Figure mean_figure(const std::vector<int64_t>& sequence, const std::vector<double>& value);

// The area under the ROC curve (Hanley and McNeil 1982): the share of all pairs of a positive and a
// negative, also of different events, in which the positive has the higher score. Equal scores
// count half. Both [events].
LEA_API Figure auc_figure(const std::vector<int64_t>& sequence, const std::vector<double>& positive,
                          const std::vector<double>& negative);

struct Spread {
  double value = 0, error = 0;  // of the figure: its value and its standard error
  double gain = 0;              // the figure less the other one
  double low = 0, high = 0;     // the 95 % interval of the gain
};

// `other` is a figure of the same events, or empty: then the gain is that over 0. With fewer than
// two sequences nothing is known of the spread: the error is infinite, and so are the limits.
LEA_API Spread spread_of(const Figure& figure, const Figure& other, int64_t sequences);

}  // namespace lea
