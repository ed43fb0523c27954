#include "core/lab/run_folder.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lab/process_identity.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kLeaseSeconds = 60;

bool has_checkpoint(const RunFolder& run) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run.path + "/checkpoint", error)) {
    if (entry.path().extension() == ".json") return true;
  }
  return false;
}

// The last attempt of attempts.jsonl, and whether its end is noted.
struct LastAttempt {
  int64_t number = 0;
  nlohmann::json begin;
  bool ended = false;
};

LastAttempt last_attempt(const RunFolder& run) {
  LastAttempt last;
  for (const auto& record : read_records(run.path + "/attempts.jsonl")) {
    const JsonFields fields(record, run.path + "/attempts.jsonl");
    const int64_t number = fields.integer("number");
    if (fields.has("started") && number >= last.number) last = {number, record, false};
    if (fields.has("ended") && number == last.number) last.ended = true;
  }
  return last;
}

bool fresh_beat(const RunFolder& run) {
  const auto beat = read_json(run.path + "/beat");
  if (!beat) return false;
  const JsonFields fields(*beat, run.path + "/beat");
  return std::abs(static_cast<double>(std::time(nullptr)) - fields.number("time", 0)) <
         kLeaseSeconds;
}

bool is_running(const RunFolder& run) {
  const LastAttempt last = last_attempt(run);
  if (last.number == 0 || last.ended) return false;
  const JsonFields fields(last.begin, run.path + "/attempts.jsonl");
  if (fields.text("host", "") != this_host()) return fresh_beat(run);
  const int64_t start = fields.integer("pid_start", -1);
  return start >= 0 && fields.text("boot_id", "") == this_boot() &&
         process_start(fields.integer("pid", 0)) == start;
}

// A process that was killed in mid-write leaves half a line, which would swallow the next record.
void cut_half_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return;
  auto length = static_cast<int64_t>(file.tellg());
  const int64_t whole = length;
  for (char byte = 0; length > 0; --length) {
    file.seekg(length - 1);
    if (!file.get(byte) || byte == '\n') break;
  }
  if (length != whole) cut_records(path, static_cast<uint64_t>(length));
}

}  // namespace

std::string to_string(RunState state) {
  static constexpr const char* kNames[] = {"queued", "running",   "finished",
                                           "failed", "cancelled", "interrupted"};
  return kNames[static_cast<int>(state)];
}

bool is_terminal(RunState state) {
  return state == RunState::kFinished || state == RunState::kFailed ||
         state == RunState::kCancelled;
}

std::string RunFolder::uuid() const { return fs::path(path).filename().string(); }

std::string open_lab(const std::string& option) {
  const char* variable = std::getenv("LEALAB");
  const std::string lab = !option.empty() ? option : variable && *variable ? variable : "lab";
  for (const char* folder : {"", "/data", "/artefacts", "/models", "/runs", "/experiments"}) {
    std::error_code error;
    fs::create_directories(lab + folder, error);
    if (error) {
      throw Error(Exit::kEnvironment, lab + folder + ": cannot make the lab's folder: " +
                                          error.message() + ". Choose another with --lab DIR.");
    }
  }
  return lab;
}

