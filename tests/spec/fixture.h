// A temporary folder with spec files in it, and a catalogue of plugins that exist nowhere else.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/spec/experiment.h"
#include "tests/base/scratch.h"

namespace lea::spec {

inline ParamInfo integer(const char* name, int64_t value, Range range) {
  return {name, ParamType::kInteger, value, range, {}, "a number"};
}
inline ParamInfo real(const char* name, double value, Range range) {
  return {name, ParamType::kReal, value, range, {}, "a number"};
}

inline PluginInfo backbone(const char* id) {
  PluginInfo info;
  info.id = id;
  info.kind = "backbone";
  info.params = {integer("width", 64, {1, 4096}), integer("blocks", 1, {1, 16}),
                 real("dropout", 0.1, {0, 0.99})};
  return info;
}

inline PluginInfo framework(const char* id, std::vector<std::string> uses) {
  PluginInfo info;
  info.id = id;
  info.kind = "framework";
  info.params = {
      real("gamma", 0.5, {0, 1}),
      {"twin", ParamType::kBool, false, {}, {}, "two networks"},
      {"target", ParamType::kChoice, std::string("double"), {}, {"double", "plain"}, "targets"},
      {"widths", ParamType::kIntegers, std::vector<int64_t>{8}, {1, 64}, {}, "widths"}};
  info.uses = std::move(uses);
  return info;
}

inline PluginInfo environment(const char* id, std::vector<ParamInfo> params, bool gives_state) {
  PluginInfo info;
  info.id = id;
  info.kind = "environment";
  info.params = std::move(params);
  info.gives_state = gives_state;
  return info;
}

inline PluginCatalogue small_catalogue() {
  const ParamInfo of{"of", ParamType::kEnvironment, std::string(), {}, {}, "whose rewards", true};
  const ParamInfo rewards{"rewards", ParamType::kFile, std::string(), {}, {}, "a file"};
  PluginInfo random;
  random.id = "lea.random";
  random.kind = "augmenter";
  return PluginCatalogue({
      backbone("lea.gru4rec"),
      backbone("lea.sasrec"),
      backbone("lea.twice"),
      backbone("other.twice"),
      framework("lea.supervised", {"backbone", "augment", "train"}),
      framework("lea.snqn", {"backbone", "reward", "state", "augment", "negatives", "train"}),
      framework("lea.popularity", {}),
      environment("lea.predefined", {real("logged", 1, {-10, 10})}, false),
      environment("lea.le", {real("portion", 0.1, {0, 1})}, true),
      environment("lea.shuffled", {of}, false),
      environment("lea.table", {rewards}, true),
      random,
  });
}

// A section as a later release may have it.
template <class Section>
struct Later : Section {
  int64_t later = 3;
  std::vector<double> decay = {0.5, 1};
  void fields(Fields& f) {
    Section::fields(f);
    f.integer("later", later, {0, 9}, "added after a release");
    f.reals("decay", decay, {0, 1}, "added after a release");
    f.added("later");
    f.added("decay");
  }
};

// A parameter as a later release of a plugin may have it.
inline ParamInfo later_param() {
  ParamInfo info = integer("later", 3, {0, 9});
  info.added = true;
  return info;
}

class SpecTest : public ScratchTest {
 protected:
  virtual PluginCatalogue catalogue() const { return small_catalogue(); }
  Experiment load(const std::string& text, const std::vector<std::string>& set = {}) const {
    return load_experiment(write("spec.yaml", text), set, catalogue());
  }
  // The message without the folder, so that it can be pinned; "" when the spec is accepted.
  std::string error_of(const std::string& text, const std::vector<std::string>& set = {}) const {
    return error_of_file(write("spec.yaml", text), set);
  }
  std::string error_of_file(const std::string& file,
                            const std::vector<std::string>& set = {}) const {
    try {
      load_experiment(file, set, catalogue());
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.code(), Exit::kBadInput);
      std::string message = error.what();
      for (size_t at; (at = message.find(folder_ + "/")) != std::string::npos;) {
        message.erase(at, folder_.size() + 1);
      }
      return message;
    }
    return "";
  }
};

// A complete spec of one run, to which a test adds lines.
inline const char kBase[] =
    "data: {name: small}\n"
    "backbone: gru4rec\n"
    "framework: snqn\n"
    "seeds: [1]\n";

}  // namespace lea::spec
