#include "core/lab/pack.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/base/as_error.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/large_json.h"
#include "core/base/links.h"
#include "core/base/text.h"
#include "core/lab/archive.h"
#include "core/lab/exchange.h"
#include "core/lab/plan.h"
#include "core/lab/run_record.h"
#include "core/run/artefact_seal.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/state.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFiles[] = {
    run::kSpecFile,  run::kHeaderFile,     run::kResultFile, run::kEventsFile, run::kAttemptsFile,
    run::kRanksFile, run::kValidRanksFile, run::kLogFile,    run::kTopFile,    run::kTestFile};
// What else is required depends on the result.
constexpr const char* kRequired[] = {run::kSpecFile, run::kHeaderFile, run::kResultFile};
// The files of a test part that was opened later, the one that counts last.
constexpr const char* kOpened[] = {run::kTopFile, run::kRanksFile, run::kTestFile};
constexpr size_t kLogBytes = 16 << 10;
constexpr size_t kFileBytes = size_t{256} << 20;

// The complete lines in the last kLogBytes. A log that was cut before is not cut again, so that an
// imported run gives the same pack.
std::string log_end(std::string text) {
  constexpr std::string_view kCut = "[the beginning was left out]\n";
  if (text.size() <= kLogBytes + (text.starts_with(kCut) ? kCut.size() : 0)) return text;
  text.erase(0, text.size() - kLogBytes);
  return std::string(kCut) + text.substr(text.find('\n') + 1);
}

nlohmann::json spec_without_folders(const std::string& path) {
  nlohmann::json document = spec::to_json(spec::load_run(path));
  run::keep_names(document);
  return document;
}

// Unpacks one archive to `folder`/UUID and verifies it there.
run::Folder stage(const std::string& file, const std::string& folder) {
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
  const run::Folder run{folder + "/" + uuid};
  fs::create_directories(run.path);
  for (const auto& [name, content] : files) publish_file(folder + "/" + name, content);
  const auto check = [&] {
    const run::Result result = run::read_result(run).value();
    const auto need = [&](const std::string& sha256, const char* name) {
      if (!sha256.empty() && !fs::exists(run.file(name)))
        throw DataError(std::string("lacks ") + name);
    };
    need(result.ranks_sha256, run::kRanksFile);
    need(result.top_sha256, run::kTopFile);
    const RunRecord record = read_run(run);
    if (record.run.state != "finished") throw DataError("holds a run that has not finished");
    if (!is_name(record.run.experiment)) {
      throw DataError(std::string("cell.json: experiment: must be ") + kNameRule);
    }
    if (record.run.source == "lealab" &&
        spec::run_hash(spec::load_run(run.file(run::kSpecFile))) != record.run.run_hash) {
      throw DataError("cell.json: hash: does not belong to run.yaml");
    }
  };
  refuse_unless(check, file, run.path + "/");
  return run;
}

// The packs and plans that `path` stands for (see import_packs).
std::vector<std::string> files_at(const std::string& path) {
  const auto bad = [&](const std::string& why) {
    return DataError("import: " + printable(path) + ": " + why);
  };
  const auto importable = [](const std::string& name) {
    return name.ends_with(".tar.xz") || name.ends_with(".json");
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) throw bad("there is no such file or folder");
  if (error) throw bad("cannot be read: " + error.message());
  std::string folder = path;
  if (!fs::is_directory(path)) {
    if (importable(path)) return {path};
    const fs::path extension = fs::path(path).extension();
    if (extension != ".yaml" && extension != ".yml") {
      throw bad(
          "is neither a packed run (UUID.tar.xz) nor a plan (NAME.json), nor a folder of them or "
          "the spec (.yaml) beside one. Leave it out.");
    }
    folder = fs::path(path).replace_extension().string();
    if (!fs::is_directory(folder)) {
      throw bad("stands for the packed runs in the folder " + printable(folder) +
                ", but there is no such folder. `lealab export EXPERIMENT --out DIR` makes one.");
    }
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!importable(entry.path().filename().string())) continue;
    if (entry.is_regular_file(error)) files.push_back(entry.path().string());
    if (error)
      throw bad("holds " + printable(entry.path().filename().string()) +
                ", which cannot be read: " + error.message());
  }
  if (files.empty()) throw bad("holds no packed run (UUID.tar.xz)");
  return files;
}

