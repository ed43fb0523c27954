// A lab whose runs use the artefacts of the plugin `test.making`.
#pragma once

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {

using nlohmann::json;
namespace fs = std::filesystem;

class Artefacts : public LabCommand {
 protected:
  // One run for each value of the axis and each of two seeds.
  void write_spec(const std::string& environments, const std::string& grid = "",
                  const std::string& more = "reward: made\n") const {
    write("spec.yaml", R"(name: study
data: {name: toy, path: interactions.tsv, history: 5}
train: {batch_size: 32, max_steps: 20, validate_every: 5, patience: 20}
backbone: gru4rec
framework: snqn
seeds: [1, 2]
environments: {)" + environments +
                           "}\n" + more + grid);
  }
  lab::ProcessResult call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--plugin-dir", LEA_ARTEFACT_PLUGINS});
    return lealab(arguments);
  }
  lab::ProcessResult run(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", path("spec.yaml")});
    return call(more);
  }
  json list() const { return json::parse(call({"artefacts", "list", "--json"}).out); }
  json plan() const { return json::parse(call({"plan", path("spec.yaml"), "--json"}).out); }
  std::string folder(const std::string& key) const { return path("lab/artefacts/") + key; }
  std::string key_of(const std::string& kind) const {
    for (const json& row : list()) {
      if (row.at("name") == kind + " of test.making") return row.at("key");
    }
    return "";
  }
  std::vector<json> results() const {
    std::vector<json> results;
    for (const auto& run : fs::directory_iterator(path("lab/runs"))) {
      if (fs::exists(run.path() / "result.json"))
        results.push_back(json::parse(read_file(run.path() / "result.json")));
    }
    return results;
  }
  // All files that plugins made, by "KEY/NAME".
  std::map<std::string, std::string> files(const std::string& lab = "lab") const {
    std::map<std::string, std::string> files;
    for (const auto& artefact : fs::directory_iterator(path(lab) + "/artefacts")) {
      for (const auto& file : fs::directory_iterator(artefact.path() / "files"))
        files[artefact.path().filename().string() + "/" + file.path().filename().string()] =
            read_file(file.path());
    }
    return files;
  }
  static size_t lines_in(const std::string& file) {
    const std::string text = read_file(file);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

}  // namespace lea
