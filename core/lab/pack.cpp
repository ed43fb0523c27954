#include "core/lab/pack.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/lab/archive.h"
#include "core/lab/collector.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFiles[] = {"run.yaml",       "cell.json", "result.json",     "events.jsonl",
                                  "attempts.jsonl", "ranks.bin", "ranks-valid.bin", "log.txt"};
constexpr const char* kRequired[] = {"run.yaml", "cell.json", "result.json", "ranks.bin"};
constexpr const char* kValidRanks = "ranks-valid.bin";
constexpr size_t kLogBytes = 16 << 10;
constexpr size_t kFileBytes = size_t{256} << 20;

// From the first whole line of the last kLogBytes.
std::string log_end(std::string text) {
  if (text.size() <= kLogBytes) return text;
  text.erase(0, text.size() - kLogBytes);
  return "[the beginning was left out]\n" + text.substr(text.find('\n') + 1);
}

// A pack travels: of a path it keeps the name, not the folders of the machine that made it. No hash
// covers a path.
void keep_names(nlohmann::json& document) {
  if (document.is_object() && document.contains("path") && document["path"].is_string()) {
    document["path"] = fs::path(document["path"].get_ref<const std::string&>()).filename().string();
  }
  if (document.is_structured()) {
    for (nlohmann::json& element : document) keep_names(element);
  }
}

std::string spec_without_folders(const std::string& path) {
  nlohmann::json document = spec::to_json(spec::load_run(path));
  keep_names(document);
  return spec::dump_yaml(document);
}

// Removes what was staged, however the import ends.
class Staging {
 public:
  explicit Staging(const std::string& lab)
      : path_(lab + "/runs/.import-" + std::to_string(getpid()) + "-" + run::new_uuid().substr(0, 8)) {
    fs::create_directories(path_);
  }
  ~Staging() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Unpacks one archive to `staging`/UUID and verifies it there.
run::Folder stage(const std::string& file, const std::string& staging) {
  const auto files = read_tar_xz(read_file(file, kFileBytes), printable(file));
  const std::string first = files.empty() ? "" : files.begin()->first;
  const std::string uuid = first.substr(0, first.find('/'));
  const auto bad = [&](const std::string& why) -> DataError {
    return DataError(printable(file) + ": " + why + ". Nothing was imported.");
  };
  if (!run::is_uuid(uuid))
    throw bad("is no packed run: its files must lie in a folder named by a run's uuid");
  for (const auto& [path, content] : files) {
    const std::string& name = path;  // Clang 14 captures no structured binding
    const bool known = std::any_of(std::begin(kFiles), std::end(kFiles), [&](const char* allowed) {
      return name == uuid + "/" + allowed;
    });
    if (!known) throw bad("holds `" + printable(name) + "`, which no packed run has");
  }
  for (const char* required : kRequired) {
    if (!files.contains(uuid + "/" + required)) throw bad(std::string("lacks ") + required);
  }
  const run::Folder run{staging + "/" + uuid};
  if (!fs::create_directory(run.path))
    throw bad("holds run " + uuid + ", as another of the files does");
  for (const auto& [name, content] : files) publish_file(staging + "/" + name, content);
  const RunRecord record = read_run(run);
  if (record.run.state != "finished") throw bad("holds a run that has not finished");
  if (record.run.source == "lealab" &&
      spec::run_hash(spec::load_run(run.path + "/run.yaml")) != record.run.run_hash) {
    throw bad("cell.json: hash: does not belong to run.yaml");
  }
  return run;
}

std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!fs::exists(path))
      throw DataError("import: " + printable(path) + ": there is no such file or folder");
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(path)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && (name.ends_with(".tar.xz") || name.ends_with(".json"))) {
        files.push_back(entry.path().string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw DataError("import: no packed run (UUID.tar.xz) in what was named");
  return files;
}

bool same_result(const run::Folder& a, const run::Folder& b) {
  return read_json(a.path + "/result.json") == read_json(b.path + "/result.json");
}

}  // namespace

Packed pack_run(const run::Folder& run, const std::string& folder) {
  if (read_run(run).run.state != "finished") {
    throw DataError("run " + run.uuid() + ": has not finished, so it cannot be packed");
  }
  std::map<std::string, std::string> files;
  for (const char* name : kFiles) {
    const std::string path = run.path + "/" + name;
    if (!fs::exists(path)) continue;
    std::string content =
        name == std::string("run.yaml") ? spec_without_folders(path) : read_file(path, kFileBytes);
    if (name == std::string("log.txt")) content = log_end(std::move(content));
    files[run.uuid() + "/" + name] = std::move(content);
  }
  Packed packed;
  packed.path = folder + "/" + run.uuid() + ".tar.xz";
  std::string bytes = write_tar_xz(files);
  if (bytes.size() > kPackBytes && files.erase(run.uuid() + "/" + kValidRanks) > 0) {
    packed.without_valid_ranks = true;
    bytes = write_tar_xz(files);
  }
  packed.bytes = bytes.size();
  publish_file(packed.path, bytes);
  return packed;
}

PackExport export_experiment(const std::string& lab, const std::string& experiment,
                             const std::string& folder) {
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  const std::vector<db::RunRow> runs = store.runs(experiment);
  if (runs.empty()) {
    throw UsageError("experiment " + printable(experiment) + ": the lab " + lab +
                     " has no such runs" + did_you_mean(experiment, store.experiments()) +
                     " `lealab ls` lists what there is.");
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(Exit::kEnvironment, folder + ": cannot make the folder: " + error.message());
  PackExport exported;
  for (const db::RunRow& run : runs) {
    if (run.state == "finished") {
      exported.packs.push_back(pack_run({lab + "/runs/" + run.uuid}, folder));
    } else {
      exported.left_out.push_back("run " + run.uuid + " is " + run.state);
    }
  }
  const std::string plan = run::plan_file(lab, experiment);
  if (fs::exists(plan))
    publish_file(folder + "/" + experiment + ".json", read_file(plan, kFileBytes));
  return exported;
}

PackImport import_packs(const std::string& lab, const std::vector<std::string>& paths) {
  const Staging staging(lab);
  std::vector<run::Folder> runs;
  std::vector<std::string> plans;
  for (const std::string& file : files_of(paths)) {
    if (file.ends_with(".json")) {
      run::read_plan(file);
      plans.push_back(file);
    } else {
      runs.push_back(stage(file, staging.path()));
    }
  }
  for (const run::Folder& run : runs) {
    const run::Folder old{lab + "/runs/" + run.uuid()};
    if (fs::exists(old.path) && !same_result(run, old)) {
      throw DataError("run " + run.uuid() +
                      ": the lab has another run of this name with other results. " +
                      "Nothing was imported.");
    }
  }
  PackImport imported;
  for (const run::Folder& run : runs) {
    const std::string target = lab + "/runs/" + run.uuid();
    const bool added = !fs::exists(target) && publish_folder(run.path, target);
    ++(added ? imported.added : imported.present);
  }
  for (const std::string& file : plans) {
    const std::string name = fs::path(file).filename().string();
    const std::string target = lab + "/experiments/" + name;
    // The lab's own plan is newer than what was packed, or the same.
    if (fs::exists(target)) continue;
    publish_file(target, read_file(file, kFileBytes));
    imported.plans.push_back(fs::path(file).stem().string());
  }
  return imported;
}

}  // namespace lea::lab