// The packs and plans of all paths, each once, sorted.
std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::set<fs::path> seen;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    for (const std::string& file : files_at(path)) {
      if (seen.insert(fs::canonical(file)).second) files.push_back(file);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "FILE at KEY" for the first key that differs; "" when the documents are equal.
std::string difference(const char* file, const nlohmann::json& a, const nlohmann::json& b) {
  const nlohmann::json changes = nlohmann::json::diff(a, b);
  if (changes.empty()) return "";
  const std::string key = changes[0].at("path");
  return key.empty() ? file : std::string(file) + " at " + printable(key);
}

bool is_closed(const run::Folder& run) {
  const auto result = run::read_result(run);
  return result && result->closed();
}

// The first file in which two folders of one run differ; "" when they are identical (see pack.h).
std::string difference(const run::Folder& a, const run::Folder& b) {
  const auto spec_of = [](const run::Folder& run) {
    return spec_without_folders(run.file(run::kSpecFile));
  };
  if (const auto found = difference(run::kSpecFile, spec_of(a), spec_of(b)); !found.empty())
    return found;
  const auto only_in_one = [&](const char* name) {
    return fs::exists(a.file(name)) != fs::exists(b.file(name));
  };
  for (const char* name : {run::kHeaderFile, run::kResultFile, run::kTestFile}) {
    if (name == std::string(run::kTestFile) && only_in_one(name)) continue;
    const auto document = [&](const run::Folder& run) {
      return read_json(run.file(name)).value_or(nullptr);
    };
    if (const auto found = difference(name, document(a), document(b)); !found.empty()) return found;
  }
  for (const char* name :
       {run::kEventsFile, run::kRanksFile, run::kTopFile, run::kValidRanksFile}) {
    // A closed test part has no ranks that count.
    const bool of_test = name == std::string(run::kRanksFile) || name == std::string(run::kTopFile);
    if (of_test && (is_closed(a) || is_closed(b))) continue;
    const std::string first = a.file(name), second = b.file(name);
    if (fs::exists(first) && fs::exists(second)) {
      if (read_file(first, kFileBytes) != read_file(second, kFileBytes)) return name;
    } else if (only_in_one(name) && name != std::string(run::kValidRanksFile)) {
      return name;
    }
  }
  return "";
}

// Whether `other`, which is the same run, has the test part that `run` lacks.
bool is_opened_by(const run::Folder& run, const run::Folder& other) {
  return !fs::exists(run.file(run::kTestFile)) && fs::exists(other.file(run::kTestFile));
}

struct Staged {
  std::string file;  // path as the user gave it
  run::Folder run;
};

// The runs and plans to import, each once.
struct Sorted {
  std::map<std::string, Staged> runs;        // by uuid
  std::map<std::string, std::string> plans;  // name of the experiment -> file
};

Sorted sort_and_stage(const std::vector<std::string>& files, const std::string& staging) {
  Sorted sorted;
  for (const std::string& file : files) {
    if (file.ends_with(".json")) {
      const auto check = [&] {
        if (!is_name(run::read_plan(file).name))
          throw DataError(std::string("name: must be ") + kNameRule);
      };
      refuse_unless(check, file, file + ": ");
      const auto [first, added] = sorted.plans.emplace(fs::path(file).stem().string(), file);
      if (!added && read_large_json(first->second) != read_large_json(file)) {
        throw DataError(printable(file) + ": is not the same plan as " + printable(first->second) +
                        ". Nothing was imported. Import one of them.");
      }
      continue;
    }
    const Staged staged{file, stage(file, staging + "/" + run::new_uuid())};
    const auto [first, added] = sorted.runs.emplace(staged.run.uuid(), staged);
    if (added) continue;
    const std::string differing = difference(first->second.run, staged.run);
    if (differing.empty()) {
      if (is_opened_by(first->second.run, staged.run)) first->second = staged;
      continue;
    }
    throw DataError("run " + staged.run.uuid() + ": is packed twice, but " +
                    printable(first->second.file) + " and " + printable(file) + " differ in " +
                    differing +
                    ". Nothing was imported. Remove the one that was altered, and import again.");
  }
  return sorted;
}

bool has_plan(const std::string& lab, const std::string& experiment) {
  return is_name(experiment) && has_name(run::plan_file(lab, experiment));
}

[[noreturn]] void refuse_unknown(const std::string& lab, const std::string& experiment) {
  std::vector<std::string> known;
  for (const std::string& file : run::plan_files(lab)) known.push_back(fs::path(file).stem());
  for (const run::Folder& run : run::list_runs(lab)) {
    try {
      known.push_back(as_error(run.path, [&] { return run::read_header(run).experiment; }));
    } catch (const Error&) {
      // `lealab db check` reports it.
    }
  }
  const std::string meant = did_you_mean(experiment, known);
  throw UsageError("experiment " + printable(experiment) + ": the lab " + lab +
                   " has no such runs" + (meant.empty() ? "." : meant) +
                   " `lealab ls` lists what there is.");
}

// The runs of an experiment that can be packed, and a sentence about each of the others.
struct Selected {
  std::vector<run::Folder> finished;
  std::vector<std::string> left_out, damaged;  // as those of PackExport
  bool planned = false;                        // the experiment has a plan that can be read
};

Selected select_runs(const std::string& lab, const std::string& experiment) {
  CountingRuns runs = counting_runs(lab, experiment);
  if (runs.folders.empty() && !has_plan(lab, experiment)) refuse_unknown(lab, experiment);
  Selected selected;
  selected.damaged = std::move(runs.damaged);
  selected.planned = runs.plan.has_value();
  std::set<std::pair<std::string, int64_t>> begun;  // hash and seed
  for (const run::Folder& run : runs.folders) {
    const run::Header header = run::read_header(run);
    const run::State state = run::state_of(run);
    begun.emplace(header.hash, header.seed);
    if (state == run::State::kFinished) {
      selected.finished.push_back(run);
    } else {
      selected.left_out.push_back("run " + run.uuid() + " is " + run::to_string(state));
    }
  }
  if (!runs.plan) return selected;
  const auto& planned = runs.plan->runs;
  const auto missing = std::count_if(planned.begin(), planned.end(), [&](const auto& run) {
    return !begun.contains({run.hash, run.seed});
  });
  if (missing > 0) {
    selected.left_out.push_back("planned runs that have not begun in this lab: " +
                                std::to_string(missing) + " of " + std::to_string(planned.size()));
  }
  return selected;
}

// The bytes of a pack that is not written yet.
struct PackBytes {
  std::string bytes;
  bool without_valid_ranks = false;
};

// The result is empty when the log cannot be read, because nothing rests on the log.
std::optional<std::string> log_of(const std::string& path) {
  try {
    return log_end(read_file(path, kFileBytes));
  } catch (const StoreError&) {
    return std::nullopt;
  }
}

PackBytes bytes_of(const run::Folder& run) {
  if (read_run(run).run.state != "finished") {
    throw DataError("run " + run.uuid() + ": has not finished, so it cannot be packed");
  }
  const bool closed = is_closed(run);
  std::map<std::string, std::string> files;
  for (const char* name : kFiles) {
    const std::string path = run.file(name);
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    // Ranks without a result are left from an opening that was killed.
    if (closed && (name == std::string(run::kRanksFile) || name == std::string(run::kTopFile)))
      continue;
    if (name == std::string(run::kLogFile)) {
      if (auto log = log_of(path)) files[run.uuid() + "/" + name] = *std::move(log);
      continue;
    }
    files[run.uuid() + "/" + name] = name == std::string(run::kSpecFile)
                                         ? spec::dump_yaml(spec_without_folders(path))
                                         : read_file(path, kFileBytes);
  }
  PackBytes pack{write_tar_xz(files)};
  if (pack.bytes.size() > kPackBytes && files.erase(run.uuid() + "/" + run::kValidRanksFile) > 0)
    pack = {write_tar_xz(files), true};
  return pack;
}

Packed publish(const run::Folder& run, const PackBytes& pack, const std::string& folder) {
  Packed packed;
  packed.path = folder + "/" + run.uuid() + ".tar.xz";
  packed.bytes = pack.bytes.size();
  packed.without_valid_ranks = pack.without_valid_ranks;
  publish_file(packed.path, pack.bytes);
  return packed;
}

void make_output(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(Exit::kEnvironment, folder + ": cannot make the folder: " + error.message());
}

[[noreturn]] void refuse_empty(const std::string& experiment, const PackExport& exported) {
  std::string why;
  for (const auto* sentences : {&exported.left_out, &exported.damaged}) {
    for (const std::string& sentence : *sentences) why += "\n  " + sentence;
  }
  throw DataError("experiment " + printable(experiment) +
                  (exported.damaged.empty() ? ": no run has finished yet"
                                            : ": no run has finished and is sound") +
                  ", so nothing was exported:" + why);
}

}  // namespace

