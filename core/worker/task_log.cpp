#include "core/worker/task_log.h"

#include <c10/util/Exception.h>
#include <torch/version.h>

#include <cstdio>

#include "core/run/process.h"

namespace lea::worker {
namespace {

constexpr const char* kComponent = "worker";

class ToLog final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    log(LogLevel::kWarning, "libtorch", warning.msg());
  }
};

}  // namespace

void open_task_log(const run::Folder& folder, LogLevel level, const std::string& what,
                   int64_t attempt) {
  open_log(folder.file(run::kLogFile), level);
  static ToLog to_log;
  c10::WarningUtils::set_warning_handler(&to_log);
  const run::Process process = run::this_process();
  log(LogLevel::kInfo, kComponent,
      "attempt " + std::to_string(attempt) + " of " + what + " " + folder.uuid() +
          ": LEA Lab " LEA_VERSION ", LibTorch " TORCH_VERSION ", host " + process.host +
          ", process " + std::to_string(process.pid));
}

void report(LogLevel level, const std::string& sentence) {
  log(level, kComponent, sentence);
  if (!log_is_stderr()) std::fprintf(stderr, "%s\n", sentence.c_str());
}

void report_failure(double seconds, int exit_code, const std::string& reason) {
  log(LogLevel::kInfo, kComponent,
      "failed after " + log_seconds(seconds) + " with exit code " + std::to_string(exit_code));
  report(LogLevel::kError, reason);
}

}  // namespace lea::worker
