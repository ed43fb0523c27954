#include "core/lab/table_export.h"

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/mapped_file.h"
#include "core/base/output_file.h"
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

// The format that is stated, or that the name of the file ends in. The name of a stream says nothing;
// without a statement it gets npz.
std::string format_of(const std::string& what, const std::string& out, const OutputPlace& place,
                      const std::string& stated) {
  if (stated == "csv")
    throw UsageError("export " + what + ": --format must be npz or safetensors, but is csv.");
  if (place.is_stream()) return stated.empty() ? "npz" : stated;
  for (const std::string format : {"npz", "safetensors"}) {
    if (out.ends_with("." + format) && (stated.empty() || stated == format)) return format;
  }
  const std::string ending = stated.empty() ? "npz" : stated;
  throw UsageError("export " + what + ": " + printable(out) + ": must end in " +
                   (stated.empty() ? ".npz or .safetensors, which decides the format"
                                   : "." + stated + ", the format") +
                   ". Give `--out " + what + "." + ending + "`.");
}

}  // namespace

std::vector<std::pair<std::string, std::vector<int64_t>>> export_table(const std::string& lab,
                                                                       const run::Folder& artefact,
                                                                       const std::string& what,
                                                                       const std::string& out,
                                                                       const std::string& stated) {
  const OutputPlace place(out);
  const bool npz = format_of(what, out, place, stated) == "npz";
  const WorkerFile made(place);
  call_worker({"table", "--lab", lab, "--run", artefact.path, "--what", what, "--out", made.path()},
              "artefact " + artefact.uuid().substr(0, 12) + ": cannot be exported: ");
  const MappedFile file(made.path());
  const auto arrays =
      parse_safetensors({file.data(), file.size()}, file.size(), printable(made.path()));
  if (npz || place.is_stream()) made.remove();  // what is mapped stays readable
  if (npz) {
    write_npz(file, arrays, out);
  } else if (place.is_stream()) {
    OutputFile stream(place);
    stream.write({file.data(), file.size()});
    stream.publish();
  } else {
    publish_written(made.path(), place.path());
  }
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  for (const SafetensorsEntry& array : arrays) shapes.emplace_back(array.name, array.shape);
  return shapes;
}

}  // namespace lea::lab
