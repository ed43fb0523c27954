#include "core/lab/score_export.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/base/csv.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/output_file.h"
#include "core/base/text.h"
#include "core/lab/archive.h"
#include "core/lab/worker_file.h"

namespace lea::lab {
namespace {

bool of_scores(const ScoreExport& request) { return request.what == ScoreExport::What::kScores; }

// The worker's name for it, and that of the array in an npz file.
const char* name_of(ScoreExport::What what) {
  return what == ScoreExport::What::kScores ? "scores" : "topk";
}

// Takes from the worker's output how many of the stored ranks its scores do not give.
void read_differences(const std::string& output, ExportedScores* exported) {
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto message = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!message.is_object()) continue;  // a plugin printed it
    const JsonFields fields(message, "worker");
    try {
      if (fields.text("type", "") != "scored") continue;
      const int64_t differing = fields.integer("differing"), compared = fields.integer("events");
      exported->differing = differing;
      exported->compared = compared;
    } catch (const DataError&) {
      // A plugin printed this line, too.
    }
  }
}

// Returns the worker's output.
std::string run_worker(const std::string& lab, const RankedRun& run, const ScoreExport& request,
                       const std::string& raw) {
  std::vector<std::string> command = {"score",
                                      "--lab",
                                      lab,
                                      "--run",
                                      run.folder.path,
                                      "--what",
                                      name_of(request.what),
                                      "--k",
                                      std::to_string(request.k),
                                      "--out",
                                      raw};
  for (const std::string& folder : request.plugin_dirs)
    command.insert(command.end(), {"--plugin-dir", folder});
  return call_worker(std::move(command), "run " + run.folder.uuid() + ": cannot be scored: ");
}

// Adds the ids of the test events, in the order of the rows, and of all items.
void add_ids(NpzWriter& npz, const RankedRun& run) {
  std::vector<std::string> sequences, targets;
  std::vector<int64_t> positions;
  for (const eval::RankRecord& record : run.ranks.file.records) {
    sequences.push_back(run.data->sequence_ids()[record.sequence]);
    targets.push_back(run.data->item_ids()[record.target - 1]);
    positions.push_back(record.position);
  }
  npz.add("sequence", sequences);
  npz.add("position", positions);
  npz.add("target", targets);
  npz.add("item", run.data->item_ids());  // column j of scores, or item number j + 1
}

void write_npz(const RankedRun& run, const ScoreExport& request, std::ifstream& raw,
               int64_t columns) {
  const auto rows = std::ssize(run.ranks.file.records);
  NpzWriter npz(request.out);
  add_ids(npz, run);
  const uint64_t bytes = static_cast<uint64_t>(rows * columns) * 4;
  npz.begin(name_of(request.what), of_scores(request) ? "<f4" : "<i4", {rows, columns}, bytes);
  std::vector<char> block(size_t{1} << 20);
  for (uint64_t left = bytes; left > 0;) {
    const size_t count = std::min<uint64_t>(left, block.size());
    raw.read(block.data(), static_cast<std::streamsize>(count));
    npz.write(block.data(), count);
    left -= count;
  }
  npz.finish();
}

// Writes one line for each event: sequence, position, target, then the score of each item, or the
// items of the k highest scores.
void write_csv(const RankedRun& run, const ScoreExport& request, std::ifstream& raw,
               int64_t columns) {
  const bool scores = of_scores(request);
  OutputFile out(request.out);
  std::string line = "sequence,position,target";
  for (int64_t j = 0; j < columns; ++j) {
    line += ',';
    line += scores ? csv_field(run.data->item_ids()[static_cast<size_t>(j)])
                   : "item_" + std::to_string(j + 1);
  }
  out.write(line + '\n');
  std::vector<char> row(static_cast<size_t>(columns) * 4);
  for (const eval::RankRecord& record : run.ranks.file.records) {
    raw.read(row.data(), static_cast<std::streamsize>(row.size()));
    line = csv_field(run.data->sequence_ids()[record.sequence]) + ',' +
           std::to_string(record.position) + ',' +
           csv_field(run.data->item_ids()[record.target - 1]);
    for (int64_t j = 0; j < columns; ++j) {
      if (scores) {
        float value = 0;
        std::memcpy(&value, row.data() + j * 4, 4);
        char text[32];
        std::snprintf(text, sizeof text, ",%.9g", static_cast<double>(value));
        line += text;
        continue;
      }
      int32_t item = 0;
      std::memcpy(&item, row.data() + j * 4, 4);
      if (item < 1 || item > run.data->items())
        throw DataError("the worker named an item that does not exist");
      line += ',';
      line += csv_field(run.data->item_ids()[static_cast<size_t>(item - 1)]);
    }
    out.write(line + '\n');
  }
  out.publish();
}

}  // namespace

ExportedScores export_scores(const std::string& lab, const RankedRun& run,
                             const ScoreExport& request) {
  ExportedScores exported;
  exported.events = std::ssize(run.ranks.file.records);
  exported.columns =
      of_scores(request) ? run.data->items() : std::min(request.k, run.data->items());
  // The worker may compute for long, so a place where nothing can be written is refused before.
  const WorkerFile file{OutputPlace(request.out)};
  read_differences(run_worker(lab, run, request, file.path()), &exported);
  const auto bytes = static_cast<uintmax_t>(exported.events * exported.columns * 4);
  const uintmax_t written = std::filesystem::file_size(file.path());
  if (written != bytes) {
    throw DataError("run " + run.folder.uuid() + ": the worker wrote " +
                    counted(static_cast<int64_t>(written), "byte") + ", not " +
                    std::to_string(bytes));
  }
  std::ifstream raw(file.path(), std::ios::binary);
  file.remove();
  request.format == "npz" ? write_npz(run, request, raw, exported.columns)
                          : write_csv(run, request, raw, exported.columns);
  return exported;
}

}  // namespace lea::lab