std::string new_uuid() {
  uint8_t bytes[16];
  // Small requests are never cut short once the kernel's generator is ready.
  while (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
    if (errno != EINTR)
      throw Error(Exit::kEnvironment, std::string("getrandom: ") + std::strerror(errno));
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

bool is_uuid(const std::string& name) {
  if (name.size() != 36) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f');
    if (dash ? name[i] != '-' : !digit) return false;
  }
  return true;
}

std::string utc_now() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

RunFolder create_run(const std::string& lab, const spec::Experiment& experiment,
                     const spec::PlannedRun& run) {
  Cell cell{new_uuid(),   experiment.name, run.hash,       utc_now(),
            run.run.seed, run.labels,      experiment.axes};
  const RunFolder folder{lab + "/runs/" + cell.uuid};
  const std::string temporary = lab + "/runs/.new-" + cell.uuid;
  std::error_code error;
  if (!fs::create_directory(temporary, error)) {
    throw Error(Exit::kEnvironment,
                temporary + ": cannot make the run's folder: " + error.message());
  }
  publish_file(temporary + "/run.yaml", spec::dump_yaml(spec::to_json(run.run)));
  publish_file(temporary + "/cell.json", to_json(cell).dump(2) + "\n");
  publish_folder(temporary, folder.path);
  return folder;
}

std::vector<RunFolder> list_runs(const std::string& lab) {
  std::vector<RunFolder> runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lab + "/runs", error)) {
    if (is_uuid(entry.path().filename().string()) && entry.is_directory()) {
      runs.push_back({entry.path().string()});
    }
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return runs;
}

RunFolder find_run(const std::string& lab, const std::string& uuid_prefix) {
  std::vector<RunFolder> found;
  for (const RunFolder& run : list_runs(lab)) {
    if (!uuid_prefix.empty() && run.uuid().starts_with(uuid_prefix)) found.push_back(run);
  }
  if (found.size() == 1) return found.front();
  std::string message = "run " + printable(uuid_prefix) + ": ";
  if (found.empty()) {
    throw UsageError(message + "the lab " + lab + " has no such run. `lealab ls` lists the runs.");
  }
  message += "several runs begin so:";
  for (size_t i = 0; i < found.size() && i < 5; ++i) message += "\n  " + found[i].uuid();
  throw UsageError(message + "\nGive more digits.");
}

Cell read_cell(const RunFolder& run) {
  const std::string path = run.path + "/cell.json";
  const auto document = read_json(path);
  if (!document) throw DataError(path + ": is missing. The folder is no run; move it away.");
  const JsonFields fields(*document, path);
  Cell cell;
  cell.uuid = fields.text("uuid");
  cell.experiment = fields.text("experiment");
  cell.hash = fields.text("hash");
  cell.created = fields.text("created");
  cell.seed = fields.integer("seed");
  cell.labels = fields.text_map("labels");
  cell.axes = fields.texts("axes");
  cell.source = fields.text("source", "lealab");
  if (cell.uuid != run.uuid()) {
    throw DataError(path + ": uuid: must be the folder's name, " + run.uuid() + ", but is " +
                    printable(cell.uuid) + ". A copied run must keep its name.");
  }
  return cell;
}

nlohmann::json to_json(const Cell& cell) {
  return {{"uuid", cell.uuid}, {"experiment", cell.experiment},
          {"hash", cell.hash}, {"created", cell.created},
          {"seed", cell.seed}, {"labels", cell.labels},
          {"axes", cell.axes}, {"source", cell.source}};
}

RunState state_of(const RunFolder& run) {
  const std::string path = run.path + "/result.json";
  if (const auto result = read_json(path)) {
    const std::string state = JsonFields(*result, path).text("state");
    if (state == "finished") return RunState::kFinished;
    if (state == "failed") return RunState::kFailed;
    if (state == "cancelled") return RunState::kCancelled;
    throw DataError(path + ": state: must be finished, failed or cancelled, but is " +
                    printable(state));
  }
  if (is_running(run)) return RunState::kRunning;
  return has_checkpoint(run) ? RunState::kInterrupted : RunState::kQueued;
}

void close_attempt(const RunFolder& run, int exit, const std::string& reason) {
  const std::string path = run.path + "/attempts.jsonl";
  cut_half_line(path);
  const LastAttempt last = last_attempt(run);
  if (last.number == 0 || last.ended) return;
  append_record(
      path, {{"number", last.number}, {"ended", utc_now()}, {"exit", exit}, {"reason", reason}});
}

int64_t attempts_of(const RunFolder& run) { return last_attempt(run).number; }

}  // namespace lea::lab
