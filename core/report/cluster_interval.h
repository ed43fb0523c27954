// Computes the interval and the test of a difference that is measured on the same sequences several
// times.
//
// Two cells are compared on several splits of one data set, with one or more seeds on each. The test
// parts of the splits overlap, so a sequence may be ranked on several splits, and it is ranked with
// every seed. What its events show is not independent. All of them, over all splits and seeds, are
// therefore one cluster, and clusters are what is resampled (the cluster bootstrap: Davison and
// Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; Field and Welsh, Bootstrapping
// clustered data, JRSS B 69, 2007). The networks are held fixed: what another seed or other training
// data would have changed is no part of this interval. The interval over the splits has that
// (summarize in statistics.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace lea::report {

// The events of one sequence in the test part of one split.
struct SplitPart {
  uint32_t sequence;  // index in the data set, so that it is the same sequence on each split
  int64_t split;      // seed of the split
  int64_t events;     // at least 1
  double difference;  // sum over the events of the mean over the pairs of runs
};

// Of the mean over the splits of the difference per event.
struct ClusterInterval {
  double low = 0, high = 0;  // the 95 % percentile interval
  // Two-sided: whether the difference is zero. It is at most 0.05 exactly where the interval does not
  // contain zero. Not less than 0.001, because there are 1999 resamples.
  double p = 1;
  int64_t sequences = 0;  // number of clusters
  int64_t shared = 0;     // number of those that lie in several splits
};

// Each resample draws as many sequences as there are, with replacement, each with its parts on all
// splits. It divides the differences by the events within each split and takes the mean over the
// splits; a split of which a resample has no event is left out of its mean. The draws are the same
// at each call. Beyond 10,000 sequences these are dealt into 10,000 clusters of one or more sequences,
// which are as independent as the sequences are, so that the time is bounded.
//
// A true null hypothesis is rejected in 5 % of all cases where each split has many sequences. In
// simulations it was 7 % with 60 of them on each of three splits and 8 % with 30, because their
// lengths differ. `parts` has at most one entry for each sequence and split. Empty for fewer than
// two sequences.
std::optional<ClusterInterval> cluster_interval(const std::vector<SplitPart>& parts);

}  // namespace lea::report
