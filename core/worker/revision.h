// What the programs were built from. cmake/WriteRevision.cmake writes the source in each build.
#pragma once

namespace lea::worker {

struct Revision {
  const char* id;  // of git, 40 hexadecimal digits; "" when the tree was no checkout
  bool clean;      // whether the tracked files were those of the revision
};

Revision built_from();

}  // namespace lea::worker
