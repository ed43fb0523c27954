#include "core/lab/rank_writer.h"

#include "core/base/csv.h"
#include "core/base/error.h"
#include "core/base/output_file.h"
#include "core/lab/archive.h"

namespace lea::lab {
namespace {

using Member = uint32_t eval::RankRecord::*;

std::vector<std::pair<const char*, Member>> columns_of(bool unseen) {
  std::vector<std::pair<const char*, Member>> columns = {{"rank", &eval::RankRecord::rank},
                                                         {"ties", &eval::RankRecord::ties}};
  if (unseen) {
    columns.emplace_back("rank_unseen", &eval::RankRecord::rank_unseen);
    columns.emplace_back("ties_unseen", &eval::RankRecord::ties_unseen);
  }
  columns.emplace_back("popularity", &eval::RankRecord::popularity);
  return columns;
}

std::string csv_text(const EventRanks& ranks, const data::Dataset& data) {
  std::string text = "sequence,position,target";
  const auto columns = columns_of(ranks.unseen);
  for (const auto& [name, member] : columns) text += std::string(",") + name;
  text += std::string(",") + kSplitColumn;
  for (const eval::RankRecord& r : ranks.file.records) {
    text += '\n' + csv_field(data.sequence_ids()[r.sequence]) + ',' + std::to_string(r.position) +
            ',' + csv_field(data.item_ids()[r.target - 1]);
    for (const auto& [name, member] : columns) text += ',' + std::to_string(r.*member);
    text += ',' + ranks.file.split_fingerprint;
  }
  return text + '\n';
}

void write_npz(const EventRanks& ranks, const data::Dataset& data, const std::string& path) {
  NpzWriter npz(path);
  std::vector<std::string> sequences, targets;
  for (const eval::RankRecord& r : ranks.file.records) {
    sequences.push_back(data.sequence_ids()[r.sequence]);
    targets.push_back(data.item_ids()[r.target - 1]);
  }
  npz.add("sequence", sequences);
  npz.add("target", targets);
  const auto add = [&](const char* name, Member member) {
    std::vector<int64_t> values;
    for (const eval::RankRecord& r : ranks.file.records) values.push_back(r.*member);
    npz.add(name, values);
  };
  add("position", &eval::RankRecord::position);
  for (const auto& [name, member] : columns_of(ranks.unseen)) add(name, member);
  const std::string& split = ranks.file.split_fingerprint;
  npz.begin(kSplitColumn, "|S" + std::to_string(split.size()), {}, split.size());
  npz.write(split.data(), split.size());
  npz.finish();
}

}  // namespace

void export_ranks(const EventRanks& ranks, const data::Dataset& data, const std::string& format,
                  const std::string& path) {
  if (ranks.file.data_fingerprint != data.fingerprint()) {
    throw DataError("export ranks: the lab's data set (fingerprint " +
                    data.fingerprint().substr(0, 12) + ") is not the one that was ranked (" +
                    ranks.file.data_fingerprint.substr(0, 12) + ")");
  }
  if (format == "csv") {
    OutputFile file(path);
    file.write(csv_text(ranks, data));
    file.publish();
  } else {
    write_npz(ranks, data, path);
  }
}

}  // namespace lea::lab
