// The keys that a spec has beside its settings (settings.h): what the reader accepts, and what an editor
// or a form offers.
#pragma once

#include <string>
#include <vector>

namespace lea::spec {

struct KeyInfo {
  std::string name;
  std::string meaning;  // one phrase
};

// The keys at the top of a spec, in the order in which errors list them.
const std::vector<KeyInfo>& top_keys();
// What `grid` has beside its axes.
const std::vector<KeyInfo>& grid_keys();
// The keys of an entry of `overrides`.
const std::vector<KeyInfo>& rule_keys();

std::vector<std::string> names_of(const std::vector<KeyInfo>& keys);

}  // namespace lea::spec
