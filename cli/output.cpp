#include "cli/output.h"

#include <cstdio>

#include "core/base/error.h"
#include "core/base/output_file.h"
#include "core/base/text.h"

namespace lea::cli {
namespace {

constexpr const char* kFull = "cannot write to standard output: disk full or pipe closed";

}  // namespace

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error(Exit::kEnvironment, kFull);
}

int finish_output(int code) {
  constexpr int kEnvironment = static_cast<int>(Exit::kEnvironment);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (code != kEnvironment) std::fprintf(stderr, "%s\n", kFull);  // print() has reported it
  return kEnvironment;
}

void print_about(const std::string& out, const std::string& sentence, const std::string& lines) {
  const bool standard = is_standard_output(out);
  std::fprintf(standard ? stderr : stdout, "%s%s: %s\n", lines.c_str(),
               standard ? "standard output" : printable(out).c_str(), sentence.c_str());
}

void require_folder_name(const std::string& out) {
  if (out != "-") return;
  throw UsageError(
      "--out -: this command makes a folder, which standard output cannot take. Name a folder; ./- "
      "is one with this name.");
}

}  // namespace lea::cli
