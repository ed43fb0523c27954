// Files that are not good plugins are refused, and none of their code runs.
#include <elf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "core/base/error.h"
#include "core/worker/library.h"
#include "tests/loader/folder.h"

namespace lea::worker {
namespace {

using test::bad_plugin;
using test::Folder;
using test::read_all;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The reason for which a file is refused; empty when it is not.
std::string refusal(const std::string& path) {
  try {
    check_abi_tag(read_plugin_file(path).tag, path);
    return {};
  } catch (const PluginError& error) {
    const std::string text = error.what();
    EXPECT_THAT(text, StartsWith(path + ": "));
    return text.substr(std::min(text.size(), path.size() + 2));
  }
}

std::string good() { return read_all(bad_plugin("nothing")); }

template <class T>
void put(std::string* bytes, size_t offset, T value) {
  std::memcpy(bytes->data() + offset, &value, sizeof(value));
}

TEST(PluginFile, TellsWhatAGoodOneProvides) {
  const PluginFile file = read_plugin_file(bad_plugin("nothing"));
  EXPECT_EQ(file.version, "1.0.0");
  ASSERT_EQ(file.provides.size(), 1U);
  EXPECT_EQ(file.provides[0].kind, "backbone");
  EXPECT_EQ(file.provides[0].id, "test.bad");
  EXPECT_EQ(file.tag.size(), sizeof(AbiTag));
  EXPECT_EQ(file.sha256.size(), 64U);
  EXPECT_THAT(built_with(file.tag), HasSubstr(", LibTorch " TORCH_VERSION));
  EXPECT_EQ(refusal(bad_plugin("nothing")), "");
}

TEST(PluginFile, RefusesWhatIsNoRegularFile) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.at("fifo.so").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder.at("fifo.so")), StartsWith("not a regular file."));
  EXPECT_THAT(refusal(folder.path()), StartsWith("not a regular file."));
  EXPECT_THAT(refusal("/dev/zero"), StartsWith("not a regular file."));
  ASSERT_EQ(symlink("loop.so", folder.at("loop.so").c_str()), 0);
  EXPECT_EQ(refusal(folder.at("loop.so")), "cannot be opened: Too many levels of symbolic links.");
  EXPECT_EQ(refusal(folder.at("absent.so")), "cannot be opened: No such file or directory.");
  const int file = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  std::strncpy(address.sun_path, folder.at("socket.so").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(file, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(refusal(folder.at("socket.so")), StartsWith("cannot be opened: "));
  close(file);
}

TEST(PluginFile, RefusesWhatIsNoLibrary) {
  const Folder folder;
  EXPECT_EQ(refusal(folder.write("empty.so", "")), "an empty file. Copy or build it again.");
  EXPECT_THAT(refusal(folder.write("text.so", "#!/bin/sh\necho no\n")),
              StartsWith("not a shared library (no ELF"));
  EXPECT_EQ(refusal(folder.write("lfs.so",
                                 "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"
                                 "size 12345\n")),
            "a Git LFS pointer, not the file itself: run `git lfs pull`.");
  EXPECT_THAT(refusal(folder.write("magic.so", "\177ELF")),
              StartsWith("the file is cut or damaged"));
  EXPECT_THAT(refusal("/proc/self/exe"), HasSubstr("a program, not a shared library"));
  EXPECT_THAT(refusal(LEA_BINARY_DIR "/core/worker/CMakeFiles/lea_worker.dir/elf.cpp.o"),
              HasSubstr("not a shared library"));
  const std::string huge = folder.write("huge.so", "x");
  ASSERT_EQ(truncate(huge.c_str(), off_t{4} << 30), 0);
  EXPECT_EQ(refusal(huge),
            "has 4096 MiB; a plugin has at most 512 MiB. Link LibTorch dynamically.");
}

TEST(PluginFile, RefusesOtherMachines) {
  const Folder folder;
  std::string bytes = good();
  put<uint16_t>(&bytes, offsetof(Elf64_Ehdr, e_machine), EM_RISCV);
  EXPECT_THAT(refusal(folder.write("riscv.so", bytes)),
              StartsWith("built for riscv, but this machine is "));
  bytes = good();
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(refusal(folder.write("i386.so", bytes)),
              StartsWith("built for a 32-bit or big-endian machine"));
}

TEST(PluginFile, RefusesWhatOthersCanChange) {
  const Folder folder;
  const std::string path = folder.write("open.so", good());
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_THAT(refusal(path), StartsWith("any user may change it"));
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(refusal(path), "");
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file to another user";
  ASSERT_EQ(chown(path.c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(path), StartsWith("belongs to user 12345"));
}

TEST(PluginFile, AllowsALinkToAnOwnedFile) {
  const Folder folder;
  ASSERT_EQ(symlink(bad_plugin("nothing").c_str(), folder.at("link.so").c_str()), 0);
  EXPECT_EQ(refusal(folder.at("link.so")), "");
}

TEST(PluginFile, RefusesEveryCut) {
  const Folder folder;
  const std::string whole = good();
  // A sanitizer makes the file larger and reading it slower, so it tries only some lengths there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kStep = 61;
#else
  constexpr size_t kStep = 1;
#endif
  // From the end to the beginning, so that the file need not be written again.
  const std::string path = folder.write("cut.so", whole);
  ASSERT_EQ(refusal(path), "");
  for (size_t length = whole.size(); length-- > 0;) {
    if (length > 4096 && length % kStep != 0) continue;
    ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(length)), 0);
    ASSERT_NE(refusal(path), "") << "cut to " << length << " bytes";
  }
}

