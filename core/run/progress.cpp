#include "core/run/progress.h"

#include "core/base/error.h"

namespace lea::run {

nlohmann::json to_json(const Progress& progress) {
  nlohmann::json document = {{"phase", progress.phase},
                             {"step", progress.step},
                             {"max_steps", progress.max_steps},
                             {"steps_per_second", progress.steps_per_second}};
  if (!progress.valid.empty()) {
    document["valid_step"] = progress.valid_step;
    document["valid"] = progress.valid;
  }
  if (progress.part_total > 0) {
    document["part"] = {{"done", progress.part_done},
                        {"total", progress.part_total},
                        {"per_second", progress.part_per_second}};
  }
  return document;
}

Progress progress_from(const JsonFields& fields) {
  Progress progress;
  progress.phase = fields.text("phase", progress.phase);
  progress.step = fields.integer("step", 0);
  progress.max_steps = fields.integer("max_steps", 0);
  progress.steps_per_second = fields.number("steps_per_second", 0);
  if (fields.has("part")) {
    const JsonFields part = fields.object("part");
    progress.part_done = part.integer("done", 0);
    progress.part_total = part.integer("total", 0);
    progress.part_per_second = part.number("per_second", 0);
  }
  if (!fields.has("valid")) return progress;
  progress.valid_step = fields.integer("valid_step", 0);
  const JsonFields metrics = fields.object("valid");
  for (const auto& [name, value] : fields.at("valid").items()) {
    // A metric that is not finite is written as null.
    if (metrics.has(name.c_str())) progress.valid[name] = metrics.number(name.c_str());
  }
  return progress;
}

std::string progress_line(const Progress& progress) {
  nlohmann::json document = to_json(progress);
  document["type"] = "progress";
  return document.dump();
}

std::optional<Progress> progress_from_line(const std::string& line) {
  const auto document = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return std::nullopt;
  try {
    const JsonFields fields(document, "worker");
    if (fields.text("type", "") != "progress") return std::nullopt;
    return progress_from(fields);
  } catch (const DataError&) {
    return std::nullopt;
  }
}

}  // namespace lea::run
