#include "core/lab/artefact_worker.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "core/base/error.h"
#include "core/base/files.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

constexpr size_t kOutputLimit = size_t{64} << 20;

// A temporary file with this content.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_((fs::temp_directory_path() / "lea-artefacts-XXXXXX").string()) {
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0) {
      throw StoreError(path_ +
                       ": no temporary file can be made. Set TMPDIR to a folder that is there and "
                       "can be written to.");
    }
    close(descriptor);
    publish_file(path_, content);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

ProcessResult ask_worker(const ArtefactQuestion& question) {
  const TemporaryFile file(question.headers.dump());
  std::vector<std::string> command = {worker_path(), question.task, "--lab",
                                      question.lab,  "--artefacts", file.path()};
  for (const std::string& folder : question.plugin_dirs)
    command.insert(command.end(), {"--plugin-dir", folder});
  command.insert(command.end(), question.more.begin(), question.more.end());
  ProcessResult result = run_process(
      command, question.seconds, kOutputLimit,
      [&](const ProcessResult&) { return !question.cancelled || !question.cancelled(); });
  if (result.stopped) throw Error(Exit::kInterrupted, "the question to the plugins was cancelled.");
  return result;
}

std::vector<nlohmann::json> json_lines(const std::string& out, const std::string& type) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) {
    auto document = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (document.is_object() && document.value("type", "") == type)
      lines.push_back(std::move(document));
  }
  return lines;
}

}  // namespace lea::lab
