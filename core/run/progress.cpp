#include "core/run/progress.h"

#include <algorithm>

#include "core/base/error.h"

namespace lea::run {

double seconds_left(const Progress& progress, double elapsed, double planned, bool measured) {
  const auto at_pace = [](int64_t amount, double per_second) {
    return per_second > 0 ? static_cast<double>(amount) / per_second : 0;
  };
  const double of_part =
      at_pace(progress.part_total - progress.part_done, progress.part_per_second);
  const double of_steps =
      progress.steps_per_second > 0
          ? at_pace(progress.max_steps - progress.step, progress.steps_per_second)
          : std::max(planned - elapsed, 0.0);
  const double by_pace = of_steps + of_part;
  // A run that takes longer than earlier ones has only its own pace.
  if (!measured || elapsed >= planned) return by_pace;
  return std::max(of_part, std::min(by_pace, planned - elapsed));
}

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
