#include "core/report/cluster_interval.h"

#include <algorithm>
#include <map>

#include "core/base/resample.h"

namespace lea::report {
namespace {

constexpr size_t kMostClusters = 10000;

struct Share {
  double difference = 0, events = 0;
};

// The mean over the splits of the difference per event.
double mean_over_splits(const std::vector<Share>& by_split) {
  double sum = 0, splits = 0;
  for (const Share& share : by_split) {
    if (share.events == 0) continue;
    sum += share.difference / share.events;
    ++splits;
  }
  return sum / splits;  // a cluster has an event on some split
}

// The difference in each resample, in rising order. `shares` is [clusters, splits].
std::vector<double> resampled(const std::vector<Share>& shares, size_t clusters, size_t splits) {
  std::vector<double> differences;
  std::vector<Share> sum(splits);
  for_each_resample(clusters, [&](const std::vector<size_t>& drawn) {
    std::fill(sum.begin(), sum.end(), Share());
    for (const size_t cluster : drawn) {
      const Share* of_cluster = &shares[cluster * splits];
      for (size_t split = 0; split < splits; ++split) {
        sum[split].difference += of_cluster[split].difference;
        sum[split].events += of_cluster[split].events;
      }
    }
    differences.push_back(mean_over_splits(sum));
  });
  std::sort(differences.begin(), differences.end());
  return differences;
}

}  // namespace

std::optional<ClusterInterval> cluster_interval(const std::vector<SplitPart>& parts) {
  std::map<int64_t, size_t> place_of_split;
  std::map<uint32_t, int64_t> splits_of;  // by sequence
  for (const SplitPart& part : parts) {
    place_of_split.emplace(part.split, place_of_split.size());
    ++splits_of[part.sequence];
  }
  if (splits_of.size() < 2) return std::nullopt;

  ClusterInterval interval;
  const size_t clusters = std::min(splits_of.size(), kMostClusters), splits = place_of_split.size();
  std::map<uint32_t, size_t> cluster_of;
  for (const auto& [sequence, count] : splits_of) {
    cluster_of.emplace(sequence, cluster_of.size() % clusters);
    interval.shared += count > 1;
  }
  std::vector<Share> shares(clusters * splits);
  for (const SplitPart& part : parts) {
    Share& share = shares[cluster_of.at(part.sequence) * splits + place_of_split.at(part.split)];
    share.difference += part.difference;
    share.events += static_cast<double>(part.events);
  }

  const std::vector<double> differences = resampled(shares, clusters, splits);
  const auto [low, high] = percentile_interval(differences);
  interval.low = low;
  interval.high = high;
  const auto not_above = std::upper_bound(differences.begin(), differences.end(), 0.0);
  const auto not_below = std::lower_bound(differences.begin(), differences.end(), 0.0);
  const auto fewer = std::min(not_above - differences.begin(), differences.end() - not_below);
  interval.p = std::min(1.0, 2.0 * static_cast<double>(fewer + 1) / (kResamples + 1.0));
  interval.sequences = static_cast<int64_t>(splits_of.size());
  return interval;
}

}  // namespace lea::report
