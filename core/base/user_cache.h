// The folder of what can be computed again, of this user and all labs.
#pragma once

#include <string>

namespace lea {

// $XDG_CACHE_HOME/lealab/NAME, or ~/.cache/lealab/NAME; made where it is missing. Empty when there is
// none that can be written.
std::string user_cache(const std::string& name);

}  // namespace lea
