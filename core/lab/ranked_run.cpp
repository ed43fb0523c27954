#include "core/lab/ranked_run.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/run/plain_files.h"
#include "core/run/result.h"

namespace lea::lab {

RankedRun open_ranked_run(const std::string& lab, const std::string& uuid_prefix) {
  RankedRun open{run::find_run(lab, uuid_prefix), nullptr, {}};
  run::require_plain_files(open.folder);
  const auto result = run::read_result(open.folder);
  if (result && result->closed()) {
    throw DataError(
        "run " + open.folder.uuid() +
        ": its test part is closed (evaluate.test), so it has no ranks. `lealab run` of "
        "its spec with --set evaluate.test=true opens it.");
  }
  const spec::RunSpec spec = spec::load_run(open.folder.file(run::kSpecFile));
  open.data = data::Dataset::open(data::dataset_folder(lab, spec.data.name));
  const std::string path = open.folder.file(run::kRanksFile);
  // The ranks are published before the result, so an unfinished run can have ranks.
  if (!result || result->state != run::State::kFinished || !std::filesystem::exists(path))
    throw DataError("run " + open.folder.uuid() + ": has not finished, so it has no ranks");
  open.ranks = {eval::decode_ranks(read_file(path), path), result->unseen_ranks.value_or(true)};
  const std::string& ranked = open.ranks.file.data_fingerprint;
  if (ranked != open.data->fingerprint()) {
    throw DataError("run " + open.folder.uuid() + ": the lab's data set " + spec.data.name +
                    " is not the one that was ranked (fingerprint " +
                    open.data->fingerprint().substr(0, 12) + ", not " + ranked.substr(0, 12) + ")");
  }
  return open;
}

}  // namespace lea::lab
