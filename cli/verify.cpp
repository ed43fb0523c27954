// The command `lealab verify`: whether a run was trained with what validation or test events tell.
#include "core/lab/verify.h"

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/stop_signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/lab_folder.h"
#include "core/lab/plan.h"
#include "core/lab/process.h"

namespace lea::cli {
namespace {

using Is = lab::Checked::Is;

constexpr size_t kDigits = 12;  // of a key, as `lealab artefacts` shows and takes it

struct Options {
  std::string run;
  double hang_seconds = lab::VerifyOptions().hang_seconds;
  bool json = false;
};

std::string text_of(const lab::Verification& verification) {
  std::string text = "run " + verification.run + ", " + verification.name + "\n";
  if (verification.checked.empty())
    text += "nothing was made or read before its training: it used no artefact and no file\n";
  for (const lab::Checked& one : verification.checked) {
    std::string is = lab::to_string(one.is);
    is.resize(9, ' ');
    const std::string id = one.kind == "artefact" ? one.id.substr(0, kDigits) : one.id;
    text += is + printable(one.name) + " (" + printable(id) + ")\n         " + printable(one.text) +
            "\n";
  }
  return text + "not checked: " + lab::kNotVerified + "\n";
}

// The message of an answer that is not all clean.
std::string verdict_on(const lab::Verification& verification) {
  const size_t leaks = verification.count(Is::kLeak), unknown = verification.count(Is::kUnknown);
  const std::string of = " of " + std::to_string(verification.checked.size());
  if (leaks == 0) return std::to_string(unknown) + of + " could not be checked";
  return std::to_string(leaks) + of + (leaks == 1 ? " depends" : " depend") +
         " on validation or test events" +
         (unknown > 0 ? ", and " + std::to_string(unknown) + " could not be checked" : "");
}

void verify_command(const Options& options, const Globals& globals) {
  StopSignals signals;
  signals.count();
  lab::VerifyOptions request;
  request.lab = lab::existing_lab(globals.lab);
  request.plugin_dirs = globals.plugin_dirs;
  request.worker = lab::worker_path();
  request.devices = lab::cuda_devices();
  request.hang_seconds = options.hang_seconds;
  request.on_wait = [](const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
  };
  request.stopped = [&signals] { return signals.seen() > 0; };
  const lab::Verification verification =
      lab::verify(request, run::find_run(request.lab, options.run));
  print(options.json ? lab::to_json(verification).dump(2) + "\n" : text_of(verification));
  if (verification.count(Is::kClean) < verification.checked.size())
    throw DataError("run " + verification.run + ": " + verdict_on(verification));
}

}  // namespace

void add_verify(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  CLI::App* verify = app.add_subcommand(
      "verify", "whether validation or test events reached what a run was trained with");
  verify->add_option("run", options->run, "a run's uuid, or its first digits")->required();
  verify
      ->add_option("--hang-seconds", options->hang_seconds,
                   "a worker that reports nothing for so long is killed (default 7200)")
      ->check(CLI::Range(1.0, 1e9));
  verify->add_flag("--json", options->json, "for scripts");
  verify->callback([options, &globals] { verify_command(*options, globals); });
}

}  // namespace lea::cli
