#include "core/lab/table_export.h"

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/mapped_file.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/lab/archive.h"
#include "core/lab/worker_file.h"

namespace lea::lab {
namespace {

void write_npz(const MappedFile& file, const std::vector<SafetensorsEntry>& arrays,
               const std::string& out) {
  NpzWriter npz(out);
  for (const SafetensorsEntry& array : arrays) {
    const uint64_t bytes = array.end - array.begin;
    npz.begin(array.name, array.dtype == "F32" ? "<f4" : "<i8", array.shape, bytes);
    npz.write(file.data() + array.begin, bytes);
  }
  npz.finish();
}

}  // namespace

std::vector<std::pair<std::string, std::vector<int64_t>>> export_table(const std::string& lab,
                                                                       const run::Folder& artefact,
                                                                       const std::string& what,
                                                                       const std::string& out) {
  const bool npz = out.ends_with(".npz");
  if (!npz && !out.ends_with(".safetensors")) {
    throw UsageError("export " + what + ": " + printable(out) +
                     ": must end in .npz or .safetensors, which decides the format. Give `--out " +
                     what + ".npz`.");
  }
  const WorkerFile made(out);
  call_worker({"table", "--lab", lab, "--run", artefact.path, "--what", what, "--out", made.path()},
              "artefact " + artefact.uuid().substr(0, 12) + ": cannot be exported: ");
  const MappedFile file(made.path());
  const auto arrays =
      parse_safetensors({file.data(), file.size()}, file.size(), printable(made.path()));
  npz ? write_npz(file, arrays, out) : publish_written(made.path(), out);
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  for (const SafetensorsEntry& array : arrays) shapes.emplace_back(array.name, array.shape);
  return shapes;
}

}  // namespace lea::lab
