#include "core/run/header.h"

#include <algorithm>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"

namespace lea::run {

Header new_header(const spec::Experiment& experiment, const spec::PlannedRun& run,
                  std::vector<std::string> artefacts) {
  Header header;
  header.uuid = new_uuid();
  header.experiment = experiment.name;
  header.hash = run.hash;
  header.created = utc_now();
  header.seed = run.run.seed;
  header.labels = run.labels;
  header.axes = experiment.axes;
  header.artefacts = std::move(artefacts);
  return header;
}

std::string cell_name(const std::vector<std::string>& axes,
                      const std::map<std::string, std::string>& labels) {
  std::string name;
  const bool own_seeds = std::find(axes.begin(), axes.end(), spec::kRunSeed) != axes.end();
  for (const std::string& axis : axes) {
    if (own_seeds && spec::is_own_seed(axis)) continue;
    const auto label = labels.find(axis);
    if (label != labels.end()) name += (name.empty() ? "" : " ") + printable(label->second);
  }
  return name;
}

std::string run_name(const std::vector<std::string>& axes,
                     const std::map<std::string, std::string>& labels, int64_t seed) {
  std::string name = cell_name(axes, labels);
  if (seed == 0) return name.empty() ? "the run" : name;
  if (!name.empty()) name += ' ';
  return name + "seed " + std::to_string(seed);
}

nlohmann::json to_json(const Header& header) {
  nlohmann::json document = {{"uuid", header.uuid}, {"experiment", header.experiment},
                             {"hash", header.hash}, {"created", header.created},
                             {"seed", header.seed}, {"labels", header.labels},
                             {"axes", header.axes}, {"source", header.source}};
  if (!header.artefacts.empty()) document["artefacts"] = header.artefacts;
  return document;
}

Header read_header(const Folder& run) {
  const std::string path = run.file(kHeaderFile);
  const auto document = read_json(path);
  if (!document) throw DataError(path + ": is missing. The folder is no run; move it away.");
  const JsonFields fields(*document, path);
  Header header;
  header.uuid = fields.text("uuid");
  header.experiment = fields.text("experiment");
  header.hash = fields.text("hash");
  header.created = fields.text("created");
  header.seed = fields.integer("seed");
  header.labels = fields.text_map("labels");
  header.axes = fields.texts("axes");
  header.source = fields.text("source", "lealab");
  if (fields.has("artefacts")) header.artefacts = fields.texts("artefacts");
  if (header.uuid != run.uuid()) {
    throw DataError(path + ": uuid: must be the folder's name, " + run.uuid() + ", but is " +
                    printable(header.uuid) + ". A copied run must keep its name.");
  }
  return header;
}

}  // namespace lea::run
