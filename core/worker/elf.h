// Reads the sections of a shared library (ELF) without loading it. The file may be hostile: every
// offset and size is checked against the file's size before it is used.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lea::worker {

struct ElfLibrary {
  std::map<std::string, std::string_view> sections;  // by name; views of the bytes that were read
  std::vector<std::string> needed;                   // DT_NEEDED: sonames of the libraries it links

  bool needs(const std::string& soname) const;
};

// Throws PluginError when the bytes are not ELF, are for another machine, are no shared library, or
// name a range outside the file, as a file that was cut does. `where` begins the message. The
// result points into `bytes`.
ElfLibrary read_elf(std::string_view bytes, const std::string& where);

}  // namespace lea::worker
