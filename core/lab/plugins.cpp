#include "core/lab/plugins.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/base/user_cache.h"
#include "core/lab/process.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kOutputLimit = size_t{4} << 20;
constexpr int kDepthLimit = 32;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  const auto* text = found == object.end() ? nullptr : found->get_ptr<const std::string*>();
  if (text == nullptr) throw ConfigError(std::string("the probe's `") + key + "` is not a text.");
  return *text;
}

json parse_bounded(const std::string& text) {
  return json::parse(text, [](int depth, json::parse_event_t, json&) {
    if (depth > kDepthLimit) throw ConfigError("the probe's answer is nested too deeply.");
    return true;
  });
}

// The probe's JSON as a record; empty when it is not a valid descriptor. A plugin may have written
// it, so every field is checked.
std::optional<PluginRecord> record_of(const std::string& text, const std::string& file) {
  try {
    const json document = parse_bounded(text);
    PluginRecord record;
    record.file = file;
    const std::string state = text_of(document, "state");
    if (state != "enabled" && state != "failed") return {};
    record.state = state == "enabled" ? PluginState::kEnabled : PluginState::kFailed;
    record.reason = printable(text_of(document, "reason"));
    record.built_with = printable(text_of(document, "built_with"));
    record.sha256 = printable(text_of(document, "sha256"));
    for (const json& plugin : document.at("plugins"))
      record.plugins.push_back(spec::plugin_from_json(plugin));
    for (const json& plugin : document.at("provides"))
      record.provides.push_back(
          {printable(text_of(plugin, "kind")), printable(text_of(plugin, "id"))});
    for (const json& warning : document.at("warnings")) {
      const auto* words = warning.get_ptr<const std::string*>();
      if (words != nullptr) record.warnings.push_back(printable(*words));
    }
    const bool enabled = record.state == PluginState::kEnabled;
    if (enabled == record.plugins.empty() || enabled != record.reason.empty()) return {};
    return record;
  } catch (const std::exception&) {
    return {};
  }
}

constexpr const char* kBeforeThePlugin = "starting the probe";
constexpr std::string_view kProvides = "provides: ";

struct LastWords {
  std::string phase = kBeforeThePlugin;
  std::string line;  // what the plugin or the C++ runtime wrote last
};

LastWords last_words(const std::string& err) {
  LastWords words;
  size_t begin = 0;
  while (begin < err.size()) {
    const size_t end = std::min(err.find('\n', begin), err.size());
    const std::string line = err.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("phase: ")) {
      words.phase = line.substr(7);
      words.line.clear();
    } else if (!line.empty() && !(words.phase == "reading" && line.starts_with(kProvides))) {
      words.line = line.substr(0, 300);
    }
  }
  return words;
}

// What the manifest of a library lists, as the probe wrote it before any code of the library ran.
std::vector<spec::PluginName> provided_in(const std::string& err) {
  std::vector<spec::PluginName> names;
  std::istringstream lines(err.substr(0, err.find("phase: loading")));
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.find(' ', kProvides.size());
    if (!line.starts_with(kProvides) || space == std::string::npos) continue;
    names.push_back({printable(line.substr(kProvides.size(), space - kProvides.size())),
                     printable(line.substr(space + 1))});
  }
  return names;
}

// Whether the machine and not the plugin ended the child: before the plugin's turn, or by SIGKILL,
// which is what the kernel sends when memory runs out.
bool is_machines_fault(const ProcessResult& result) {
  return !result.timed_out &&
         (result.signal == SIGKILL || last_words(result.err).phase == kBeforeThePlugin);
}

// Why a child that gave no verdict ended, and in what.
std::string cause_of_death(const ProcessResult& result, double seconds) {
  const LastWords words = last_words(result.err);
  const bool in_plugin = words.phase.find(" at ") != std::string::npos;
  const std::string where = printable((in_plugin ? "in " : "while ") + words.phase);
  std::string text;
  if (result.timed_out) {
    text = "hung " + where + " (stopped after " + std::to_string(static_cast<int>(seconds)) + " s)";
  } else if (result.signal != 0) {
    text = "crashed " + where + " (" + signal_name(result.signal) + ")";
  } else {
    text = "ended the process " + where + " (exit code " + std::to_string(result.exit_code) + ")";
  }
  if (!words.line.empty()) text += "; last words: " + printable(words.line);
  return text + (is_machines_fault(result)
                     ? ". Most often memory ran out: free some; the next call looks again."
                     : ". Ask its author, or remove it.");
}

