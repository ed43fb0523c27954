#include "core/train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::train {
namespace {

namespace fs = std::filesystem;
constexpr size_t kKept = 2;

constexpr const char* kBest = "best.safetensors";

std::string stem_of(int64_t step) { return "step-" + std::to_string(step); }

// The steps that have a manifest, newest first.
std::vector<int64_t> steps_in(const std::string& folder) {
  std::vector<int64_t> steps;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("step-") || !name.ends_with(".json")) continue;
    int64_t step = 0;
    const char* end = name.data() + name.size() - 5;
    if (std::from_chars(name.data() + 5, end, step).ptr == end) steps.push_back(step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

Checkpoint read_checkpoint(const std::string& folder, int64_t step) {
  const std::string path = fs::path(folder) / (stem_of(step) + ".safetensors");
  const auto manifest = nlohmann::json::parse(
      read_file(fs::path(folder) / (stem_of(step) + ".json")), nullptr, false);
  const std::string bytes = read_file(path);
  if (!manifest.is_object() || manifest.value("sha256", "") != sha256(bytes)) {
    throw DataError(path + ": damaged (sha256 differs from its manifest)");
  }
  return {step, manifest.at("progress"), decode_safetensors(bytes, path)};
}

// The first digits of a fingerprint, which are enough to distinguish two.
std::string brief(const std::string& fingerprint) { return fingerprint.substr(0, 12); }

// Compares what a checkpoint records with what is used now.
class Comparison {
 public:
  explicit Comparison(const nlohmann::json& progress) : progress_(progress) {}

  void text(const nlohmann::json& in, const std::string& key, const std::string& now,
            const std::string& what) {
    const auto found = in.find(key);
    if (found == in.end()) return;
    const std::string was = found->is_string() ? found->get<std::string>() : "unreadable";
    if (was != now) note(what, brief(was), now.empty() ? "absent" : brief(now));
  }
  void numerics() {
    const auto found = progress_.find("numerics");
    const int64_t was =
        found != progress_.end() && found->is_number_integer() ? found->get<int64_t>() : 1;
    if (was == spec::kNumerics) return;
    note("the way of computing (numerics)", std::to_string(was), std::to_string(spec::kNumerics));
  }
  void plugins(const std::map<std::string, spec::PluginBuild>& now) {
    const nlohmann::json named = object("plugins");
    for (const auto& [id, value] : named.items()) {
      const spec::PluginBuild was = build_of(value);
      const auto is = now.find(id);
      if (is == now.end()) {
        note("the plugin " + id, in_words(was), "absent");
      } else if (!spec::computes_the_same(was, is->second)) {
        note("the plugin " + id, in_words(was), in_words(is->second));
      }
    }
  }
  // A map of names to texts, such as versions.
  void texts(const char* key, const std::map<std::string, std::string>& now,
             const std::string& before_name) {
    const nlohmann::json named = object(key);
    for (const auto& [name, value] : named.items()) {
      const auto is = now.find(name);
      text(named, name, is == now.end() ? "" : is->second, before_name + name);
    }
  }
  const std::vector<std::string>& replaced() const { return replaced_; }

 private:
  nlohmann::json object(const char* key) const {
    const auto found = progress_.find(key);
    return found != progress_.end() && found->is_object() ? *found : nlohmann::json::object();
  }
  static spec::PluginBuild build_of(const nlohmann::json& value) {
    if (value.is_string()) return {"", value.get<std::string>()};  // written by an older program
    const auto part = [&](const char* key) {
      return value.is_object() && value.contains(key) && value[key].is_string()
                 ? value[key].get<std::string>()
                 : std::string("unreadable");
    };
    return {part("version"), part("sha256")};
  }
  static std::string in_words(const spec::PluginBuild& build) {
    return (build.version.empty() ? "" : build.version + " ") + brief(build.sha256);
  }
  void note(const std::string& what, const std::string& was, const std::string& is) {
    replaced_.push_back(what + " was replaced (was " + was + ", is " + is + ")");
  }

  const nlohmann::json& progress_;
  std::vector<std::string> replaced_;
};

}  // namespace

nlohmann::json MadeWith::to_json() const {
  nlohmann::json builds = nlohmann::json::object();
  for (const auto& [id, build] : plugins) {
    builds[id] = {{"version", build.version}, {"sha256", build.sha256}};
  }
  return {{"data_fingerprint", data_fingerprint},
          {"split_fingerprint", split_fingerprint},
          {"plugins", builds},
          {"numerics", spec::kNumerics},
          {"artefacts", artefacts},
          {"software", software}};
}

std::vector<std::string> replaced_since(const nlohmann::json& progress, const MadeWith& now) {
  Comparison comparison(progress);
  comparison.text(progress, "data_fingerprint", now.data_fingerprint, "the data set");
  comparison.text(progress, "split_fingerprint", now.split_fingerprint, "the split");
  comparison.plugins(now.plugins);
  comparison.numerics();
  comparison.texts("artefacts", now.artefacts, "the artefact ");
  comparison.texts("software", now.software, "");
  return comparison.replaced();
}

size_t save_checkpoint(const std::string& folder, const Checkpoint& checkpoint) {
  fs::create_directories(folder);
  const std::string bytes = encode_safetensors(checkpoint.tensors);
  const nlohmann::json manifest = {{"sha256", sha256(bytes)},
                                   {"size", bytes.size()},
                                   {"step", checkpoint.step},
                                   {"progress", checkpoint.progress}};
  const fs::path stem = fs::path(folder) / stem_of(checkpoint.step);
  publish_file(stem.string() + ".safetensors", bytes);
  publish_file(stem.string() + ".json", manifest.dump(1));
  const auto steps = steps_in(folder);
  for (size_t i = kKept; i < steps.size(); ++i) {
    // The manifest goes first: tensors without one do not count as a checkpoint.
    fs::remove(fs::path(folder) / (stem_of(steps[i]) + ".json"));
    fs::remove(fs::path(folder) / (stem_of(steps[i]) + ".safetensors"));
  }
  return bytes.size();
}

std::optional<Checkpoint> load_checkpoint(const std::string& folder,
                                          const std::function<void(const std::string&)>& say) {
  for (const int64_t step : steps_in(folder)) {
    try {
      return read_checkpoint(folder, step);
    } catch (const std::bad_alloc&) {
      throw;  // the checkpoint may be whole, and the next attempt may have the memory
    } catch (const StoreError&) {
      const std::string stem = (fs::path(folder) / stem_of(step)).string();
      if (fs::exists(stem + ".json") && fs::exists(stem + ".safetensors")) throw;  // may be whole
      say("checkpoint of step " + std::to_string(step) + " is not used: a file of it is missing");
    } catch (const std::exception& error) {
      say("checkpoint of step " + std::to_string(step) + " is not used: " + error.what());
    }
  }
  return std::nullopt;
}

std::string best_file(const std::string& folder) { return fs::path(folder) / kBest; }

void save_best(const std::string& folder, const std::map<std::string, Tensor>& model) {
  fs::create_directories(folder);
  publish_file(best_file(folder), encode_safetensors(model));
}

std::map<std::string, Tensor> load_best(const std::string& folder) {
  const std::string path = best_file(folder);
  return decode_safetensors(read_file(path), path);
}

void drop_checkpoints(const std::string& folder) {
  // This also removes temporary files, and tensors without a manifest, which a killed process left.
  // Manifests go first, because tensors without a manifest are no checkpoint.
  std::error_code ignored;
  std::vector<fs::path> rest;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename() == kBest) continue;
    if (entry.path().extension() == ".json") fs::remove(entry.path(), ignored);
    rest.push_back(entry.path());
  }
  for (const fs::path& path : rest) fs::remove(path, ignored);
}

}  // namespace lea::train
