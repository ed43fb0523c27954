// What a finished run leaves, without training: shared by the tests and the fake worker.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/records.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/run/result.h"
#include "core/spec/run_spec.h"

namespace lea::lab {

inline eval::RankFile fake_ranks(uint32_t shift = 0) {
  eval::RankFile file;
  file.data_fingerprint = std::string(64, 'a');
  file.split_fingerprint = std::string(64, 'b');
  file.items = 100;
  for (uint32_t i = 0; i < 40; ++i) {
    const uint32_t rank = 1 + (i * 7 + shift) % 60;
    file.records.push_back({.sequence = i,
                            .position = i % 3,
                            .target = 1 + i,
                            .popularity = i,
                            .rank = rank,
                            .ties = 0,
                            .rank_unseen = rank,
                            .ties_unseen = 0});
  }
  return file;
}

inline eval::TopFile fake_top() {
  eval::TopFile file{std::string(64, 'a'), std::string(64, 'b'), 100, eval::kTopItems, {}};
  for (uint32_t event = 0; event < 40; ++event) {
    for (uint32_t i = 0; i < eval::kTopItems; ++i) file.top.push_back(1 + (event + 3 * i) % 100);
  }
  return file;
}

// Ranks the test part into the result.
inline void add_test(const run::Folder& folder, run::Result& result) {
  const std::string bytes = eval::encode_ranks(fake_ranks()), top = eval::encode_top(fake_top());
  publish_file(folder.file(run::kRanksFile), bytes);
  publish_file(folder.file(run::kTopFile), top);
  result.test = eval::metrics(fake_ranks().records, {});
  result.ranks_sha256 = sha256(bytes);
  result.top_sha256 = sha256(top);
}

// With `test` false the test part stays closed.
inline void write_result(const run::Folder& folder, int64_t attempt, bool test = true) {
  const std::string valid = eval::encode_ranks(fake_ranks(3));
  publish_file(folder.file(run::kValidRanksFile), valid);
  run::Result result;
  if (test) {
    add_test(folder, result);
  } else {
    std::filesystem::create_directories(folder.file(run::kCheckpointFolder));
    publish_file(folder.file(run::kBestFile), "the kept network");
  }
  result.attempt = attempt;
  result.finished_at = utc_now();
  result.valid = eval::metrics(fake_ranks(3).records, {});
  result.data_fingerprint = fake_ranks().data_fingerprint;
  result.split_fingerprint = fake_ranks().split_fingerprint;
  result.ranks_valid_sha256 = sha256(valid);
  result.training.emplace();
  result.training->steps = 100;
  result.training->wall_seconds = 12.5;
  result.made_with.emplace();
  result.made_with->plugins = {{"framework fake.framework", "1", "11"}};
  result.made_with->machine_kind = "a machine";
  run::write_result(folder, result);
}

// Opens the test part of a run with a closed one.
inline void write_test(const run::Folder& folder, int64_t attempt) {
  run::Result result = run::read_result(folder).value();
  add_test(folder, result);
  result.opened = {utc_now(), attempt, 0, *result.made_with};
  run::write_test(folder, result);
}

inline void write_events(const run::Folder& run) {
  append_record(run.path + "/events.jsonl", {{"type", "train"}, {"step", 50}, {"loss", 2.5}});
  append_record(run.path + "/events.jsonl",
                {{"type", "valid"}, {"step", 100}, {"metrics", {{"ndcg@20", 0.25}}}});
}

}  // namespace lea::lab
