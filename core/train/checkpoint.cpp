#include "core/train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/train/safetensors.h"

namespace lea::train {
namespace {

namespace fs = std::filesystem;
constexpr size_t kKept = 2;

constexpr const char* kBest = "best.safetensors";

fs::path folder_of(const std::string& run) { return fs::path(run) / "checkpoint"; }

std::string stem_of(int64_t step) { return "step-" + std::to_string(step); }

// Steps that have a manifest, newest first.
std::vector<int64_t> steps_in(const std::string& run) {
  std::vector<int64_t> steps;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(run), error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("step-") || !name.ends_with(".json")) continue;
    int64_t step = 0;
    const char* end = name.data() + name.size() - 5;
    if (std::from_chars(name.data() + 5, end, step).ptr == end) steps.push_back(step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

Checkpoint read_checkpoint(const std::string& run, int64_t step) {
  const std::string path = folder_of(run) / (stem_of(step) + ".safetensors");
  const auto manifest =
      nlohmann::json::parse(read_file(folder_of(run) / (stem_of(step) + ".json")), nullptr, false);
  const std::string bytes = read_file(path);
  if (!manifest.is_object() || manifest.value("sha256", "") != sha256(bytes)) {
    throw DataError(path + ": damaged (sha256 differs from its manifest)");
  }
  return {step, manifest.at("progress"), decode_safetensors(bytes, path)};
}

// Enough of a fingerprint to tell two apart.
std::string brief(const std::string& fingerprint) { return fingerprint.substr(0, 12); }

}  // namespace

nlohmann::json MadeWith::to_json() const {
  return {{"data_fingerprint", data_fingerprint},
          {"split_fingerprint", split_fingerprint},
          {"plugins", plugins},
          {"software", software}};
}

std::vector<std::string> replaced_since(const nlohmann::json& progress, const MadeWith& now) {
  std::vector<std::string> replaced;
  const auto compare = [&](const nlohmann::json& in, const std::string& key, const std::string& is,
                           const std::string& what) {
    const auto found = in.find(key);
    if (found == in.end()) return;
    const std::string was = found->is_string() ? found->get<std::string>() : "unreadable";
    if (was == is) return;
    replaced.push_back(what + " was replaced (was " + brief(was) + ", is " +
                       (is.empty() ? "absent" : brief(is)) + ")");
  };
  compare(progress, "data_fingerprint", now.data_fingerprint, "the data set");
  compare(progress, "split_fingerprint", now.split_fingerprint, "the split");
  const auto compare_all = [&](const char* key, const std::map<std::string, std::string>& parts,
                               const std::string& what) {
    const auto in = progress.find(key);
    if (in == progress.end() || !in->is_object()) return;
    for (const auto& [name, unused] : in->items()) {
      const auto is = parts.find(name);
      compare(*in, name, is == parts.end() ? "" : is->second, what + name);
    }
  };
  compare_all("plugins", now.plugins, "the library of ");
  compare_all("software", now.software, "");
  return replaced;
}

void save_checkpoint(const std::string& run, const Checkpoint& checkpoint) {
  fs::create_directories(folder_of(run));
  const std::string bytes = encode_safetensors(checkpoint.tensors);
  const nlohmann::json manifest = {{"sha256", sha256(bytes)},
                                   {"size", bytes.size()},
                                   {"step", checkpoint.step},
                                   {"progress", checkpoint.progress}};
  const fs::path stem = folder_of(run) / stem_of(checkpoint.step);
  publish_file(stem.string() + ".safetensors", bytes);
  publish_file(stem.string() + ".json", manifest.dump(1));
  const auto steps = steps_in(run);
  for (size_t i = kKept; i < steps.size(); ++i) {
    // The manifest goes first: tensors without one do not count as a checkpoint.
    fs::remove(folder_of(run) / (stem_of(steps[i]) + ".json"));
    fs::remove(folder_of(run) / (stem_of(steps[i]) + ".safetensors"));
  }
}

std::optional<Checkpoint> load_checkpoint(const std::string& run,
                                          const std::function<void(const std::string&)>& say) {
  for (const int64_t step : steps_in(run)) {
    try {
      return read_checkpoint(run, step);
    } catch (const std::bad_alloc&) {
      throw;  // it may be whole: the next attempt reads it
    } catch (const StoreError&) {
      const std::string stem = (folder_of(run) / stem_of(step)).string();
      if (fs::exists(stem + ".json") && fs::exists(stem + ".safetensors")) throw;  // likewise
      say("checkpoint of step " + std::to_string(step) + " is not used: a file of it is missing");
    } catch (const std::exception& error) {
      say("checkpoint of step " + std::to_string(step) + " is not used: " + error.what());
    }
  }
  return std::nullopt;
}

void save_best(const std::string& run, const std::map<std::string, Tensor>& model) {
  fs::create_directories(folder_of(run));
  publish_file(folder_of(run) / kBest, encode_safetensors(model));
}

std::map<std::string, Tensor> load_best(const std::string& run) {
  const std::string path = folder_of(run) / kBest;
  return decode_safetensors(read_file(path), path);
}

void drop_checkpoints(const std::string& run) {
  // Tensors whose manifest a kill prevented, and temporary files, go too; the manifests go first.
  std::error_code ignored;
  std::vector<fs::path> rest;
  for (const auto& entry : fs::directory_iterator(folder_of(run), ignored)) {
    if (entry.path().filename() == kBest) continue;
    if (entry.path().extension() == ".json") fs::remove(entry.path(), ignored);
    rest.push_back(entry.path());
  }
  for (const fs::path& path : rest) fs::remove(path, ignored);
}

}  // namespace lea::train
