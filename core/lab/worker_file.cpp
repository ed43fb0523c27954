#include "core/lab/worker_file.h"

#include <unistd.h>

#include <cstdio>

#include "core/base/error.h"
#include "core/base/temporary_folder.h"
#include "core/base/text.h"
#include "core/lab/process.h"

namespace lea::lab {
namespace {

constexpr double kSeconds = 24 * 3600;

[[noreturn]] void refuse(const ProcessResult& ended, const std::string& what) {
  const std::string reason = printable(ended.err.substr(0, ended.err.find('\n')));
  // An error that the worker reports keeps its exit code. Anything else is taken for a plugin's
  // crash.
  const int code = ended.exit_code;
  const bool verdict = (code == int(Exit::kBadInput) || code == int(Exit::kEnvironment) ||
                        code == int(Exit::kInternal)) &&
                       !reason.empty();
  throw Error(
      verdict ? static_cast<Exit>(code) : Exit::kPlugin,
      what + (reason.empty() ? "the worker ended with code " + std::to_string(code) : reason));
}

}  // namespace

WorkerFile::WorkerFile(const OutputPlace& out) {
  if (out.is_stream()) {
    folder_ = make_temporary_folder("lealab-export");
    path_ = folder_ + "/raw";
  } else {
    path_ = out.path() + ".raw-" + std::to_string(getpid());
  }
}

WorkerFile::~WorkerFile() { remove(); }

void WorkerFile::remove() const {
  std::remove(path_.c_str());
  if (!folder_.empty()) std::remove(folder_.c_str());
}

std::string call_worker(std::vector<std::string> arguments, const std::string& what) {
  arguments.insert(arguments.begin(), worker_path());
  const ProcessResult ended = run_process(arguments, kSeconds);
  if (ended.exit_code != 0) refuse(ended, what);
  return ended.out;
}

}  // namespace lea::lab
