#include "core/spec/wide_state.h"

#include "core/base/text.h"

namespace lea::spec {

bool is_wide_state(int64_t state_width, int64_t hidden_width) {
  return state_width > kTimesWider * hidden_width;
}

bool is_joined_raw(const StateSection& use) { return use.project == 0 && use.combine != "replace"; }

std::optional<int64_t> hidden_width(const PluginUse& backbone) {
  const auto width = backbone.params.find("width");
  if (width == backbone.params.end() || !width->is_number_integer()) return std::nullopt;
  return width->get<int64_t>();
}

std::string wide_state_text(int64_t state_width, int64_t hidden_width) {
  return "the environment's state of width " + grouped(state_width) +
         " is joined as it is to a hidden state of width " + grouped(hidden_width) +
         ", so most of what the Q-head reads, and its scale, are the environment's. `state: {of: "
         "NAME, project: " +
         std::to_string(hidden_width) + "}` projects it first.";
}

}  // namespace lea::spec
