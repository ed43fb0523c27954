#include "core/base/hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

void check(bool ok) {
  if (!ok) throw Error(Exit::kInternal, "OpenSSL cannot compute a SHA-256 sum");
}

[[noreturn]] void fail(const std::string& path, int fd, const std::string& reason) {
  if (fd >= 0) close(fd);
  throw StoreError(printable(path) + ": cannot be read: " + reason);
}

// The descriptor of a regular file that is open for reading.
int open_regular(const std::string& path) {
  // Without O_NONBLOCK, opening a FIFO that has no writer would never return.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail(path, fd, std::strerror(errno));
  struct stat info {};
  if (fstat(fd, &info) != 0) fail(path, fd, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail(path, fd, "it is not a regular file");
  return fd;
}

}  // namespace

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  EVP_MD_CTX* digest = context_->digest.get();
  check(digest != nullptr && EVP_DigestInit_ex(digest, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(context_->digest.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context_->digest.get(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

std::string sha256_file(const std::string& path) {
  const int fd = open_regular(path);
  Sha256 sum;
  std::vector<char> buffer(size_t{1} << 18);
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, fd, std::strerror(errno));
    if (got == 0) break;
    sum.add({buffer.data(), static_cast<size_t>(got)});
  }
  close(fd);
  return sum.hex();
}

void require_regular_file(const std::string& path) { close(open_regular(path)); }

}  // namespace lea
