#include "core/worker/check_files.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/spec/model_files.h"
#include "core/spec/param_json.h"

namespace lea::worker {
namespace {

// `sum_of` is sha256_file or model_sum, and `noun` says which.
void check_sum(const std::string& what, const std::string& path, const std::string& planned,
               std::string (*sum_of)(const std::string&), const std::string& noun) {
  std::string now;
  try {
    now = sum_of(path);
  } catch (const Error& error) {
    throw DataError(what + ": the " + noun +
                    " has changed since the run was planned: " + error.what());
  }
  if (now == planned) return;
  throw DataError(what + ": " + printable(path) +
                  ": has changed since the run was planned (sha256 " + now.substr(0, 12) +
                  ", not " + planned.substr(0, 12) + "). Restore the " + noun +
                  ", or run the spec again.");
}

}  // namespace

void check_file(const std::string& what, const std::string& path, const std::string& planned) {
  check_sum(what, path, planned, sha256_file, "file");
}

void check_files(const std::string& plugin_kind, const spec::PluginUse& use, Registry& registry) {
  if (use.none()) return;
  for (const ParamInfo& info : registry.get(plugin_kind, use.id).params) {
    const auto found = use.params.find(info.name);
    if (found == use.params.end()) continue;
    const nlohmann::json& value = *found;
    const std::string what = use.id + ": " + info.name;
    if (info.type == ParamType::kEnvironment) {
      check_files("environment", {value.at("id").get<std::string>(), value.at("params")}, registry);
    } else if (info.type == ParamType::kModel && value.is_object()) {
      check_sum(what, spec::path_of_file(value), value.at("sha256").get<std::string>(),
                spec::model_sum, "model");
    } else if (info.type == ParamType::kFile && value.is_object()) {
      check_file(what, spec::path_of_file(value), value.at("sha256").get<std::string>());
    }
  }
}

void check_files(const spec::RunSpec& run, Registry& registry) {
  check_files("backbone", run.backbone, registry);
  check_files("framework", run.framework, registry);
  check_files("environment", run.reward, registry);
  check_files("environment", run.state, registry);
  check_files("augmenter", run.augment, registry);
}

}  // namespace lea::worker
