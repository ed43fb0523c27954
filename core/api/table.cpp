#include "core/api/table.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/api/array_file.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<const char*, at::ScalarType> kTypes[] = {
    {"F32", at::kFloat}, {"BF16", at::kBFloat16}, {"F64", at::kDouble}};

std::string name_of(at::ScalarType type) {
  for (const auto& [name, known] : kTypes) {
    if (known == type) return name;
  }
  throw PluginError(std::string("a table holds float, double or bfloat16 values, not ") +
                    c10::toString(type));
}

}  // namespace

// The unfinished table PATH.part, and the number of its rows that are on the disk, PATH.rows.
struct TableWriter::File {
  std::string path, part, rows_file, header;
  int64_t rows, width, row_bytes, done = 0;
  at::ScalarType type;
  int descriptor = -1;

  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }

  [[noreturn]] void fail(const char* step) const {
    throw StoreError(printable(part) + ": cannot be written (" + step +
                     "): " + std::strerror(errno));
  }

  void write(std::string_view bytes, int64_t at) const {
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(descriptor, bytes.data(), bytes.size(), at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write");
      bytes.remove_prefix(static_cast<size_t>(count));
      at += count;
    }
  }

  int64_t offset(int64_t row) const {
    return static_cast<int64_t>(header.size()) + row * row_bytes;
  }

  // Without a record of rows, nothing that an earlier attempt wrote counts.
  void open() {
    descriptor = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) fail("open");
    if (!fs::exists(rows_file)) {
      if (::ftruncate(descriptor, 0) != 0) fail("truncate");
      return write(header, 0);
    }
    std::string there(header.size(), ' ');
    if (::pread(descriptor, there.data(), there.size(), 0) != static_cast<ssize_t>(there.size()) ||
        there != header) {
      throw DataError(printable(part) + ": is an unfinished table of another shape. Remove it.");
    }
    const std::string text = read_file(rows_file, 64);
    int64_t count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    struct stat facts {};
    if (read.ec != std::errc() || count < 0 || count > rows || ::fstat(descriptor, &facts) != 0 ||
        facts.st_size < offset(count)) {
      throw DataError(printable(rows_file) +
                      ": does not belong to the unfinished table. Remove both.");
    }
    done = count;
  }
};

TableWriter::TableWriter(std::string path, int64_t rows, int64_t width, at::ScalarType type)
    : file_(std::make_unique<File>()) {
  File& file = *file_;
  file.path = std::move(path);
  file.part = file.path + ".part";
  file.rows_file = file.path + ".rows";
  file.rows = rows;
  file.width = width;
  file.type = type;
  file.row_bytes = width * static_cast<int64_t>(c10::elementSize(type));
  file.header = safetensors_header({{kTableTensor, name_of(type), {rows, width}, {}}});
  if (fs::exists(file.path)) {
    file.done = rows;  // an earlier attempt finished it
    return;
  }
  file.open();
}

TableWriter::~TableWriter() = default;

int64_t TableWriter::done() const { return file_->done; }

void TableWriter::append(const Tensor& chunk) {
  File& file = *file_;
  if (chunk.dim() != 2 || chunk.size(1) != file.width || chunk.size(0) > file.rows - file.done) {
    throw PluginError("a chunk of a table must be [n, " + std::to_string(file.width) +
                      "] with at most " + counted(file.rows - file.done, "row") +
                      ", as many as are missing");
  }
  const Tensor values = chunk.detach().to(at::kCPU, file.type).contiguous();
  if (!at::isfinite(values).all().item<bool>())
    throw PluginError("a chunk of a table holds a value that is not finite, in the rows from " +
                      std::to_string(file.done));
  file.write({static_cast<const char*>(values.const_data_ptr()), values.nbytes()},
             file.offset(file.done));
  if (::fdatasync(file.descriptor) != 0) file.fail("fsync");
  file.done += values.size(0);
  publish_file(file.rows_file, std::to_string(file.done));
}

void TableWriter::finish() {
  File& file = *file_;
  if (file.done != file.rows) {
    throw PluginError("a table was finished after " + std::to_string(file.done) + " of " +
                      counted(file.rows, "row"));
  }
  if (file.descriptor >= 0) {
    // Bytes of a chunk that was never counted may stand behind the rows.
    if (::ftruncate(file.descriptor, file.offset(file.rows)) != 0) file.fail("truncate");
    if (::fsync(file.descriptor) != 0) file.fail("fsync");
    if (::rename(file.part.c_str(), file.path.c_str()) != 0) file.fail("rename");
    ::close(std::exchange(file.descriptor, -1));
  }
  std::error_code none;
  fs::remove(file.rows_file, none);
}

Table::Table(const std::string& path, const std::string& name) {
  const ArrayFile file(path);
  const std::string where = printable(path) + ": " + printable(name), type = file.dtype(name);
  if (std::none_of(std::begin(kTypes), std::end(kTypes),
                   [&](const auto& known) { return known.first == type; })) {
    throw DataError(where + ": must be F32, BF16 or F64, but is " + printable(type));
  }
  const size_t dimensions = file.shape(name).size();
  if (dimensions != 1 && dimensions != 2)
    throw DataError(where + ": must be a matrix, but has " +
                    counted(static_cast<int64_t>(dimensions), "dimension"));
  values_ = file.read(name);
  if (dimensions == 1) values_ = values_.unsqueeze(1);
}

Tensor Table::at(const Tensor& rows) const {
  const Tensor wanted = rows.to(at::kCPU, at::kLong).contiguous();
  const Tensor missing = wanted.lt(0);
  if (wanted.numel() > 0 && wanted.max().item<int64_t>() >= values_.size(0)) {
    throw PluginError("row " + std::to_string(wanted.max().item<int64_t>()) +
                      " of a table that has " + std::to_string(values_.size(0)));
  }
  Tensor result = values_.index_select(0, wanted.clamp_min(0)).to(at::kFloat);
  if (missing.any().item<bool>()) result.masked_fill_(missing.unsqueeze(1), 0);
  return result;
}

}  // namespace lea
