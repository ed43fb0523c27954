#include "bench/window/lab_of_runs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <random>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/temporary_folder.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/pack.h"
#include "db/store/store.h"

namespace lea::bench {
namespace {

constexpr int64_t kSeeds = 10, kStudies = 14;
constexpr size_t kTogether = 500;
constexpr int kPoints = 41;
constexpr std::array<int64_t, 4> kLabels = {5, 6, 10, 10};
const std::vector<std::string> kAxes = {"backbone", "framework", "reward", "train.learning_rate"};
const std::vector<std::string> kBackbones = {"gru4rec", "sasrec", "caser", "nextitnet",
                                             "attention"};
const std::vector<std::string> kFrameworks = {"supervised", "sqn", "snqn", "sac", "sa2c", "ler"};

// A run of one of the experiments.
struct Place {
  std::string experiment;
  int64_t cell = 0, seed = 0;
};

std::vector<Place> places(int64_t runs) {
  std::vector<Place> places;
  const int64_t wide = runs * 3 / 10;
  for (int64_t i = 0; i < runs; ++i) {
    const bool of_wide = i < wide;
    const int64_t study = of_wide ? 0 : (i - wide) % kStudies;
    const int64_t at = of_wide ? i : (i - wide) / kStudies;
    places.push_back(
        {of_wide ? kWide : "study_" + std::to_string(study + 1), at / kSeeds, at % kSeeds + 1});
  }
  return places;
}

std::map<std::string, std::string> labels_of(int64_t cell) {
  std::array<int64_t, 4> at{};
  for (size_t i = 0; i < at.size(); ++i) {
    at[i] = cell % kLabels[i];
    cell /= kLabels[i];
  }
  return {{kAxes[0], kBackbones[static_cast<size_t>(at[0])]},
          {kAxes[1], kFrameworks[static_cast<size_t>(at[1])]},
          {kAxes[2], "le_" + std::to_string(at[2])},
          {kAxes[3], "0.00" + std::to_string(at[3] + 1)}};
}

std::string uuid_of(std::mt19937_64& random) {
  char text[40];
  const uint64_t a = random(), b = random();
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-a%03x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16 & 0xffff), static_cast<unsigned>(a & 0xfff),
                static_cast<unsigned>(b >> 52),
                static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return text;
}

// The metrics of a ranking in which each rank has a share that falls with it.
void add_results(const std::string& uuid, const std::string& part, double share,
                 std::vector<db::ResultRow>* rows) {
  double hits = 0, gain = 0, reciprocal = 0;
  for (int64_t rank = 1; rank <= 20; ++rank) {
    const double here = share / static_cast<double>(rank);
    hits += here;
    gain += here / std::log2(static_cast<double>(rank) + 1);
    reciprocal += here / static_cast<double>(rank);
    if (rank != 5 && rank != 10 && rank != 20) continue;
    rows->push_back({uuid, "hr", part, rank, hits});
    rows->push_back({uuid, "ndcg", part, rank, gain});
    rows->push_back({uuid, "mrr", part, rank, reciprocal});
  }
}

std::vector<db::CurvePoint> curves_of(double share) {
  std::vector<db::CurvePoint> points;
  for (int i = 0; i < kPoints; ++i) {
    const double done = static_cast<double>(i + 1) / kPoints;
    points.push_back({"loss", 500 * (i + 1), 9 - 4 * std::sqrt(done)});
    points.push_back({"ndcg@20", 500 * (i + 1), share * std::sqrt(done)});
  }
  return points;
}

db::Store::Put put_of(const db::RunRow& sample, const Place& place, const std::string& uuid,
                      double noise) {
  db::RunRow run = sample;
  run.uuid = uuid;
  run.experiment = place.experiment;
  run.labels = labels_of(place.cell);
  run.axes = kAxes;
  run.seed = place.seed;
  run.run_hash = sha256(place.experiment + std::to_string(place.cell));
  run.spec["seed"] = place.seed;
  const double share = 0.05 + 0.0002 * static_cast<double>(place.cell % 300) + 0.01 * noise;
  db::Store::Put put{{std::move(run), {}, curves_of(share)}};
  add_results(uuid, "test", share, &put.record.results);
  add_results(uuid, "valid", share * 1.1, &put.record.results);
  return put;
}

db::RunRow sample_run() {
  const std::string folder = make_temporary_folder("lea-bench");
  import_one_run(folder + "/lab");
  const auto runs = db::Store(folder + "/lab", db::Store::Mode::kReadOnly).runs();
  std::filesystem::remove_all(folder);
  return runs.at(0);
}

void put_plans(db::Store& store, const std::vector<Place>& places) {
  std::map<std::string, db::ExperimentRow> plans;
  for (const Place& place : places) {
    db::ExperimentRow& plan = plans[place.experiment];
    plan.runs.push_back(
        {sha256(place.experiment + std::to_string(place.cell)), place.seed, labels_of(place.cell)});
  }
  for (auto& [name, plan] : plans) {
    plan.name = name;
    plan.created = "2026-01-01T00:00:00Z";
    plan.axes = kAxes;
    plan.spec = nlohmann::json::object();
    store.put_experiment(plan);
  }
}

}  // namespace

void import_one_run(const std::string& lab) {
  lab::open_lab(lab);
  std::vector<std::string> packs;
  const std::filesystem::path folder =
      std::filesystem::path(LEA_SOURCE_DIR) / "experiments/industry_baselines";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".xz") packs.push_back(entry.path().string());
  }
  std::sort(packs.begin(), packs.end());
  packs.resize(1);
  lab::import_packs(lab, packs);
  lab::collect(lab);
}

void make_lab_of_runs(const std::string& lab, int64_t runs) {
  const db::RunRow sample = sample_run();
  lab::open_lab(lab);
  const std::vector<Place> all = places(runs);
  std::mt19937_64 random(1);
  std::vector<std::string> uuids(all.size());
  for (std::string& uuid : uuids) uuid = uuid_of(random);
  // Rows in the order of their keys are written much faster, and give the same index.
  std::sort(uuids.begin(), uuids.end());
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  db::Store store(lab, db::Store::Mode::kWrite);
  put_plans(store, all);
  std::uniform_real_distribution<double> noise(-1, 1);
  std::vector<db::Store::Put> puts;
  for (size_t i = 0; i < all.size(); ++i) {
    puts.push_back(put_of(sample, all[order[i]], uuids[i], noise(random)));
    if (puts.size() < kTogether && i + 1 < all.size()) continue;
    const auto refused = store.put_all(puts);
    if (!refused.empty()) throw StoreError(refused.begin()->second);
    puts.clear();
  }
}

}  // namespace lea::bench
