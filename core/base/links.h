// Symbolic links in paths.
#pragma once

#include <string>

namespace lea {

// The same place without links in its path, so that a link which is changed later no longer matters
// and the file that a link names is replaced instead of the link. Parts of the path that do not
// exist keep their names. A path without links is returned as it was written, because messages show
// it. Throws DataError when the links lead in a circle.
std::string follow_links(const std::string& path);

// Whether something has this name, be it a link that leads nowhere.
bool has_name(const std::string& path);

}  // namespace lea
