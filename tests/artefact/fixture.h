// Studies whose environments make artefacts, and what the lab has of them.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
  lab::ProcessResult call(const std::vector<std::string>& arguments) const {
    return call_in("lab", arguments);
  }
  lab::ProcessResult call_in(const std::string& lab,
                             const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = through_;
    command.insert(command.end(),
                   {LEALAB_PROGRAM, "--lab", path(lab), "--plugin-dir", LEA_ARTEFACT_PLUGINS});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return lab::run_process(command, 300);
  }
  lab::ProcessResult run(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", path("spec.yaml")});
    return call(more);
  }
  nlohmann::json list() const {
    return nlohmann::json::parse(call({"artefacts", "list", "--json"}).out);
  }
  nlohmann::json plan() const {
    return nlohmann::json::parse(call({"plan", path("spec.yaml"), "--json"}).out);
  }
  std::string folder(const std::string& key) const { return path("lab/artefacts/") + key; }
  std::string key_of(const std::string& kind, const std::string& plugin = "test.making") const {
    for (const nlohmann::json& row : list()) {
      if (row.at("name") == kind + " of " + plugin) return row.at("key");
    }
    return "";
  }
  std::vector<nlohmann::json> results() const {
    std::vector<nlohmann::json> results;
    for (const auto& run : std::filesystem::directory_iterator(path("lab/runs"))) {
      if (std::filesystem::exists(run.path() / "result.json"))
        results.push_back(nlohmann::json::parse(read_file(run.path() / "result.json")));
    }
    return results;
  }
  // All files that plugins made, by "KEY/NAME".
  std::map<std::string, std::string> files(const std::string& lab = "lab") const {
    std::map<std::string, std::string> files;
    for (const auto& artefact : std::filesystem::directory_iterator(path(lab) + "/artefacts")) {
      for (const auto& file : std::filesystem::directory_iterator(artefact.path() / "files"))
        files[artefact.path().filename().string() + "/" + file.path().filename().string()] =
            read_file(file.path());
    }
    return files;
  }
  // The processes that a process has started from its first thread.
  static std::vector<pid_t> children_of(pid_t process) {
    const std::string number = std::to_string(process);
    std::ifstream file("/proc/" + number + "/task/" + number + "/children");
    return {std::istream_iterator<pid_t>(file), {}};
  }
  static size_t lines_in(const std::string& file) {
    const std::string text = read_file(file);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

}  // namespace lea
