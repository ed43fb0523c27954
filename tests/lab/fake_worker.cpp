// Stands in for lealab-worker in the executor's tests: no LibTorch, and the run's label says how it
// ends.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/run/attempt.h"
#include "core/run/header.h"
#include "core/run/progress.h"
#include "tests/lab/fake_run.h"

namespace {

using namespace lea;
using namespace lea::lab;

std::atomic<bool> stop{false};
bool test = true;  // whether the test part is to be ranked
void request_stop(int) { stop = true; }

void progress(int step, int max_steps) {
  std::printf("%s\n", run::progress_line({"train", step, max_steps, 10, 0, {}}).c_str());
  std::fflush(stdout);
}

int finish(const run::Folder& run) {
  std::printf("%s\n",
              run::progress_line({"valid", 100, 100, 10, 100, {{"ndcg@20", 0.25}}}).c_str());
  write_events(run);
  const int64_t attempt = run::last_attempt(run).number;
  run::read_result(run) ? write_test(run, attempt) : write_result(run, attempt, test);
  run::close_attempt(run, 0, "");
  return 0;
}

// Works until it is asked to stop, then leaves a checkpoint; with one, it finishes.
int work_slowly(const run::Folder& run) {
  if (std::filesystem::exists(run.path + "/checkpoint")) return finish(run);
  for (int step = 0; step < 2000 && !stop; ++step) {
    progress(step, 2000);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::filesystem::create_directory(run.path + "/checkpoint");
  publish_file(run.path + "/checkpoint/step-5.json", "{}");
  run::close_attempt(run, 7, "interrupted");
  return 7;
}

int fail(const run::Folder& run) {
  if (run::read_result(run)) {
    std::fprintf(stderr, "the kept network is damaged\n");
    return 3;
  }
  publish_file(run.path + "/result.json", R"({"state": "failed", "reason": "no such data set"})");
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGTERM, request_stop);
  run::Folder run;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--run") == 0) run.path = argv[i + 1];
    if (std::strcmp(argv[i], "--test") == 0) test = std::strcmp(argv[i + 1], "open") == 0;
  }
  const std::string behaviour = run::read_header(run).labels.at("behaviour");
  run::begin_attempt(run);
  progress(1, 100);
  if (behaviour == "finish") return finish(run);
  if (behaviour == "device") {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    std::fprintf(stderr, "device %s\n", visible == nullptr ? "any" : visible);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return finish(run);
  }
  if (behaviour == "slow") return work_slowly(run);
  if (behaviour == "fail") return fail(run);
  if (behaviour == "silent") return 0;
  if (behaviour == "segfault") {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  if (behaviour == "oom") raise(SIGKILL);
  if (behaviour == "disk") {
    std::fprintf(stderr, "checkpoint: the disk is full\n");
    return 4;
  }
  if (behaviour == "noisy") {
    std::printf("a plugin prints\n{\"type\": 3}\n[1]\n{\"type\":\"progress\",\"step\":\"x\"}\n");
    return finish(run);
  }
  if (behaviour == "stubborn") {
    signal(SIGTERM, SIG_IGN);
    std::this_thread::sleep_for(std::chrono::minutes(5));
  }
  return 70;
}
