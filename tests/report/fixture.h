// A lab in a temporary folder whose index a test fills run by run.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/report/listing.h"
#include "db/store/store.h"

namespace lea::report {

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    lab_ = testing::TempDir() + "lea_report_" + std::to_string(getpid()) + "_" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(lab_);
    std::filesystem::create_directories(lab_ + "/runs");
  }
  void TearDown() override { std::filesystem::remove_all(lab_); }

  static std::string uuid_of(int number) {
    char text[64];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-000000000000", number * 0x01010101);
    return text;
  }

  // A run of the paper's grid; an empty backbone is an untrained baseline.
  db::RunRow run(const std::string& backbone, const std::string& framework, int64_t seed) {
    db::RunRow row;
    row.uuid = uuid_of(++count_);
    row.experiment = "study";
    row.run_hash = std::string(56, 'c') + row.uuid.substr(0, 8);
    row.state = "finished";
    row.created = "2026-01-31T00:00:00Z";
    row.finished = "2026-01-31T01:00:00Z";
    row.seed = seed;
    row.labels = {{"framework", framework}};
    row.axes = {"backbone", "framework"};
    row.spec = {
        {"data", {{"name", "industry"}, {"history", 10}}},
        {"split", {{"by", "sequence"}, {"ratios", {0.8, 0.1, 0.1}}, {"seed", 1}}},
        {"train", nullptr},
        {"evaluate",
         {{"k", {5, 20}}, {"ties", "pessimistic"}, {"remove_seen", false}, {"first_event", true}}},
        {"backbone", nullptr},
        {"framework", {{"id", "lea." + framework}, {"params", nlohmann::json::object()}}},
        {"reward", nullptr},
        {"state", nullptr},
        {"augment", nullptr},
        {"seed", seed}};
    if (!backbone.empty()) {
      row.labels["backbone"] = backbone;
      row.spec["backbone"] = {{"id", "lea." + backbone}, {"params", {{"width", 64}}}};
      row.spec["train"] = {{"learning_rate", 0.005}, {"stop_on", "ndcg@20"}};
    }
    row.result = {{"state", "finished"},
                  {"data_fingerprint", std::string(64, 'd')},
                  {"split_fingerprint", "5eed" + std::string(60, '0')},
                  {"tie_share", 0.0},
                  {"collapsed", false},
                  {"wall_seconds", 60},
                  {"plugins",
                   {{{"id", "framework lea." + framework},
                     {"version", "1"},
                     {"sha256", std::string(64, 'a')}}}}};
    return row;
  }

  // A run on the split that the seed `split` draws.
  db::RunRow run_on(int64_t split, const std::string& backbone, const std::string& framework,
                    int64_t seed) {
    db::RunRow row = run(backbone, framework, seed);
    row.axes = {"backbone", "framework", "split.seed"};
    row.labels["split.seed"] = std::to_string(split);
    row.spec["split"]["seed"] = split;
    row.result["split_fingerprint"] = std::to_string(split) + std::string(63, '0');
    return row;
  }

  // With metrics that obey the bounds of one ranking: HR and NDCG from the one number.
  void put(const db::RunRow& row, double ndcg) {
    std::vector<db::ResultRow> results;
    if (row.state == "finished") {
      for (const char* part : {"test", "valid"}) {
        if (std::string(part) == "valid" && row.spec["train"].is_null()) continue;
        for (const int64_t k : {5, 20}) {
          results.push_back({row.uuid, "ndcg", part, k, ndcg});
          results.push_back({row.uuid, "hr", part, k, ndcg});
        }
      }
    }
    db::Store(lab_, db::Store::Mode::kWrite).put(row, results, {});
  }

  // As put(), but with validation alone, because the test part is closed.
  void put_closed(db::RunRow row, double ndcg) {
    std::vector<db::ResultRow> results;
    for (const int64_t k : {5, 20}) {
      results.push_back({row.uuid, "ndcg", "valid", k, ndcg});
      results.push_back({row.uuid, "hr", "valid", k, ndcg});
    }
    row.spec["evaluate"]["test"] = false;
    db::Store(lab_, db::Store::Mode::kWrite).put(row, results, {});
  }

  // The plan of the study, whose spec keeps the test part closed.
  void plan_closed(const std::vector<db::RunRow>& runs) {
    db::ExperimentRow plan{"study", "today", {"backbone", "framework"}, {}, {}};
    plan.spec = {{"name", "study"}, {"evaluate", {{"test", false}}}};
    for (const db::RunRow& run : runs) plan.runs.push_back({run.run_hash, run.seed, run.labels});
    db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan);
  }

  // What a trained run did: it ended after `steps`, of which `updates` changed the evaluated network.
  static void train(db::RunRow* row, int64_t max_steps, int64_t steps, int64_t updates,
                    int64_t best_step) {
    row->spec["train"]["max_steps"] = max_steps;
    row->result.update({{"steps", steps}, {"updates", updates}, {"best_step", best_step}});
  }

  std::string table(const std::string& format, bool terminal = false, TableOptions options = {}) {
    const db::Store store(lab_, db::Store::Mode::kReadOnly);
    return experiment_table(store, "study", format, terminal, options);
  }

  std::string lab_;
  int count_ = 0;
};

}  // namespace lea::report