PluginRecord failed(const std::string& file, const std::string& reason) {
  PluginRecord record;
  record.file = file;
  record.reason = reason;
  return record;
}

// Changes with every build of the host.
std::string host_id() {
  const std::string worker = worker_path();
  std::string id = sha256_file(worker);
  const fs::path api = fs::path(worker).parent_path() / "../lib/liblea_api.so";
  if (std::error_code error; fs::is_regular_file(api, error)) id += sha256_file(api.string());
  return id;
}

class Prober {
 public:
  Prober(ProbeCache cache, std::function<bool()> cancelled)
      : cache_(cache),
        cancelled_(std::move(cancelled)),
        folder_(user_cache("verdicts")),
        host_(host_id()) {}

  PluginRecord probe(const std::string& file) const {
    const ProbeWatch watch{kProbeSeconds, {}, cancelled_};
    struct stat facts {};
    if (!can_be_plugin(file, &facts)) return probe_file(file, watch);  // refused without reading it
    const std::string verdict = verdict_path(file, facts);
    if (cache_ == ProbeCache::kUse) {
      if (auto known = read_verdict(verdict, file)) return *known;
    }
    PluginRecord record = probe_file(file, watch);
    if (record.lasting) write_verdict(verdict, record);
    return record;
  }

  // What is known of a disabled file, of which no code may run.
  PluginRecord recall(const std::string& file) const {
    struct stat facts {};
    std::optional<PluginRecord> known;
    if (can_be_plugin(file, &facts)) {
      known = read_verdict(verdict_path(file, facts), file);
      if (!known) {
        known = failed(file, "");
        known->sha256 = readable_hash(file);
      }
    }
    PluginRecord record = known.value_or(failed(file, ""));
    record.state = PluginState::kDisabled;
    record.reason = printable(file) + ": is disabled. `lealab plugins enable " +
                    printable(fs::path(file).filename().string()) + "` enables it.";
    record.lasting = false;
    return record;
  }

 private:
  static bool can_be_plugin(const std::string& file, struct stat* facts) {
    return stat(file.c_str(), facts) == 0 && S_ISREG(facts->st_mode) &&
           facts->st_size <= kPluginBytes;
  }

  std::string verdict_path(const std::string& file, const struct stat& facts) const {
    if (folder_.empty()) return {};
    const json key = {file,          facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
                      facts.st_mode, facts.st_uid,  readable_hash(file),  host_};
    return folder_ + "/" + sha256(key.dump(-1, ' ', false, json::error_handler_t::replace)) +
           ".json";
  }

  static std::string readable_hash(const std::string& file) {
    try {
      return sha256_file(file);
    } catch (const Error&) {
      return "unreadable";
    }
  }

  static std::optional<PluginRecord> read_verdict(const std::string& path,
                                                  const std::string& file) {
    std::error_code error;
    if (path.empty() || !fs::is_regular_file(path, error)) return {};
    try {
      return record_of(read_file(path, kOutputLimit), file);
    } catch (const Error&) {
      return {};
    }
  }

  static void write_verdict(const std::string& path, const PluginRecord& record) {
    if (path.empty()) return;
    try {
      publish_file(path, to_json(record).dump(-1, ' ', false, json::error_handler_t::replace));
    } catch (const Error&) {
      // Without a cache the next call probes again.
    }
  }

  ProbeCache cache_;
  std::function<bool()> cancelled_;
  std::string folder_, host_;
};

void mark_conflicts(std::vector<PluginRecord>* records) {
  std::map<std::pair<std::string, std::string>, std::vector<PluginRecord*>> providers;
  for (PluginRecord& record : *records) {
    if (record.state != PluginState::kEnabled) continue;
    for (const spec::PluginInfo& plugin : record.plugins)
      providers[{plugin.kind, plugin.id}].push_back(&record);
  }
  for (const auto& [key, files] : providers) {
    if (files.size() < 2) continue;
    for (PluginRecord* record : files) {
      const PluginRecord* other = record == files[0] ? files[1] : files[0];
      record->state = PluginState::kConflict;
      record->reason = key.first + " " + key.second + " is also in " + printable(other->file) +
                       ", so neither is used. Remove one of them.";
    }
  }
}

}  // namespace

const char* to_string(PluginState state) {
  switch (state) {
    case PluginState::kEnabled:
      return "enabled";
    case PluginState::kFailed:
      return "failed";
    case PluginState::kConflict:
      return "conflict";
    case PluginState::kDisabled:
      return "disabled";
  }
  return "failed";
}

