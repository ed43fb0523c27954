#include "core/lab/worker_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/temporary_folder.h"
#include "core/base/text.h"
#include "core/lab/process.h"
#include "core/run/open_call.h"

namespace lea::lab {
namespace {

constexpr double kSeconds = 24 * 3600;

[[noreturn]] void refuse(const ProcessResult& ended, const std::string& what,
                         const std::string& where) {
  if (ended.signal != 0 && !where.empty()) {
    throw PluginError(what + "the worker crashed (" + signal_name(ended.signal) + ")" + where);
  }
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

CallFile::CallFile()
    : path_((std::filesystem::temp_directory_path() / "lea-call-XXXXXX").string()) {
  const int descriptor = mkstemp(path_.data());
  if (descriptor >= 0) {
    close(descriptor);
  } else {
    path_.clear();
  }
}

CallFile::~CallFile() {
  if (!path_.empty()) std::remove(path_.c_str());
}

std::vector<std::string> CallFile::arguments() const {
  return path_.empty() ? std::vector<std::string>() : std::vector<std::string>{"--call", path_};
}

std::string CallFile::where() const {
  const std::string call = path_.empty() ? "" : run::read_call(path_);
  return call.empty() ? "" : " in " + call;
}

std::string call_worker(std::vector<std::string> arguments, const std::string& what) {
  const CallFile call;
  const std::vector<std::string> more = call.arguments();
  arguments.insert(arguments.begin(), worker_path());
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult ended = run_process(arguments, kSeconds);
  if (ended.exit_code != 0) refuse(ended, what, call.where());
  return ended.out;
}

}  // namespace lea::lab
