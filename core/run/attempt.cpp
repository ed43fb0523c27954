#include "core/run/attempt.h"

#include "core/base/clock.h"
#include "core/base/json_field.h"
#include "core/base/records.h"

namespace lea::run {

Attempt last_attempt(const Folder& run) {
  const std::string path = run.file(kAttemptsFile);
  Attempt last;
  for (const nlohmann::json& record : read_records(path)) {
    const JsonFields fields(record, path);
    const int64_t number = fields.integer("number");
    if (fields.has("started") && number >= last.number) {
      last = {number, process_from(fields), false};
    }
    if (fields.has("ended") && number == last.number) last.ended = true;
  }
  return last;
}

int64_t begin_attempt(const Folder& run) {
  cut_unfinished_line(run.file(kAttemptsFile));
  const int64_t number = last_attempt(run).number + 1;
  nlohmann::json record = to_json(this_process());
  record.update({{"number", number}, {"started", utc_now()}});
  append_record(run.file(kAttemptsFile), record);
  return number;
}

void end_attempt(const Folder& run, int64_t number, int exit, const std::string& reason) {
  append_record(run.file(kAttemptsFile),
                {{"number", number}, {"ended", utc_now()}, {"exit", exit}, {"reason", reason}});
}

void close_attempt(const Folder& run, int exit, const std::string& reason) {
  cut_unfinished_line(run.file(kAttemptsFile));
  const Attempt last = last_attempt(run);
  if (last.number > 0 && !last.ended) end_attempt(run, last.number, exit, reason);
}

}  // namespace lea::run
