#include "core/run/experiment_plan.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/large_json.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/run/folder.h"

namespace lea::run {
namespace fs = std::filesystem;
std::string plan_file(const std::string& lab, const std::string& name) {
  return experiments_folder(lab) + "/" + name + ".json";
}

std::vector<std::string> plan_files(const std::string& lab) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(experiments_folder(lab), error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  require_listed(experiments_folder(lab), error);
  std::sort(files.begin(), files.end());
  return files;
}

void save_plan(const std::string& lab, const spec::Experiment& experiment,
               const std::vector<std::string>& artefacts) {
  if (!is_name(experiment.name)) {
    throw ConfigError(experiment.path + ": name: must be " + kNameRule + ", but is " +
                      in_backticks(experiment.name));
  }
  nlohmann::json runs = nlohmann::json::array();
  for (const spec::PlannedRun& run : experiment.runs) {
    runs.push_back({{"hash", run.hash}, {"seed", run.run.seed}, {"labels", run.labels}});
  }
  nlohmann::json plan = {{"name", experiment.name},
                         {"axes", experiment.axes},
                         {"spec", experiment.resolved},
                         {"cells", std::move(runs)}};
  if (!artefacts.empty()) plan["artefacts"] = artefacts;
  const std::string path = plan_file(lab, experiment.name);
  if (auto old = read_large_json(path); old && old->is_object()) {
    // An unchanged plan keeps its date, so that repeating a command changes nothing.
    old->erase("created");
    if (*old == plan) return;
  }
  // The index compares this text, so two plans of the same second must differ in it.
  plan["created"] = utc_now() + " " + sha256(plan.dump()).substr(0, 8);
  publish_file(path, plan.dump(1) + "\n");
}

ExperimentPlan read_plan(const std::string& path) {
  const auto document = read_large_json(path);
  if (!document) throw DataError(path + ": is missing");
  const JsonFields fields(*document, path);
  ExperimentPlan plan;
  plan.name = fields.text("name");
  plan.created = fields.text("created");
  plan.axes = fields.texts("axes");
  plan.spec = fields.at("spec");
  if (fields.has("artefacts")) plan.artefacts = fields.texts("artefacts");
  const nlohmann::json& runs = fields.at("cells");
  if (!runs.is_array()) fields.fail("cells", "must be a list");
  if (fs::path(path).stem() != plan.name) {
    fields.fail("name", "must be the file's name, but is " + printable(plan.name));
  }
  std::set<std::pair<std::string, int64_t>> seen;
  for (const auto& element : runs) {
    const JsonFields run(element, path + ": cells");
    ExperimentPlan::Run planned{run.text("hash"), run.integer("seed"), run.text_map("labels")};
    if (seen.emplace(planned.hash, planned.seed).second) plan.runs.push_back(std::move(planned));
  }
  return plan;
}

std::string plan_date(const std::string& path) {
  try {
    // save_plan begins a line with each key of the plan itself, and no text in JSON has a line
    // break.
    const std::string_view key = "\n \"created\": \"";
    const std::string text = read_file(path);
    const size_t found = text.find(key);
    if (found == std::string::npos) return read_plan(path).created;
    const size_t begin = found + key.size();
    const std::string date = text.substr(begin, text.find('"', begin) - begin);
    return date.find('\\') == std::string::npos ? date : read_plan(path).created;
  } catch (const Error&) {
    return "";
  }
}

}  // namespace lea::run
