// Comparing the ABI tag of a plugin with this host's, field by field.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/worker/library.h"

namespace lea::worker {
namespace {

constexpr const char* kWayOut =
    " Build it again with the LeaLab CMake package of this installation (docs/plugins.md).";

class Comparison {
 public:
  explicit Comparison(const std::string& path) : path_(path) {}

  void equal(const char* what, const std::string& plugin, const std::string& host) const {
    if (plugin == host) return;
    throw PluginError(printable(path_) + ": built with " + what + " " + printable(plugin) +
                      ", but the host has " + host + "." + kWayOut);
  }
  void equal(const char* what, uint64_t plugin, uint64_t host) const {
    equal(what, std::to_string(plugin), std::to_string(host));
  }

 private:
  const std::string& path_;
};

std::string torch_version(const AbiTag& tag) {
  return std::to_string(tag.torch_major) + "." + std::to_string(tag.torch_minor) + "." +
         std::to_string(tag.torch_patch);
}

std::string compiler(const AbiTag& tag) {
  return std::string(tag.compiler, strnlen(tag.compiler, sizeof(tag.compiler))) + " " +
         std::to_string(tag.compiler_major);
}

std::string api_version(const AbiTag& tag) {
  return std::to_string(tag.api_major) + "." + std::to_string(tag.api_minor);
}

std::string sanitizers(const AbiTag& tag) {
  if (tag.sanitizers == 0) return "none";
  std::string names;
  if ((tag.sanitizers & 1) != 0) names += "address ";
  if ((tag.sanitizers & 2) != 0) names += "thread ";
  if ((tag.sanitizers & ~3U) != 0) names += "unknown ";
  names.pop_back();
  return names;
}

std::string vector_isa(const AbiTag& tag) {
  std::string names = "SSE2";
  if ((tag.vector_isa & 1) != 0) names += " AVX";
  if ((tag.vector_isa & 2) != 0) names += " AVX2";
  if ((tag.vector_isa & 4) != 0) names += " AVX-512F";
  if ((tag.vector_isa & ~7U) != 0) names += " unknown";
  return names;
}

void check_api(const AbiTag& tag, const AbiTag& host, const std::string& path) {
  const bool fits = tag.api_major == host.api_major && tag.api_minor <= host.api_minor;
  if (fits) return;
  throw PluginError(printable(path) + ": built for plugin API " + api_version(tag) +
                    ", but the host has " + api_version(host) +
                    " (it takes the same major and no newer minor)." + kWayOut);
}

void check_build(const AbiTag& tag, const AbiTag& host, const Comparison& compare) {
  compare.equal("compiler", compiler(tag), compiler(host));
  compare.equal("LibTorch", torch_version(tag), torch_version(host));
  compare.equal("__cplusplus", tag.cplusplus, host.cplusplus);
  compare.equal("__GXX_ABI_VERSION", tag.gxx_abi, host.gxx_abi);
  compare.equal("_GLIBCXX_USE_CXX11_ABI", tag.cxx11_abi, host.cxx11_abi);
  compare.equal("_GLIBCXX_RELEASE", tag.glibcxx_release, host.glibcxx_release);
  compare.equal("NDEBUG (1 = release build)", tag.ndebug, host.ndebug);
  compare.equal("_GLIBCXX_DEBUG", tag.glibcxx_debug, host.glibcxx_debug);
  compare.equal("sanitizers", sanitizers(tag), sanitizers(host));
  compare.equal("vector instructions", vector_isa(tag), vector_isa(host));
  static constexpr const char* kTypes[] = {"Tensor", "std::string", "std::vector",
                                           "std::shared_ptr", "TensorOptions"};
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    compare.equal((std::string("sizeof ") + kTypes[i]).c_str(), tag.sizes[i], host.sizes[i]);
    compare.equal((std::string("alignof ") + kTypes[i]).c_str(), tag.alignments[i],
                  host.alignments[i]);
  }
}

}  // namespace

void check_abi_tag(std::string_view bytes, const std::string& path) {
  const AbiTag host = make_abi_tag();
  // The front never changes place, so that a plugin of any API version is refused with its version.
  constexpr size_t kFront = offsetof(AbiTag, compiler);
  AbiTag tag{};
  std::memcpy(&tag, bytes.data(), std::min(bytes.size(), sizeof(AbiTag)));
  if (bytes.size() < kFront || std::memcmp(tag.magic, host.magic, sizeof(host.magic)) != 0) {
    throw PluginError(printable(path) + ": its ABI tag is damaged." + kWayOut);
  }
  check_api(tag, host, path);
  const Comparison compare(path);
  compare.equal("a tag of size", tag.size, sizeof(AbiTag));
  compare.equal("a tag section of size", bytes.size(), sizeof(AbiTag));
  check_build(tag, host, compare);
}

std::string built_with(std::string_view bytes) {
  if (bytes.size() != sizeof(AbiTag)) return {};
  AbiTag tag{};
  std::memcpy(&tag, bytes.data(), sizeof(tag));
  if (std::memcmp(tag.magic, make_abi_tag().magic, sizeof(tag.magic)) != 0) return {};
  return printable(compiler(tag)) + ", LibTorch " + torch_version(tag) + ", API " +
         api_version(tag);
}

}  // namespace lea::worker