json to_json(const PluginRecord& record) {
  json plugins = json::array(), provides = json::array();
  for (const spec::PluginInfo& plugin : record.plugins) plugins.push_back(spec::to_json(plugin));
  for (const spec::PluginName& name : record.provides)
    provides.push_back({{"kind", name.kind}, {"id", name.id}});
  return {{"file", record.file},
          {"state", to_string(record.state)},
          {"reason", record.reason},
          {"warnings", record.warnings},
          {"built_with", record.built_with},
          {"sha256", record.sha256},
          {"provides", provides},
          {"plugins", plugins}};
}

PluginRecord probe_file(const std::string& file, double seconds) {
  return probe_file(file, ProbeWatch{seconds, {}, {}});
}

PluginRecord probe_file(const std::string& file, const ProbeWatch& watch) {
  const double seconds = watch.seconds;
  size_t seen = 0;
  const auto go_on = [&](const ProcessResult& so_far) {
    if (watch.news && so_far.err.size() != seen) {
      seen = so_far.err.size();
      const std::string phase = last_words(so_far.err).phase;
      watch.news({phase == kBeforeThePlugin ? "" : phase, provided_in(so_far.err)});
    }
    return !watch.cancelled || !watch.cancelled();
  };
  const ProcessResult result =
      run_process({worker_path(), "probe", file}, seconds, kOutputLimit, go_on);
  if (result.stopped)
    throw Error(Exit::kInterrupted, printable(file) + ": the probe was stopped before its end.");
  if (!result.timed_out && result.signal == 0) {
    if (auto record = record_of(result.out, file)) return *record;
  }
  PluginRecord record = failed(file, printable(file) + ": " + cause_of_death(result, seconds));
  record.lasting = !is_machines_fault(result);
  record.provides = provided_in(result.err);
  return record;
}

PluginRecord probe_again(const std::string& file, const std::function<bool()>& cancelled) {
  return Prober(ProbeCache::kIgnore, cancelled).probe(file);
}

std::vector<PluginRecord> probe_plugins(const std::vector<std::string>& folders, ProbeCache cache,
                                        const std::function<bool()>& cancelled) {
  LeftOutPlugins left_out;
  const std::vector<std::string> files = plugin_files(folders, &left_out);
  const Prober prober(cache, cancelled);
  std::vector<PluginRecord> records(files.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < files.size(); i = next++) records[i] = prober.probe(files[i]);
  };
  // What is thrown here is the machine's want of something, and no plugin's fault.
  std::vector<std::future<void>> others;
  const size_t count =
      std::min<size_t>(files.size(), std::max(1U, std::thread::hardware_concurrency()));
  for (size_t i = 1; i < count; ++i) others.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& other : others) other.get();
  mark_conflicts(&records);
  for (const std::string& file : left_out.disabled) records.push_back(prober.recall(file));
  for (const auto& [file, why] : left_out.refused) {
    records.push_back(failed(file, printable(file) + ": " + why));
    records.back().lasting = false;
  }
  std::sort(records.begin(), records.end(),
            [](const PluginRecord& a, const PluginRecord& b) { return a.file < b.file; });
  return records;
}

run::InstalledPlugins installed_plugins(const std::vector<PluginRecord>& records) {
  run::InstalledPlugins installed;
  for (const PluginRecord& record : records) {
    if (record.state != PluginState::kEnabled) continue;
    for (const spec::PluginInfo& plugin : record.plugins) {
      installed[plugin.kind + " " + plugin.id] = {plugin.version, plugin.sha256};
    }
  }
  return installed;
}

std::vector<spec::RefusedLibrary> refused_libraries(const std::vector<PluginRecord>& records) {
  std::vector<spec::RefusedLibrary> refused;
  for (const PluginRecord& record : records) {
    if (record.state != PluginState::kEnabled)
      refused.push_back({record.file, record.reason, record.provides});
  }
  return refused;
}

spec::PluginCatalogue catalogue_of(const std::vector<PluginRecord>& records) {
  std::vector<spec::PluginInfo> plugins;
  for (const PluginRecord& record : records) {
    if (record.state == PluginState::kEnabled)
      plugins.insert(plugins.end(), record.plugins.begin(), record.plugins.end());
  }
  return spec::PluginCatalogue(std::move(plugins), refused_libraries(records));
}

}  // namespace lea::lab
