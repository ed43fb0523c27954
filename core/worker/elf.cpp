#include "core/worker/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"

namespace lea::worker {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "lealab-worker loads plugins on x86-64 and aarch64 only"
#endif

constexpr size_t kHeaders = 4096;  // a library has about 30 sections and 10 segments
constexpr uint64_t kMemory = uint64_t{1} << 33;

const char* machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return "another machine";
  }
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  [[noreturn]] void refuse(const std::string& why) const { throw PluginError(where_ + ": " + why); }

  std::string_view range(uint64_t offset, uint64_t size, const char* what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      refuse(std::string("the file is cut or damaged: its ") + what + " reaches to byte " +
             std::to_string(offset + size) + ", but it has " + counted(std::ssize(bytes_), "byte") +
             ". Copy or build it again.");
    }
    return bytes_.substr(offset, size);
  }

  template <class T>
  T at(uint64_t offset, const char* what) const {
    T value;
    std::memcpy(&value, range(offset, sizeof(T), what).data(), sizeof(T));
    return value;
  }

  Elf64_Ehdr header() const;
  void check_segments(const Elf64_Ehdr& header) const;
  std::vector<Elf64_Shdr> sections(const Elf64_Ehdr& header) const;
  std::string text(std::string_view table, uint64_t offset) const;

 private:
  std::string_view bytes_;
  const std::string& where_;
};

Elf64_Ehdr Reader::header() const {
  if (is_lfs_pointer(bytes_)) refuse("a Git LFS pointer, not the file itself: run `git lfs pull`.");
  if (bytes_.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG)) {
    refuse("not a shared library (no ELF header). Give the .so that the build made.");
  }
  const auto header = at<Elf64_Ehdr>(0, "header");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    refuse(
        "built for a 32-bit or big-endian machine; this host needs 64-bit little-endian. Build it "
        "here.");
  }
  if (header.e_machine != kMachine) {
    refuse(std::string("built for ") + machine_name(header.e_machine) + ", but this machine is " +
           machine_name(kMachine) + ". Build it here.");
  }
  if (header.e_type != ET_DYN) {
    refuse("an ELF file, but not a shared library (a program, object or core file). Give the .so.");
  }
  return header;
}

void Reader::check_segments(const Elf64_Ehdr& header) const {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > kHeaders) {
    refuse("its program headers are damaged. Copy or build it again.");
  }
  range(header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr), "program header table");
  bool dynamic = false;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment =
        at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr), "program header table");
    if (segment.p_type == PT_INTERP)
      refuse("a program, not a shared library. Give the plugin's .so.");
    dynamic |= segment.p_type == PT_DYNAMIC;
    if (segment.p_type == PT_NULL) continue;
    range(segment.p_offset, segment.p_filesz, "segment");
    if (segment.p_type == PT_LOAD && (segment.p_memsz < segment.p_filesz ||
                                      segment.p_memsz > kMemory || segment.p_vaddr > kMemory)) {
      refuse("a segment has an impossible size. Copy or build it again.");
    }
  }
  if (!dynamic)
    refuse("not a shared library (no dynamic segment). Give the .so that the build made.");
}

std::vector<Elf64_Shdr> Reader::sections(const Elf64_Ehdr& header) const {
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
      header.e_shnum > kHeaders || header.e_shstrndx >= header.e_shnum) {
    refuse("its section headers are damaged or were stripped. Copy or build it again.");
  }
  range(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), "section header table");
  std::vector<Elf64_Shdr> sections;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    sections.push_back(
        at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr), "section header table"));
    const Elf64_Shdr& section = sections.back();
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL) {
      range(section.sh_offset, section.sh_size, "section");
    }
  }
  return sections;
}

std::string Reader::text(std::string_view table, uint64_t offset) const {
  if (offset >= table.size()) refuse("a name lies outside its table. Copy or build it again.");
  const size_t end = table.find('\0', offset);
  if (end == std::string_view::npos) refuse("a name has no end. Copy or build it again.");
  return std::string(table.substr(offset, end - offset));
}

}  // namespace

bool ElfLibrary::needs(const std::string& soname) const {
  return std::find(needed.begin(), needed.end(), soname) != needed.end();
}

ElfLibrary read_elf(std::string_view bytes, const std::string& where) {
  const Reader reader(bytes, where);
  const Elf64_Ehdr header = reader.header();
  reader.check_segments(header);
  const std::vector<Elf64_Shdr> sections = reader.sections(header);
  const auto content = [&](const Elf64_Shdr& section) {
    if (section.sh_type == SHT_NOBITS) return std::string_view();
    return reader.range(section.sh_offset, section.sh_size, "section");
  };
  ElfLibrary library;
  const std::string_view names = content(sections[header.e_shstrndx]);
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NULL) continue;
    library.sections.emplace(reader.text(names, section.sh_name), content(section));
    if (section.sh_type != SHT_DYNAMIC || section.sh_link >= sections.size()) continue;
    const std::string_view strings = content(sections[section.sh_link]);
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
      const auto entry = reader.at<Elf64_Dyn>(section.sh_offset + at, "dynamic section");
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED)
        library.needed.push_back(reader.text(strings, entry.d_un.d_val));
    }
  }
  return library;
}

}  // namespace lea::worker
