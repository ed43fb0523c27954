// Turns every failure of a reader into an Error, so that one damaged file cannot end a command that
// looks at many.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {

// Returns what `read` returns. An Error passes, and so does a lack of memory, which is no fault of
// the file. Any other exception, such as one of the standard library's file system, becomes a
// DataError "WHERE: cannot be read: ...".
template <class Read>
auto as_error(const std::string& where, Read&& read) {
  try {
    return read();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw DataError(printable(where) + ": cannot be read: " + printable(error.what()));
  }
}

}  // namespace lea