// Damaged headers, section tables and manifests cause no crash.
TEST(PluginFile, SurvivesByteFlips) {
  const Folder folder;
  const std::string whole = good();
  std::mt19937 random(1);
  const std::string tables = whole.substr(0, 4096);
  Elf64_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof(header));
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = whole;
    // Half of the flips in the headers at the front, half in the section table at the end.
    const size_t at = i % 2 == 0
                          ? random() % tables.size()
                          : header.e_shoff + random() % (header.e_shnum * sizeof(Elf64_Shdr));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    refused += !refusal(folder.write("flip.so", bytes)).empty();
  }
  EXPECT_GT(refused, 100);
}

TEST(PluginFile, RefusesALibraryWithoutManifest) {
  EXPECT_EQ(
      refusal(bad_plugin("no_manifest")),
      "a shared library, but not a LEA Lab plugin (no manifest). End its source with LEA_PLUGIN.");
}

TEST(PluginFile, ChecksTheManifest) {
  const Folder folder;
  const std::string text =
      R"({"version": "1.0.0", "provides": [{"kind": "backbone", "id": "test.bad"}]})";
  const auto with = [&](const std::string& manifest) {
    std::string bytes = good();
    bytes.replace(bytes.find(text), text.size(),
                  manifest + std::string(text.size() - manifest.size(), ' '));
    return refusal(folder.write("manifest.so", bytes));
  };
  EXPECT_EQ(with(text), "");
  EXPECT_THAT(with("{"), StartsWith("its manifest is not valid JSON."));
  EXPECT_THAT(with("[[[[[[[[[[[[]]]]]]]]]]]]"), StartsWith("its manifest is not valid JSON."));
  EXPECT_THAT(with("[]"), StartsWith("its manifest is not a JSON object."));
  EXPECT_THAT(with(R"({"version": 1})"), StartsWith("its manifest needs `version`"));
  EXPECT_THAT(with(R"({"version": "1", "provides": []})"),
              StartsWith("its manifest must list 1 to 1,000 plugins"));
  EXPECT_THAT(with(R"({"version":"1","provides":[{"kind":"model","id":"a.b"}]})"),
              StartsWith("kind `model` is unknown"));
  EXPECT_THAT(with(R"({"version":"1","provides":[{"kind":"backbone","id":"../b"}]})"),
              StartsWith("id `../b` must be vendor.name"));
}

