#include "core/lab/exchange.h"

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::lab {

void refuse_unless(const std::function<void()>& check, const std::string& file,
                   const std::string& checked) {
  try {
    check();
  } catch (const Error& error) {
    if (error.code() != Exit::kBadInput) throw;
    std::string why = error.what();
    if (why.starts_with(checked)) why.erase(0, checked.size());
    if (why.ends_with(".")) why.pop_back();
    throw DataError(printable(file) + ": " + why + ". Nothing was imported.");
  }
}

}  // namespace lea::lab
