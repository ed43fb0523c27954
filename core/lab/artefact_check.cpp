#include "core/lab/artefact_check.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/read_sums.h"
#include "core/data/split.h"
#include "core/lab/local_pool.h"
#include "core/lab/verdict.h"

namespace lea::lab {
namespace {

using Is = Checked::Is;
using Events = ShadowLab::Events;

constexpr double kTickSeconds = 0.2;

// The first file that only one of the two has, or that differs. Empty when all are equal.
std::string first_difference(const run::Making& a, const run::Making& b) {
  const auto only_in = [](const run::Making& one, const run::Making& other) -> std::string {
    for (const auto& [name, record] : one.files) {
      const auto found = other.files.find(name);
      if (found == other.files.end() || found->second.sha256 != record.sha256) return name;
    }
    return "";
  };
  const std::string name = only_in(a, b);
  return printable(name.empty() ? only_in(b, a) : name);
}

std::string machine_of(const run::Result& result) {
  return result.made_with ? printable(result.made_with->machine_kind) : "unknown";
}

}  // namespace

void refuse_when_stopped(const VerifyOptions& options) {
  if (!options.stopped()) return;
  throw Error(Exit::kInterrupted, "stopped. The lab is as it was; the same command begins anew.");
}

ArtefactCheck::ArtefactCheck(const VerifyOptions& options, const spec::RunSpec& run,
                             const data::Dataset& data, std::span<const uint8_t> part,
                             const run::InstalledPlugins& installed)
    : options_(options),
      run_(run),
      data_(data),
      part_(part),
      installed_(installed),
      shadow_(options.lab, run.data.name, data, part) {
  check_shadow();
}

// All that a maker may read must be as it was. Otherwise a difference would prove nothing.
void ArtefactCheck::check_shadow() const {
  const auto other = data::Dataset::open(data::dataset_folder(shadow_.path(), run_.data.name));
  const auto part = data::parts_of(data::sequences_in(*other), run_.split);
  if (std::equal(part.begin(), part.end(), part_.begin(), part_.end()) &&
      data::read_sums(*other, part, run_) == data::read_sums(data_, part_, run_))
    return;
  throw Error(Exit::kInternal, "the copy of the data set has other training events");
}

Checked ArtefactCheck::check(const run::UsedArtefact& used) {
  Checked checked;
  checked.kind = "artefact";
  checked.name = "artefact " + used.name;
  checked.id = used.key;
  try {
    judge(used, &checked);
  } catch (const DataError& error) {
    checked.unknown(error.what());
  }
  known_[used.key] = checked;
  return checked;
}

void ArtefactCheck::judge(const run::UsedArtefact& used, Checked* checked) {
  const run::Folder folder = run::artefact_folder(options_.lab, used.key);
  const auto stored = run::check_artefact(folder, /*sums=*/true);
  if (!stored) return checked->unknown("is not in the lab any more, so nothing can be compared");
  if (stored->making->sha256 != used.sha256)
    return checked->unknown("was made again since the run used it, and differs from what it used");
  run::ArtefactHeader header = run::read_artefact(folder);
  if (!provide_earlier(header.after, checked)) return;
  options_.on_wait("making the " + printable(used.name) + " again; making it took " +
                   duration_text(stored->making->seconds));
  header.run = run_;
  header.needed.use.params = shadow_.redirected(std::move(header.needed.use.params));
  compare(header, *stored, checked);
  if (checked->is == Is::kClean) inherit(header.after, checked);
}

// Puts the artefact from which another one is made into the temporary lab, with the files that the
// real lab has. False when there is none.
bool ArtefactCheck::provide_earlier(const std::string& key, Checked* checked) {
  if (key.empty()) return true;
  // Whatever was judged as clean, or clean by itself, was made there with these files.
  if (run::check_artefact(run::artefact_folder(shadow_.path(), key), /*sums=*/false)) return true;
  const run::Folder folder = run::artefact_folder(options_.lab, key);
  if (run::check_artefact(folder, /*sums=*/true)) {
    shadow_.copy_artefact(folder);
    return true;
  }
  checked->unknown("is made from the artefact " + key.substr(0, 12) +
                   ", which is not in the lab any more");
  return false;
}

void ArtefactCheck::compare(const run::ArtefactHeader& header, const run::Result& stored,
                            Checked* checked) {
  const Made other = make(header, Events::kOther);
  const std::string file =
      other.result ? first_difference(*stored.making, *other.result->making) : "";
  if (other.result && file.empty()) {
    checked->text = "made again from other validation and test events, all files are equal";
    return;
  }
  if (other.machines_fault) return checked->unknown("cannot be made again: " + other.reason);
  options_.on_wait("it differs; making it once more, from the real events");
  const Made real = make(header, Events::kReal);
  shadow_.remove_artefact(header.key);  // its files are not those of the real lab
  if (!real.result) return checked->unknown("cannot be made again: " + real.reason);
  const std::string still = first_difference(*stored.making, *real.result->making);
  if (!still.empty()) {
    return checked->unknown(
        "its making cannot be repeated here: made again from the same events, " + still +
        " differs" + explanation(stored, *real.result));
  }
  checked->is = Is::kLeak;
  checked->text = "depends on validation or test events: made again from other ones, " +
                  (other.result ? file + " differs" : "it fails (" + other.reason + ")") +
                  "; made again from the same ones, all files are equal";
}

// An artefact is no better than what it is made from.
void ArtefactCheck::inherit(const std::string& earlier, Checked* checked) const {
  const auto known = known_.find(earlier);
  if (known == known_.end() || known->second.is == Is::kClean) return;
  checked->is = known->second.is;
  checked->text += ", but it is made from the " + known->second.name +
                   (checked->is == Is::kLeak ? ", which leaks" : ", which is unknown");
}

// What is known of why two makings from the same data differ, in brackets. Empty when nothing is.
std::string ArtefactCheck::explanation(const run::Result& stored, const run::Result& now) const {
  std::vector<std::string> reasons;
  for (const std::string& part : run::outdated_parts(stored, installed_))
    reasons.push_back("it was made with " + printable(part));
  if (machine_of(stored) != machine_of(now)) {
    reasons.push_back("it was made on the machine kind " + machine_of(stored) + ", and this is " +
                      machine_of(now));
  }
  return reasons.empty() ? "" : " (" + joined(reasons, "; ") + ")";
}

ArtefactCheck::Made ArtefactCheck::make(const run::ArtefactHeader& header, Events events) {
  shadow_.set_events(events);
  const run::Folder folder = run::make_artefact(shadow_.path(), header);
  LocalPool pool({shadow_.path(), options_.plugin_dirs, options_.worker, options_.devices,
                  options_.hang_seconds, shadow_.environment()});
  Task task;
  task.kind = Task::Kind::kArtefact;
  task.folder = folder;
  task.slots = header.threads;
  task.cuda = header.device == "cuda";
  task.test = false;
  const BackEnd::Handle handle = pool.submit(task);
  for (;;) {
    pool.wait(kTickSeconds);
    const Status status = pool.poll(handle);
    if (status.is == Status::Is::kEnded) return outcome(folder, status.ended);
    refuse_when_stopped(options_);  // the pool kills the worker: nobody needs what it has made
  }
}

ArtefactCheck::Made ArtefactCheck::outcome(const run::Folder& folder, const Ended& ended) const {
  const Verdict verdict = settle(folder, ended, /*log_start=*/0, /*test=*/false);
  refuse_when_stopped(options_);
  Made made;
  if (verdict.is == Verdict::Is::kFinished) {
    made.result = run::check_artefact(folder, /*sums=*/false);
  } else {
    made.reason = verdict.reason.empty() ? "the worker was interrupted" : verdict.reason;
    made.machines_fault = !run::read_result(folder).has_value();
  }
  return made;
}

}  // namespace lea::lab
