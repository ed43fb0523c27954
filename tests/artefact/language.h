// Studies with the language-model environment and a tiny model.
#pragma once

#include <map>
#include <string>

#include "tests/artefact/fixture.h"

namespace lea {

class LanguageStudy : public Artefacts {
 protected:
  // 60 sequences of 5 events over 40 items, each item mostly followed by the next one. The titles
  // have words of the model's own vocabulary.
  LanguageStudy() {
    fs::create_directories(path("source"));
    std::string events = "user_id\titem_id\ttimestamp\n", items = "item_id\ttitle\n";
    std::mt19937 random(1);
    for (int user = 0; user < 60; ++user) {
      unsigned item = static_cast<unsigned>(user) % 40;  // every item occurs
      for (int t = 0; t < 5; ++t) {
        events += "u" + std::to_string(user) + "\ti" + std::to_string(item) + "\t" +
                  std::to_string(t) + "\n";
        item = random() % 4 == 0 ? random() % 40 : (item + 1) % 40;
      }
    }
    const char* colours[] = {"red", "blue", "white"};
    const char* things[] = {"lamp", "chair", "oak table", "shelf"};
    for (int item = 0; item < 40; ++item) {
      items +=
          "i" + std::to_string(item) + "\t" + colours[item % 3] + " " + things[item % 4] + "\n";
    }
    write("source/interactions.tsv", events);
    write("source/items.tsv", items);
  }

  // The environment `le` with these parameters besides.
  static std::string language_environment(const std::string& more = "") {
    return "{le: {model: " LEA_SOURCE_DIR
           "/tests/golden/le/model, dtype: float32, order: hoisted,\n"
           "  item_sentence: \"{item} is titled {title}.\", token_iterations: 3, portion: 0.5,\n"
           "  hoisted_prompt: \"the user has bought these products: {history} next {item}\",\n"
           "  user_prompt: \"the user has bought these products in order: {history},\",\n"
           "  selection_prompt: \"in the list of:[{list}], next\",\n"
           "  steps: 4, quality_events: 20" +
           more + "}}";
  }

  // One run of 20 steps. `slots` are its slots reward, state and augment. The environment is `le`
  // with these parameters besides, or `environment` when that is given.
  void write_study(const std::string& slots, const std::string& more = "",
                   const std::string& environment = "") const {
    write("spec.yaml",
          "name: study\n"
          "data: {name: toy, path: source, history: 4}\n"
          "train: {batch_size: 32, max_steps: 20, validate_every: 5, patience: 20}\n"
          "backbone: gru4rec\nframework: snqn\nseeds: [1]\n"
          "negatives: {from: pool, pool: 2, count: 1}\n"
          "environments: {le: " +
              (environment.empty() ? language_environment(more) : environment) + "}\n" + slots);
  }
  void import_data() const {
    ASSERT_EQ(call({"data", "import", "toy", path("source")}).exit_code, 0);
  }
  // Runs the spec, and fails the test when that fails.
  void run_study(const std::vector<std::string>& more = {}) const {
    const auto result = run(more);
    ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  }
  std::string key(const std::string& kind) const { return key_of(kind, "lea.le"); }

  // The files below a folder, by their path in it.
  static std::map<std::string, std::string> files_below(const std::string& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file())
        files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
    }
    return files;
  }
  // What the artefacts of a lab hold, by KEY/PATH.
  std::map<std::string, std::string> made(const std::string& lab = "lab") const {
    std::map<std::string, std::string> files;
    for (const auto& artefact : fs::directory_iterator(path(lab + "/artefacts"))) {
      const std::string key = artefact.path().filename().string() + "/";
      for (auto& [name, bytes] : files_below(artefact.path() / "files")) files[key + name] = bytes;
    }
    return files;
  }
  // What the only run of a lab leaves of its training.
  std::map<std::string, std::string> trained(const std::string& lab = "lab") const {
    const fs::path run = fs::directory_iterator(path(lab + "/runs"))->path();
    std::map<std::string, std::string> files;
    for (const char* name :
         {"ranks.bin", "ranks-valid.bin", "top.bin", "events.jsonl", "checkpoint/best.safetensors"})
      files[name] = read_file(run / name);
    return files;
  }
};

}  // namespace lea
