// What the packing of runs and of artefacts share.
#pragma once

#include <functional>
#include <string>

namespace lea::lab {

// Runs `check` and reports bad input as a DataError in `file`, the path that the user gave, which says
// that nothing was imported. Messages of `check` begin with `checked`, which may be the path of a
// temporary copy. Other errors pass.
void refuse_unless(const std::function<void()>& check, const std::string& file,
                   const std::string& checked);

}  // namespace lea::lab
