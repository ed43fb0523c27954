#include "core/run/beat.h"

#include <cmath>

#include "core/base/clock.h"
#include "core/base/files.h"
#include "core/base/json_field.h"

namespace lea::run {
namespace {

constexpr double kLatest = 1e12;  // seconds; every time_t of 64 bits can hold it

std::time_t time_of(const JsonFields& fields) {
  if (!fields.at("time").is_string()) {
    const double time = fields.number("time");
    if (std::abs(time) > kLatest) fields.fail("time", "is beyond every calendar");
    return static_cast<std::time_t>(time);
  }
  const auto time = parse_utc(fields.text("time"));
  if (!time)
    fields.fail("time", "must be seconds since 1970, or a time such as 2026-01-31T23:59:59Z");
  return *time;
}

}  // namespace

void write_beat(const Folder& run, const Beat& beat) {
  nlohmann::json document = to_json(beat.process);
  document.update(to_json(beat.progress));
  document["time"] = static_cast<int64_t>(beat.time);
  publish_file(run.file(kBeatFile), document.dump());
}

std::optional<Beat> read_beat(const Folder& run) {
  const std::string path = run.file(kBeatFile);
  const auto document = read_json(path);
  if (!document) return std::nullopt;
  const JsonFields fields(*document, path);
  return Beat{process_from(fields), progress_from(fields), time_of(fields)};
}

bool is_fresh(const Beat& beat, std::time_t now) {
  return std::abs(std::difftime(now, beat.time)) < kLeaseSeconds;
}

}  // namespace lea::run
