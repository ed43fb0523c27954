// What is there, where a lack of permission must not look like a lack of files.
#pragma once

#include <string>
#include <system_error>

namespace lea {

// Whether something has this path. Throws StoreError with the cause when that cannot be seen, as for
// want of permission.
bool is_there(const std::string& path);

// Called with the error that std::filesystem::directory_iterator(folder, error) gave. A folder that is
// missing has no entries; for any other error, throws StoreError with the cause.
void require_listed(const std::string& folder, const std::error_code& error);

}  // namespace lea
