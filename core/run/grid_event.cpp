#include "core/run/grid_event.h"

#include <array>

#include "core/base/clock.h"
#include "core/base/json_field.h"
#include "core/base/records.h"

namespace lea::run {
namespace {

using Kind = GridEvent::Kind;

constexpr std::array<const char*, 12> kNames = {"started", "elsewhere",   "progress", "finished",
                                                "failed",  "interrupted", "skipped",  "queued",
                                                "refused", "request",     "stopping", "ended"};

std::optional<Kind> kind_from(const std::string& text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(Kind kind) { return kNames.at(static_cast<size_t>(kind)); }

bool is_of_task(Kind kind) { return kind < Kind::kRefused; }

void append_event(const Folder& grid, const GridEvent& event) {
  nlohmann::json record = {{"event", to_string(event.kind)}, {"time", utc_now()}};
  if (is_of_task(event.kind)) record["task"] = event.task;
  if (!event.run.empty()) record["run"] = event.run;
  if (!event.text.empty()) record["text"] = event.text;
  if (!event.warnings.empty()) record["warnings"] = event.warnings;
  if (event.kind == Kind::kEnded || event.exit != 0) record["exit"] = event.exit;
  append_record(grid.file(kEventsFile), record);
}

std::vector<GridEvent> read_events(const Folder& grid, uint64_t* offset) {
  const std::string path = grid.file(kEventsFile);
  std::vector<GridEvent> events;
  for (const nlohmann::json& record : read_new_records(path, offset)) {
    const JsonFields fields(record, path);
    const auto kind = kind_from(fields.text("event"));
    if (!kind) continue;
    GridEvent event;
    event.kind = *kind;
    event.task = static_cast<size_t>(fields.integer("task", 0));
    event.run = fields.text("run", "");
    event.text = fields.text("text", "");
    if (fields.has("warnings")) event.warnings = fields.texts("warnings");
    event.exit = static_cast<int>(fields.integer("exit", 0));
    event.time = fields.text("time", "");
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace lea::run
