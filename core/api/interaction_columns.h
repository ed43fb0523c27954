// Columns of the item texts that say what users did, not what an item is.
#pragma once

#include <string_view>

#include "core/api/types.h"

namespace lea {

// Whether the content of a column with this name comes from interactions, such as also_buy,
// sales_rank or num_reviews. Such a column knows the validation and test parts, too. So what chooses
// columns by itself leaves it out, and a user who wants it names it. The case of letters, spaces,
// underscores and dashes do not count: `Also Buy` is also_buy.
LEA_API bool comes_from_interactions(std::string_view column);

}  // namespace lea
