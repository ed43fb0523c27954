// The plugins that ship, for specs that ship: only their names, and the names and types of the
// parameters that these specs state. It also lists the studies that ship.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "tests/spec/fixture.h"

namespace lea::spec {

inline ParamInfo any(const char* name, ParamValue value) {
  const ParamType types[] = {ParamType::kBool, ParamType::kInteger, ParamType::kReal,
                             ParamType::kText};
  return {name, types[value.index()], value, {}, {}, "as the plugin says"};
}

inline PluginInfo plugin(const char* kind, const char* id, std::vector<ParamInfo> params,
                         std::vector<std::string> uses = {}) {
  PluginInfo info;
  info.kind = kind;
  info.id = id;
  info.params = std::move(params);
  info.uses = std::move(uses);
  return info;
}

// An environment around the one that its parameter `of` names.
inline PluginInfo wrapper(const char* id, std::vector<ParamInfo> more = {}) {
  std::vector<ParamInfo> params = {
      {"of", ParamType::kEnvironment, std::string(), {}, {}, "the inner one", true}};
  params.insert(params.end(), more.begin(), more.end());
  return environment(id, std::move(params), /*gives_state=*/true);
}

inline PluginCatalogue shipped() {
  const std::string text;
  const std::vector<ParamInfo> gru = {any("width", int64_t{64}), any("dropout", 0.0),
                                      any("tied", false)};
  std::vector<ParamInfo> sasrec = gru;
  sasrec.push_back(any("blocks", int64_t{1}));
  sasrec.push_back(any("heads", int64_t{1}));
  const std::vector<ParamInfo> q = {
      any("gamma", 0.5),        any("td_factor", 0.5),        any("q_weight", 1.0),
      any("target", text),      any("target_dropout", true),  any("zero_at_end", text),
      any("same_start", false), any("supervised_head", text), any("evaluated", text)};
  std::vector<ParamInfo> sac = q;
  sac.push_back(any("warm_up_steps", int64_t{15000}));
  std::vector<ParamInfo> sa2c = sac;
  for (const char* name : {"second_learning_rate", "clip_min", "clip_max", "smooth"}) {
    sa2c.push_back(any(name, 0.0));
  }
  sa2c.push_back(any("clip", true));
  sa2c.push_back(any("advantage_over", text));
  const std::vector<std::string> rl = {"backbone", "reward",    "state",
                                       "augment",  "negatives", "train"};
  const std::vector<ParamInfo> graph_text = {any("two_hops", 1.0), any("backward", 0.1),
                                             any("skip", 0.1), any("text", 0.2),
                                             any("columns", text)};
  const std::vector<ParamInfo> reward = {any("logged", 1.0), any("sampled", 0.0),
                                         any("proposed", 1.0), any("behaviours", text)};
  const std::vector<ParamInfo> portion = {any("portion", 0.1)};
  const ParamInfo of{"of", ParamType::kEnvironment, std::string(), {}, {}, "what chooses", true};
  return PluginCatalogue(
      {plugin("backbone", "lea.gru4rec", gru),
       plugin("backbone", "lea.sasrec", sasrec),
       plugin("framework", "lea.supervised", {}, {"backbone", "augment", "train"}),
       plugin("framework", "lea.sqn", q, rl),
       plugin("framework", "lea.snqn", q, rl),
       plugin("framework", "lea.sac", sac, rl),
       plugin("framework", "lea.sa2c", sa2c, rl),
       plugin("framework", "lea.popularity", {}),
       plugin("framework", "lea.markov", {}),
       plugin("framework", "lea.item_knn", {}),
       plugin("framework", "lea.vsknn", {}),
       plugin("framework", "lea.graph_text", graph_text),
       plugin("framework", "lea.reward_weighted", {}, {"backbone", "reward", "train"}),
       plugin("environment", "lea.predefined", reward),
       plugin("environment", "lea.random", {}),
       plugin("environment", "lea.oracle", {}),
       plugin("environment", "lea.popularity", portion),
       environment("lea.cooccurrence", portion, /*gives_state=*/true),
       environment("lea.item_vectors", portion, /*gives_state=*/true),
       environment("lea.text_tfidf", {any("texts", text)}, /*gives_state=*/true),
       wrapper("lea.shuffled", {any("states", false)}),
       wrapper("lea.matched"),
       wrapper("lea.class_mean"),
       wrapper("lea.item_mean"),
       plugin("augmenter", "lea.random", {}),
       plugin("augmenter", "lea.top1", {}),
       plugin("augmenter", "lea.oracle", {}),
       plugin("augmenter", "lea.best_reward", {of})});
}

// "snqn" of lea.snqn; "-" of none.
inline std::string last(const PluginUse& use) {
  return use.none() ? "-" : use.id.substr(use.id.rfind('.') + 1);
}

inline std::string shipped_path(const std::string& name) {
  return std::string(LEA_SOURCE_DIR) + "/experiments/" + name;
}

// Every study under experiments/, such as "demo" and "variants/rewards", sorted: those whose
// environments have a language model, or those without one. The presets are no studies.
inline std::vector<std::string> shipped_studies(bool with_language_model) {
  namespace fs = std::filesystem;
  const fs::path experiments = std::string(LEA_SOURCE_DIR) + "/experiments";
  std::vector<std::string> studies;
  for (const fs::path& file : fs::recursive_directory_iterator(experiments)) {
    if (file.extension() != ".yaml" || file.parent_path().filename() == "presets") continue;
    const std::string text = read_file(file);
    const bool has_model = text.find("{model: ") != std::string::npos ||
                           text.find("\n      model: ") != std::string::npos;
    if (has_model != with_language_model) continue;
    studies.push_back(file.lexically_relative(experiments).replace_extension().string());
  }
  std::sort(studies.begin(), studies.end());
  return studies;
}

}  // namespace lea::spec
