// Reads named sections of a shared library without loading it. The bytes come from anywhere: every
// offset and size is checked against the file before it is used.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lea::worker {

struct ElfLibrary {
  std::map<std::string, std::string_view> sections;  // by name; point into the bytes that were read
  std::vector<std::string> needed;                   // DT_NEEDED: sonames of the libraries it links

  bool needs(const std::string& soname) const;
};

// Throws PluginError: not ELF, another machine, not a shared library, or a range outside the file
// (a cut file). `where` begins the message.
ElfLibrary read_elf(std::string_view bytes, const std::string& where);

}  // namespace lea::worker
