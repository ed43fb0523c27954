// A lab folder that goes with the test, and rows that obey the bounds.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "db/store/store.h"

namespace lea::db {

class Lab {
 public:
  Lab() {
    std::string name = (std::filesystem::temp_directory_path() / "lea-db-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~Lab() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string file() const { return path_ + "/results.sqlite"; }

 private:
  std::string path_;
};

inline std::string uuid_of(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

inline RunRow finished_run(int number, const std::string& experiment = "study") {
  RunRow run;
  run.uuid = uuid_of(number);
  run.experiment = experiment;
  run.run_hash = "hash" + std::to_string(number);
  run.seed = 1;
  run.state = "finished";
  run.created = "2026-01-01T00:00:00Z";
  run.finished = "2026-01-01T00:01:00Z";
  run.labels = {{"framework", "snqn"}};
  run.axes = {"framework"};
  run.spec = {{"seed", 1}};
  run.result = {{"state", "finished"},
                {"attempt", 1},
                {"plugins", {{{"id", "lea.snqn"}, {"version", "1"}, {"sha256", "ab"}}}}};
  return run;
}

// HR@5 = .2, NDCG@5 = .15 and so on: what a ranking can give.
inline std::vector<ResultRow> good_results(const std::string& uuid) {
  return {{uuid, "hr", "test", 5, 0.2},
          {uuid, "ndcg", "test", 5, 0.15},
          {uuid, "hr", "test", 10, 0.3},
          {uuid, "ndcg", "test", 10, 0.18},
          {uuid, "ndcg", "valid", 20, 0.2}};
}

inline std::vector<CurvePoint> good_curve() { return {{"loss", 0, 3.5}, {"loss", 100, 1.0 / 3}}; }

inline void put(Store& store, int number) {
  const RunRow run = finished_run(number);
  store.put(run, good_results(run.uuid), good_curve());
}

// The runs first, first + 1, ... as `put` stores them.
inline std::vector<Store::Put> puts_of(int first, int count) {
  std::vector<Store::Put> puts;
  for (int i = first; i < first + count; ++i) {
    const RunRow run = finished_run(i);
    puts.push_back({{run, good_results(run.uuid), good_curve()}});
  }
  return puts;
}

}  // namespace lea::db
