#include "core/worker/measure.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/api/types.h"
#include "core/base/files.h"
#include "core/base/machine.h"
#include "core/worker/attempt.h"
#include "core/worker/device.h"

namespace lea::worker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 2;  // for each sort
constexpr double kSlice = 0.05;

// Repeats `once`, which does `amount`, and returns the most that was done in a second of a slice. The
// answer is kept for good, so what else the machine does at this moment must not be in it.
double pace_of(double amount, const std::function<void()>& once) {
  once();  // the first time reserves memory
  const auto start = Clock::now();
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  double best = 0;
  do {
    const auto slice = Clock::now();
    double done = 0, seconds = 0;
    do {
      once();
      done += amount;
      seconds = seconds_since(slice);
    } while (seconds < kSlice);
    best = std::max(best, done / seconds);
  } while (seconds_since(start) < kSeconds);
  return best;
}

double pace_of_products(at::ScalarType type, const std::string& device) {
  constexpr int64_t kSide = 512;
  const Tensor a = at::ones({kSide, kSide}, at::TensorOptions(type).device(device));
  Tensor sum = at::zeros({}, a.options().dtype(at::kFloat));
  return pace_of(static_cast<double>(kSide) * kSide * kSide, [&] {
    sum += at::mm(a, a).sum();
    sum.item<float>();  // waits for a GPU
  });
}

double pace_of_values(const std::string& device) {
  const Tensor x = at::ones({1 << 17}, at::TensorOptions().device(device));
  Tensor y = at::empty_like(x);
  constexpr int kTimes = 16;
  return pace_of(static_cast<double>(kTimes * x.numel()), [&] {
    for (int i = 0; i < kTimes; ++i) at::silu_out(y, x);
    y[0].item<float>();  // waits for a GPU
  });
}

double pace_of_accesses() {
  constexpr uint64_t kNumbers = uint64_t{1} << 24;  // 64 MiB: more than most caches hold
  constexpr int64_t kOnce = 1 << 20;
  std::vector<uint32_t> numbers(kNumbers);
  uint64_t state = 1;
  return pace_of(kOnce, [&] {
    for (int64_t i = 0; i < kOnce; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      ++numbers[(state >> 33) % kNumbers];
    }
  });
}

double pace_of_bytes(const std::string& folder) {
  const std::string block(size_t{16} << 20, '#');
  const std::string path = folder + "/.pace-" + std::to_string(getpid());
  const double pace =
      pace_of(static_cast<double>(block.size()), [&] { publish_file(path, block); });
  std::filesystem::remove(path);
  return pace;
}

double pace_of_texts() {
  std::string text;
  for (int64_t i = 0; text.size() < (size_t{1} << 20); ++i)
    text += "word" + std::to_string(mix(static_cast<uint64_t>(i), 1) % 20000) + " ";
  return pace_of(static_cast<double>(text.size()), [&] {
    std::unordered_map<std::string, int64_t> counts;
    for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
      end = text.find(' ', begin);
      ++counts[text.substr(begin, end - begin)];
    }
  });
}

}  // namespace

int run_measuring(int threads, const std::string& device, const std::string& folder) {
  check_device(device, "--device");
  at::set_num_threads(threads);
  const Machine machine = this_machine(at::get_cpu_capability(), threads, device);
  tell(nlohmann::json{{"type", "pace"},
                      {"machine_kind", machine.kind()},
                      {"pace",
                       {{"multiply_adds", pace_of_products(at::kFloat, device)},
                        {"bfloat16_multiply_adds", pace_of_products(at::kBFloat16, device)},
                        {"values", pace_of_values(device)},
                        {"memory_accesses", pace_of_accesses()},
                        {"bytes", pace_of_bytes(folder)},
                        {"text_bytes", pace_of_texts()}}}}
           .dump());
  return 0;
}

}  // namespace lea::worker
