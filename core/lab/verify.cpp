#include "core/lab/verify.h"

#include <algorithm>
#include <memory>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/lab/artefact_check.h"
#include "core/lab/file_check.h"
#include "core/lab/plugins.h"
#include "core/run/header.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"
#include "core/spec/run_spec.h"

namespace lea::lab {
namespace {

using Is = Checked::Is;

// The run, with the data set and the split that it was trained on.
struct OpenRun {
  run::Header header;
  spec::RunSpec spec;
  run::Result result;
  std::shared_ptr<const data::Dataset> data;
  data::Split split;
};

OpenRun open_run(const std::string& lab, const run::Folder& folder) {
  const auto refuse = [&](const std::string& what) {
    throw DataError("run " + folder.uuid() + ": " + what);
  };
  run::require_plain_files(folder);
  OpenRun open;
  open.header = run::read_header(folder);
  if (open.header.source != "lealab")
    refuse("its ranks were imported, so nothing is known of its training");
  const auto result = run::read_result(folder);
  if (!result || result->state != run::State::kFinished) {
    refuse("is " + run::to_string(run::state_of(folder)) +
           ", and only a finished run can be verified");
  }
  open.result = *result;
  open.spec = spec::load_run(folder.file(run::kSpecFile));
  open.data = data::Dataset::open(data::dataset_folder(lab, open.spec.data.name));
  if (open.data->fingerprint() != open.result.data_fingerprint) {
    refuse("the lab's data set " + printable(open.spec.data.name) +
           " is not the one that it was trained on, so its validation and test events are unknown");
  }
  open.split = data::make_split(*open.data, open.spec.split);
  if (open.split.fingerprint != open.result.split_fingerprint)
    refuse("its split gives other parts than when it was trained; restore the file of the split");
  return open;
}

}  // namespace

const char* to_string(Checked::Is is) {
  switch (is) {
    case Is::kClean:
      return "clean";
    case Is::kLeak:
      return "leak";
    case Is::kUnknown:
      break;
  }
  return "unknown";
}

size_t Verification::count(Checked::Is is) const {
  return static_cast<size_t>(std::count_if(checked.begin(), checked.end(),
                                           [&](const Checked& one) { return one.is == is; }));
}

Verification verify(const VerifyOptions& options, const run::Folder& folder) {
  const OpenRun run = open_run(options.lab, folder);
  Verification verification;
  verification.run = folder.uuid();
  verification.name = run::run_name(run.header.axes, run.header.labels, run.header.seed);
  const std::vector<spec::GivenFile> files = spec::given_files(run.spec);
  if (files.empty() && run.result.artefacts.empty()) return verification;
  const auto plugins = probe_plugins(plugin_folders(options.plugin_dirs));
  const spec::PluginCatalogue catalogue = catalogue_of(plugins);
  const FileCheck file_check(*run.data, run.split.part, catalogue);
  for (const spec::GivenFile& file : files) {
    refuse_when_stopped(options);
    verification.checked.push_back(file_check.check(file));
  }
  if (run.result.artefacts.empty()) return verification;
  const run::InstalledPlugins installed = installed_plugins(plugins);
  ArtefactCheck artefact_check(options, run.spec, *run.data, run.split.part, installed);
  for (const run::UsedArtefact& used : run.result.artefacts) {
    refuse_when_stopped(options);
    verification.checked.push_back(artefact_check.check(used));
  }
  return verification;
}

nlohmann::json to_json(const Verification& verification) {
  nlohmann::json checked = nlohmann::json::array();
  for (const Checked& one : verification.checked) {
    checked.push_back({{"is", to_string(one.is)},
                       {"kind", one.kind},
                       {"name", one.name},
                       {"id", one.id},
                       {"text", one.text}});
  }
  return {{"run", verification.run},
          {"name", verification.name},
          {"clean", verification.count(Is::kClean) == verification.checked.size()},
          {"checked", checked},
          {"not_checked", kNotVerified}};
}

}  // namespace lea::lab
