// The parameters that are published, with their defaults, as tests/golden/spec/defaults.json records
// them:
//
//   {"sections": {"train": {"batch_size": {"default": 256}, ...}, ...},
//    "plugins": {"backbone lea.gru4rec": {"width": {"default": 64}, ...}, ...}}
//
// A required parameter has {"required": true} instead of a default. One that was added after a
// release has "added": true beside it. A plugin without parameters has an empty entry, because one
// that it gains must be declared `added`, too. tests/golden/spec/record writes new parameters into
// the file; it changes and removes nothing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/spec/param_json.h"

namespace lea::spec {

class Published {
 public:
  // `part` is "sections" or "plugins".
  explicit Published(std::string part)
      : part_(std::move(part)), document_(read_json(path()).value()) {}

  // Compares what an owner, such as "train" or "backbone lea.gru4rec", declares with the record.
  void compare(const std::string& owner, const std::vector<ParamInfo>& infos) {
    nlohmann::json& recorded = document_[part_];
    const bool is_new = !recorded.contains(owner);
    if (is_new) missing_[owner] = nlohmann::json::object();
    std::map<std::string, nlohmann::json> now;
    for (const ParamInfo& info : infos) now[info.name] = entry(info);
    if (!is_new) {
      for (const auto& [name, old] : recorded[owner].items()) {
        const auto found = now.find(name);
        if (found == now.end()) {
          problems_.push_back(owner + ": " + name + " is gone, but finished runs state it");
        } else if (found->second.dump() != old.dump()) {  // 1 and 1.0 give two hashes
          problems_.push_back(owner + ": " + name + " is published as " + old.dump() +
                              " and is now " + found->second.dump());
        }
      }
    }
    for (const auto& [name, value] : now) {
      if (!is_new && recorded[owner].contains(name)) continue;
      if (!is_new && !value.contains("added")) {
        problems_.push_back(owner + ": " + name + " is new, but not declared `added`");
      } else {
        missing_[owner][name] = value;
      }
    }
    owners_.push_back(owner);
  }

  // What is wrong, one sentence each. Call it when every owner has been compared.
  std::vector<std::string> problems() const {
    std::vector<std::string> problems = problems_;
    for (const auto& [owner, params] : document_[part_].items()) {
      if (std::find(owners_.begin(), owners_.end(), owner) == owners_.end()) {
        problems.push_back(owner + " is gone, but finished runs state it");
      }
    }
    for (const auto& [owner, params] : missing_) {
      const bool is_new = !document_[part_].contains(owner);
      if (is_new) problems.push_back(owner + " is not recorded; run tests/golden/spec/record");
      for (const auto& [name, value] : params.items()) {
        problems.push_back(owner + ": " + name + " is not recorded; run tests/golden/spec/record");
      }
    }
    return problems;
  }

  // The test itself. Records what is new instead when tests/golden/spec/record runs it.
  void expect_no_problems() {
    if (std::getenv("LEALAB_RECORD_DEFAULTS")) {
      for (const auto& [owner, params] : missing_) document_[part_][owner].update(params);
      publish_file(path(), document_.dump(1) + "\n");
      missing_.clear();
    }
    for (const std::string& problem : problems()) {
      ADD_FAILURE() << "A published default never changes, and a new parameter is declared `added` "
                       "(core/spec/params.h). "
                    << problem;
    }
  }

 private:
  static std::string path() { return LEA_SOURCE_DIR "/tests/golden/spec/defaults.json"; }
  static nlohmann::json entry(const ParamInfo& info) {
    nlohmann::json entry = {{"default", to_json(info.default_value)}};
    if (info.required) entry = {{"required", true}};
    if (info.added) entry["added"] = true;
    return entry;
  }

  std::string part_;
  nlohmann::json document_;
  std::vector<std::string> owners_, problems_;
  std::map<std::string, nlohmann::json> missing_;  // by owner, what is new and may be recorded
};

}  // namespace lea::spec
