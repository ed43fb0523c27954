#include "core/spec/keys.h"

#include "core/spec/settings.h"

namespace lea::spec {
namespace {

// What is declared for a setting at the top of a spec.
std::string declared_meaning(const std::string& name) {
  for (const ParamInfo& info : declared_settings("")) {
    if (info.name == name) return info.meaning;
  }
  return "";
}

}  // namespace

const std::vector<KeyInfo>& top_keys() {
  static const std::vector<KeyInfo> keys = {
      {"extends", "presets or files that this spec starts from; it states only what differs"},
      {"name", declared_meaning("name")},
      {"data", "which interactions are used, and how much of the past a model sees"},
      {"split", "which interactions are for training, validation and test"},
      {"train", "how a framework is trained, and when training stops"},
      {"negatives", "which items are sampled beside the logged one"},
      {"evaluate", "how rankings are measured"},
      {"backbone", "the network that encodes a history"},
      {"framework", "the method by which the network learns"},
      {"reward", "the environment that gives the rewards"},
      {"state", "the environment that gives states, and how they join those of the backbone"},
      {"augment", "the augmenter that proposes items, and how they enter the losses"},
      {"prepare", "how artefacts are made; changes no result"},
      {"grid", "axes: a list of values for each key that is varied"},
      {"overrides", "settings of the cells that fulfil a condition"},
      {"environments", "environments by names of their own, for slots and for each other"},
      {"seeds", declared_meaning("seeds")},
      {"runs", declared_meaning("runs")}};
  return keys;
}

const std::vector<KeyInfo>& grid_keys() {
  static const std::vector<KeyInfo> keys = {
      {"zip", "axes whose values go together one by one"},
      {"exclude", "cells that are left out: maps of axes to values"},
      {"include", "cells that are added: maps of axes to values"},
      {"overrides", "settings of the cells that fulfil a condition"}};
  return keys;
}

const std::vector<KeyInfo>& rule_keys() {
  static const std::vector<KeyInfo> keys = {
      {"when", "slots and the plugins that they must hold; without it, every cell"},
      {"set", "the values that are assigned"}};
  return keys;
}

std::vector<std::string> names_of(const std::vector<KeyInfo>& keys) {
  std::vector<std::string> names;
  for (const KeyInfo& key : keys) names.push_back(key.name);
  return names;
}

}  // namespace lea::spec
