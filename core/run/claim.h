// The claims of a lab: the files lab/claims/HASH, HASH being the hash of a run (spec::run_hash) or
// the key of an artefact (spec::artefact_key). Whoever makes or continues one holds the lock on its
// claim, so that nothing is made twice: neither by two grids, nor by tasks on several machines.
//
//   {"run", "held", "since", "host", "boot_id", "pid", "pid_start"}
//
//   run    the uuid of the newest run that a holder made or continued, the key of the artefact, or ""
//   held   false once the holder has given the claim back
//   since  when it was taken, in seconds since 1970
//
// The kernel drops the lock when its last holder dies in any way. Some network file systems do not
// show locks to other hosts. There a claim also counts as held while it is younger than a lease
// (core/run/beat.h), or while its run has a fresh beat.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "core/run/process.h"

namespace lea::run {

struct ClaimRecord {
  std::string run;
  bool held = false;
  std::time_t since = 0;
  Process holder;
};

// The defaults when the claim is absent or damaged.
ClaimRecord read_claim(const std::string& lab, const std::string& hash);

// A claim that this process holds. The destructor gives it back. A child process that inherits the
// descriptor shares the claim: it is free when all of them have ended or closed it.
class Claim {
 public:
  // Does not wait. Empty when another process holds the claim. Throws StoreError when the file
  // cannot be opened or locked.
  static std::optional<Claim> take(const std::string& lab, const std::string& hash);

  Claim(Claim&& other) noexcept;
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  Claim& operator=(Claim&&) = delete;
  ~Claim();

  int descriptor() const { return descriptor_; }
  // `run` is that of an earlier holder, until this one calls `name`.
  const ClaimRecord& record() const { return record_; }
  // Records the uuid of the run that the holder makes or continues.
  void name(const std::string& run);

 private:
  Claim(int descriptor, ClaimRecord record);
  void write() const;

  int descriptor_ = -1;
  ClaimRecord record_;
};

}  // namespace lea::run
