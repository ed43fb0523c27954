#include "core/worker/probe.h"

#include <ATen/Parallel.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/plugin_info.h"
#include "core/worker/library.h"
#include "core/worker/trial.h"

namespace lea::worker {
namespace {

using nlohmann::json;

void write_all(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    done += static_cast<size_t>(wrote);
  }
}

void limit(decltype(RLIMIT_CORE) what, rlim_t value) {
  rlimit now{};
  getrlimit(what, &now);
  now.rlim_cur = now.rlim_max == RLIM_INFINITY ? value : std::min(value, now.rlim_max);
  now.rlim_max = now.rlim_cur;
  setrlimit(what, &now);
}

// The parent stops a hang after 30 s; these hold even if the parent is gone.
void set_limits() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 60);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_AS,
        rlim_t{12} << 30);  // LibTorch with CUDA maps several GiB before it does anything
#endif
}

spec::PluginInfo describe(const PluginEntry& entry, const PluginFile& file) {
  spec::PluginInfo info;
  info.id = entry.id;
  info.kind = entry.kind;
  info.version = entry.version;
  info.summary = entry.summary;
  info.params = entry.params;
  info.uses = entry.uses;
  info.min_negatives = entry.min_negatives;
  info.gives_state = entry.gives_state;
  info.needs_pool = entry.needs_pool;
  info.chooses = entry.chooses;
  info.list_words = entry.list_words;
  info.asks = entry.asks;
  info.artefacts = entry.artefacts;
  info.file = file.path;
  info.sha256 = file.sha256;
  return info;
}

json probe(const std::string& path, const PhaseListener& phase) {
  json verdict = {{"state", "failed"},        {"reason", ""},     {"warnings", json::array()},
                  {"plugins", json::array()}, {"built_with", ""}, {"sha256", ""},
                  {"provides", json::array()}};
  try {
    phase("reading");
    const PluginFile file = read_plugin_file(path);
    verdict["built_with"] = built_with(file.tag);
    verdict["sha256"] = file.sha256;
    for (const Provided& one : file.provides) {
      verdict["provides"].push_back({{"kind", one.kind}, {"id", one.id}});
      // When a plugin ends this process, these lines are all that is known of it.
      write_all(STDERR_FILENO, "provides: " + one.kind + " " + one.id + "\n");
    }
    for (const PluginEntry& entry : load_plugin(file, phase)) {
      const json description = spec::to_json(describe(entry, file));
      // Read it here as the reader will, so that a bad declaration is refused with its reason.
      spec::plugin_from_json(description);
      for (const std::string& warning : try_plugin(entry, phase))
        verdict["warnings"].push_back(warning);
      verdict["plugins"].push_back(description);
    }
    verdict["state"] = "enabled";
  } catch (const std::exception& error) {
    verdict["plugins"] = json::array();
    verdict["reason"] = printable(error.what());
  }
  return verdict;
}

}  // namespace

int run_probe(const std::string& file) {
  set_limits();
  // Stdout is ours alone: a plugin that prints must not spoil the verdict.
  const int verdict_file = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  at::set_num_threads(1);
  const json verdict = probe(
      file, [](const std::string& phase) { write_all(STDERR_FILENO, "phase: " + phase + "\n"); });
  write_all(STDERR_FILENO, "phase: done\n");
  write_all(verdict_file, verdict.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  return static_cast<int>(verdict["state"] == "enabled" ? Exit::kOk : Exit::kPlugin);
}

}  // namespace lea::worker
