#include "core/run/claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/run/artefact_folder.h"
#include "core/run/beat.h"
#include "core/run/folder.h"

namespace lea::run {
namespace {

constexpr size_t kLongest = 4096;  // bytes of a claim

// The defaults for anything else than a whole claim: a process may have been killed while it wrote.
ClaimRecord record_from(int descriptor) {
  char text[kLongest];
  const ssize_t count = pread(descriptor, text, sizeof text, 0);
  if (count <= 0) return {};
  const auto document = nlohmann::json::parse(text, text + count, nullptr, false);
  if (!document.is_object()) return {};
  try {
    const JsonFields fields(document, "claim");
    return {fields.text("run", ""), fields.boolean("held", false),
            static_cast<std::time_t>(fields.integer("since", 0)), process_from(fields)};
  } catch (const DataError&) {
    return {};
  }
}

// Whether a holder on another host still works, although its lock cannot be seen here.
bool is_held_elsewhere(const std::string& lab, const ClaimRecord& claim) {
  if (!claim.held || is_on_this_host(claim.holder)) return false;
  const std::time_t now = std::time(nullptr);
  if (is_fresh({{}, {}, claim.since}, now)) return true;
  if (claim.run.empty()) return false;
  try {
    const auto beat =
        read_beat(is_uuid(claim.run) ? folder_of(lab, claim.run) : artefact_folder(lab, claim.run));
    return beat && is_fresh(*beat, now);
  } catch (const Error&) {
    return false;  // a damaged beat is no sign of life
  }
}

}  // namespace

ClaimRecord read_claim(const std::string& lab, const std::string& hash) {
  const int descriptor =
      open(claim_file(lab, hash).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return {};
  const ClaimRecord record = record_from(descriptor);
  close(descriptor);
  return record;
}

std::optional<Claim> Claim::take(const std::string& lab, const std::string& hash) {
  const std::string path = claim_file(lab, hash);
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0)
    throw StoreError(path + ": cannot open the claim of a run: " + std::strerror(errno));
  int failed = 0;
  while ((failed = flock(descriptor, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR) {
  }
  const int reason = errno;
  ClaimRecord record = record_from(descriptor);
  if (failed != 0 || is_held_elsewhere(lab, record)) {
    close(descriptor);
    if (failed != 0 && reason != EWOULDBLOCK)
      throw StoreError(path + ": cannot lock the claim of a run: " + std::strerror(reason));
    return std::nullopt;
  }
  record.held = true;
  record.since = std::time(nullptr);
  record.holder = this_process();
  return Claim(descriptor, std::move(record));
}

Claim::Claim(int descriptor, ClaimRecord record)
    : descriptor_(descriptor), record_(std::move(record)) {
  write();
}

Claim::Claim(Claim&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), record_(std::move(other.record_)) {}

Claim::~Claim() {
  if (descriptor_ < 0) return;
  record_.held = false;
  write();
  close(descriptor_);
}

void Claim::name(const std::string& run) {
  record_.run = run;
  write();
}

// Writes in place, because the lock belongs to this file and not to its name. A disk that is full
// costs only the text, not the lock.
void Claim::write() const {
  nlohmann::json document = to_json(record_.holder);
  document.update({{"run", record_.run},
                   {"held", record_.held},
                   {"since", static_cast<int64_t>(record_.since)}});
  const std::string text = document.dump() + "\n";
  if (pwrite(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    [[maybe_unused]] const int cut = ftruncate(descriptor_, static_cast<off_t>(text.size()));
  }
}

}  // namespace lea::run
