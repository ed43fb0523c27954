#include "core/worker/used_artefacts.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/read_sums.h"
#include "core/run/artefact_folder.h"

namespace lea::worker {

UsedArtefacts::UsedArtefacts(const std::string& lab, const spec::RunSpec& run,
                             const data::Dataset& data, const data::Split& split,
                             Registry& registry)
    : needed_(spec::needed_artefacts(run, artefacts_in(registry))) {
  if (needed_.empty()) return;
  const LoggedPhase check("worker", "check artefacts");
  const auto keys = spec::artefact_keys(needed_, data::read_sums(data, split.part, run));
  for (size_t i = 0; i < needed_.size(); ++i) {
    const run::Folder folder = run::artefact_folder(lab, keys[i]);
    const auto result = run::check_artefact(folder, /*sums=*/true);
    if (!result) {
      throw DataError("the " + needed_[i].name() + " (artefact " + keys[i].substr(0, 12) +
                      ") is not in the lab. `lealab run` makes it before the run.");
    }
    sums_.push_back(result->making->sha256);
    // Uses of a plugin that differ in nothing that the artefact depends on share it.
    const auto known = std::find_if(used_.begin(), used_.end(), [&](const run::UsedArtefact& used) {
      return used.key == keys[i];
    });
    if (known == used_.end()) {
      used_.push_back(
          {keys[i], needed_[i].name(), sums_.back(), result->making->quality, needed_[i].used_in});
    } else {
      known->used_in.insert(needed_[i].used_in.begin(), needed_[i].used_in.end());
    }
    folders_.push_back(folder.file(run::kFilesFolder));
  }
  check.end();
}

train::Artefacts UsedArtefacts::for_training() const {
  train::Artefacts artefacts;
  for (size_t i = 0; i < needed_.size(); ++i) {
    artefacts.push_back(
        {needed_[i].plugin_kind, needed_[i].use, needed_[i].artefact.kind, folders_[i], sums_[i]});
  }
  return artefacts;
}

}  // namespace lea::worker