Packed pack_run(const run::Folder& run, const std::string& folder) {
  return publish(run, bytes_of(run), folder);
}

PackExport export_experiment(const std::string& lab, const std::string& experiment,
                             const std::string& folder) {
  Selected selected = select_runs(lab, experiment);
  PackExport exported;
  exported.left_out = std::move(selected.left_out);
  exported.damaged = std::move(selected.damaged);
  for (const run::Folder& run : selected.finished) {
    PackBytes pack;
    try {
      pack = as_error(run.path, [&] { return bytes_of(run); });
    } catch (const Error& error) {
      if (has_name(run.path)) exported.damaged.emplace_back(error.what());
      continue;
    }
    if (exported.packs.empty()) make_output(folder);
    exported.packs.push_back(publish(run, pack, folder));
  }
  if (exported.packs.empty()) refuse_empty(experiment, exported);
  if (selected.planned) {
    const std::string plan_file = run::plan_file(lab, experiment);
    publish_file(folder + "/" + fs::path(plan_file).filename().string(),
                 read_file(plan_file, kFileBytes));
  }
  return exported;
}

PackImport import_packs(const std::string& lab, const std::vector<std::string>& paths) {
  const run::Staging staging(run::runs_folder(lab));
  const Sorted sorted = sort_and_stage(files_of(paths), staging.path());
  for (const auto& [uuid, staged] : sorted.runs) {
    const run::Folder own = run::folder_of(lab, uuid);
    if (!fs::exists(own.path)) continue;
    const std::string differing = difference(own, staged.run);
    if (differing.empty()) continue;
    throw DataError("run " + uuid + ": the lab has another run of this uuid: " +
                    printable(staged.file) + " and " + own.path + " differ in " + differing +
                    ". Nothing was imported. Another lab (--lab DIR) can take it.");
  }
  PackImport imported;
  for (const auto& [uuid, staged] : sorted.runs) {
    const run::Folder target = run::folder_of(lab, uuid);
    const bool added = !fs::exists(target.path) && publish_folder(staged.run.path, target.path);
    ++(added ? imported.added : imported.present);
    if (added || !is_opened_by(target, staged.run)) continue;
    for (const char* name : kOpened) {
      if (fs::exists(staged.run.file(name)))
        publish_file(target.file(name), read_file(staged.run.file(name), kFileBytes));
    }
    ++imported.opened;
  }
  for (const auto& [name, file] : sorted.plans) {
    const std::string target = run::plan_file(lab, name);
    // The lab's own plan is at least as new as the packed one.
    if (fs::exists(target)) continue;
    publish_file(target, read_file(file, kFileBytes));
    imported.plans.push_back(name);
  }
  return imported;
}

}  // namespace lea::lab
