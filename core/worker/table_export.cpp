#include "core/worker/table_export.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/api/array_file.h"
#include "core/api/table.h"
#include "core/base/error.h"
#include "core/base/folder_writer.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/run/artefact_folder.h"
#include "core/train/context.h"
#include "core/train/sampler.h"
#include "core/worker/open_data.h"

namespace lea::worker {
namespace {

constexpr int64_t kRowsAtOnce = 4096;
constexpr size_t kFilesShown = 5;

// The matrix that is wanted.
struct Wanted {
  std::string name;  // rewards or states
  int64_t rows = 0;
  int64_t width = 0;  // 0: any
  Tensor pool;        // int64 [E, P]; undefined without one
};

// A file of the artefact. `shape` is that of its table; empty without one.
struct File {
  std::string name, path;
  std::vector<int64_t> shape;

  bool holds(const Wanted& wanted) const {
    return shape.size() == 2 && shape[0] == wanted.rows &&
           (wanted.width == 0 || shape[1] == wanted.width);
  }
};

std::vector<int64_t> shape_of_table(const std::string& path) {
  if (!ArrayFile::recognises(path)) return {};
  try {
    const ArrayFile file(path);
    if (file.has(kTableTensor)) return file.shape(kTableTensor);
  } catch (const DataError&) {
    // It only begins like a file of arrays.
  }
  return {};
}

std::vector<File> files_of(const run::Folder& artefact, const run::Making& making) {
  std::vector<File> files;
  for (const auto& [name, record] : making.files) {
    const std::string path = artefact.file(run::kFilesFolder) + "/" + name;
    files.push_back({name, path, shape_of_table(path)});
  }
  return files;
}

std::string text_of(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + joined(sizes) + "]";
}

std::string text_of(const std::vector<File>& files) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < files.size() && i < kFilesShown; ++i) {
    texts.push_back(printable(files[i].name) + " (" +
                    (files[i].shape.empty() ? "no table" : "a table " + text_of(files[i].shape)) +
                    ")");
  }
  if (files.size() > kFilesShown)
    texts.push_back(std::to_string(files.size() - kFilesShown) + " more");
  return joined(texts);
}

std::string text_of(const Wanted& wanted) {
  if (wanted.name == "states")
    return "a table of " + counted(wanted.rows, "row") +
           ", one for each training event and each end of a training sequence";
  return "a table of " + counted(wanted.rows, "row") + ", one for each training event, and of " +
         counted(wanted.width, "column") + ", one for the logged item" +
         (wanted.pool.defined() ? " and one for each item of its pool" : "");
}

File find(const std::vector<File>& files, const Wanted& wanted, const std::string& artefact) {
  std::vector<File> found;
  for (const File& file : files) {
    if (file.holds(wanted)) found.push_back(file);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw DataError("it is the " + artefact + ", which holds no " + wanted.name +
                    ": these would be " + text_of(wanted) + ". It holds " + text_of(files) + ".");
  }
  throw DataError("it is the " + artefact + ", which holds several tables that may be " +
                  wanted.name + ": " + text_of(found) + ".");
}

// The artefact must have been made from what the lab has now under the name of its data set.
void check_data(const run::ArtefactHeader& header, const OpenData& open) {
  if (is_of(header, open)) return;
  throw DataError("the data set " + printable(header.run.data.name) +
                  " of the lab is not that from which the artefact was made, so its rows belong to "
                  "other events.");
}

Wanted wanted_of(const run::ArtefactHeader& header, const OpenData& open, const std::string& what) {
  const TrainingData training =
      train::training_events(*open.data, *open.split, header.run.data.history).data;
  if (what == "states") return {what, training.places(), 0, {}};
  const auto& reads = header.needed.artefact.reads;
  if (std::find(reads.begin(), reads.end(), "pool") == reads.end())
    return {what, training.events(), 1, {}};
  const Tensor pool = train::draw_pool(header.run.negatives, training);
  return {what, training.events(), 1 + pool.size(1), pool};
}

void write(const Table& table, const Wanted& wanted, const std::string& out) {
  // The pool has the larger elements, and stands first, so that both arrays are aligned.
  std::vector<SafetensorsPart> parts;
  if (wanted.pool.defined()) parts.push_back({"pool", "I64", wanted.pool.sizes().vec(), {}});
  parts.push_back({wanted.name, "F32", {table.rows(), table.width()}, {}});
  FileWriter file(out);
  const auto add = [&](const Tensor& values) {
    file.write({static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
  };
  file.write(safetensors_header(parts));
  if (wanted.pool.defined()) add(wanted.pool.contiguous());
  for (int64_t row = 0; row < table.rows(); row += kRowsAtOnce) {
    const int64_t rows = std::min(kRowsAtOnce, table.rows() - row);
    add(table.values().narrow(0, row, rows).to(at::kFloat).contiguous());
  }
  file.close();
}

}  // namespace

int run_table_export(const TaskOptions& options, const std::string& what, const std::string& out) {
  const run::Folder folder{options.run};
  const run::ArtefactHeader header = run::read_artefact(folder);
  const auto result = run::check_artefact(folder, /*sums=*/true);
  if (!result) throw DataError("it is not finished. `lealab run` makes it.");
  const OpenData open = open_data(options.lab, header.run, 1, "cpu");
  check_data(header, open);
  const Wanted wanted = wanted_of(header, open, what);
  const File file =
      find(files_of(folder, *result->making), wanted, printable(header.needed.name()));
  write(Table(file.path), wanted, out);
  return 0;
}

}  // namespace lea::worker
