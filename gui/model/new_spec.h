// A small spec to begin with, from what is at hand.
#pragma once

#include <string>

#include "gui/model/spec_facts.h"

namespace lea::gui {

// The text of a spec of a few short runs on a data set. `path`: the file or folder to import it from;
// empty for a data set of the lab. It names plugins that are installed; what no plugin can fill is left
// out, and the check of the spec says so.
std::string new_spec(const Facts& facts, const std::string& data_set, const std::string& path = "");

// The name that a data set gets from the file or folder that it is imported from.
std::string data_set_name(const std::string& path);

}  // namespace lea::gui