TEST(PluginFile, ShowsBothApiVersions) {
  const std::string host = std::to_string(kApiMajor) + "." + std::to_string(kApiMinor);
  EXPECT_EQ(refusal(bad_plugin("api")),
            "built for plugin API " + std::to_string(kApiMajor + 1) + "." +
                std::to_string(kApiMinor) + ", but the host has " + host +
                " (it takes the same major and no newer minor). Build it again with "
                "the LeaLab CMake package of this installation (docs/plugins.md).");
  EXPECT_THAT(refusal(bad_plugin("minor")),
              StartsWith("built for plugin API " + std::to_string(kApiMajor) + "." +
                         std::to_string(kApiMinor + 1) + ", but the host has " + host));
}

TEST(PluginFile, ShowsBothLibTorchVersions) {
  const std::string host = std::to_string(TORCH_VERSION_MAJOR) + "." +
                           std::to_string(TORCH_VERSION_MINOR) + "." +
                           std::to_string(TORCH_VERSION_PATCH);
  const std::string plugin = std::to_string(TORCH_VERSION_MAJOR) + "." +
                             std::to_string(TORCH_VERSION_MINOR - 1) + "." +
                             std::to_string(TORCH_VERSION_PATCH);
  EXPECT_EQ(
      refusal(bad_plugin("torch")),
      "built with LibTorch " + plugin + ", but the host has " + host +
          ". Build it again with the LeaLab CMake package of this installation (docs/plugins.md).");
  EXPECT_THAT(refusal(bad_plugin("debug")), StartsWith("built with NDEBUG (1 = release build) "));
}

TEST(AbiTag, NamesEveryFieldThatDiffers) {
  const auto changed = [](const std::function<void(AbiTag&)>& change) -> std::string {
    AbiTag tag = make_abi_tag();
    change(tag);
    try {
      check_abi_tag(std::string_view(reinterpret_cast<const char*>(&tag), sizeof(tag)), "x.so");
    } catch (const PluginError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_EQ(changed([](AbiTag&) {}), "");
  EXPECT_THAT(changed([](AbiTag& t) { t.magic[0] = 'X'; }), HasSubstr("its ABI tag is damaged"));
  EXPECT_THAT(changed([](AbiTag& t) { t.size += 4; }), HasSubstr("a tag of size"));
  EXPECT_THAT(changed([](AbiTag& t) { t.api_major = 0; }), HasSubstr("built for plugin API 0."));
  EXPECT_THAT(changed([](AbiTag& t) { std::memset(t.compiler, 'x', sizeof(t.compiler)); }),
              HasSubstr("built with compiler xxxxxxxxxxxx "));
  EXPECT_THAT(changed([](AbiTag& t) { t.compiler_major = 3; }), HasSubstr("built with compiler "));
  EXPECT_THAT(changed([](AbiTag& t) { t.cplusplus = 201703; }),
              HasSubstr("__cplusplus 201703, but the host has"));
  EXPECT_THAT(changed([](AbiTag& t) { t.gxx_abi += 1; }), HasSubstr("__GXX_ABI_VERSION"));
  EXPECT_THAT(changed([](AbiTag& t) { t.cxx11_abi ^= 1; }), HasSubstr("_GLIBCXX_USE_CXX11_ABI"));
  EXPECT_THAT(changed([](AbiTag& t) { t.glibcxx_release += 1; }), HasSubstr("_GLIBCXX_RELEASE"));
  EXPECT_THAT(changed([](AbiTag& t) { t.glibcxx_debug = 1; }), HasSubstr("_GLIBCXX_DEBUG"));
  EXPECT_THAT(changed([](AbiTag& t) { t.sanitizers ^= 1; }), HasSubstr("sanitizers"));
  EXPECT_THAT(changed([](AbiTag& t) { t.vector_isa ^= 4; }), HasSubstr("vector instructions"));
  EXPECT_THAT(changed([](AbiTag& t) { t.sizes[1] = 8; }), HasSubstr("sizeof std::string 8"));
  EXPECT_THAT(changed([](AbiTag& t) { t.alignments[0] = 64; }), HasSubstr("alignof Tensor 64"));
}

}  // namespace
}  // namespace lea::worker
