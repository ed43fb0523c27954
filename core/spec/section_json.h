// A section of a run as JSON, and back. The templates serve every struct with `fields`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/param_json.h"
#include "core/spec/plugin_info.h"

namespace lea::spec {

// The declarations of a section. They are collected once, because a grid asks for them in each
// cell.
template <class Section>
const std::vector<ParamInfo>& infos_of() {
  static const std::vector<ParamInfo> infos = describe_params<Section>();
  return infos;
}

// Collects the values of the members that `fields` visits.
class WriteFields : public Fields {
 public:
  nlohmann::json values = nlohmann::json::object();

 protected:
  void on(const ParamInfo& info, Slot slot) override {
    std::visit([&](const auto* member) { values[info.name] = *member; }, slot);
  }
};

// The values of a section as the canonical document of a run holds them: all of them, except
// `added` ones that have their default.
template <class Section>
nlohmann::json section_json(Section section) {
  WriteFields write;
  section.fields(write);
  return without_added_defaults(infos_of<Section>(), std::move(write.values));
}

// Inverse of section_json. A parameter that `values` lacks has its default. Throws ConfigError as
// to_values does; `where` names the section.
template <class Section>
Section section_from_json(const nlohmann::json& values, const std::string& where) {
  return assign_params<Section>(to_values(infos_of<Section>(), values, where));
}

}  // namespace lea::spec
