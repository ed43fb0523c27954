#include "core/api/array_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/array_format.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/npz.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr std::pair<std::string_view, at::ScalarType> kTypes[] = {
    {"F32", at::kFloat}, {"F64", at::kDouble}, {"BF16", at::kBFloat16},
    {"F16", at::kHalf},  {"I64", at::kLong},   {"I32", at::kInt}};

}  // namespace

struct ArrayFile::File {
  std::string path;
  std::shared_ptr<const MappedFile> mapped;  // of a safetensors file
  std::vector<SafetensorsEntry> entries;
  std::optional<NpzFile> npz;

  const SafetensorsEntry* entry(const std::string& name) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const auto& entry) { return entry.name == name; });
    return found == entries.end() ? nullptr : &*found;
  }
  const NpzArray* array(const std::string& name) const {
    if (!npz) return nullptr;
    const auto& arrays = npz->arrays();
    const auto found = std::find_if(arrays.begin(), arrays.end(),
                                    [&](const auto& array) { return array.name == name; });
    return found == arrays.end() ? nullptr : &*found;
  }
  [[noreturn]] void lacks(const std::string& name) const {
    throw DataError(printable(path) + ": has no tensor " + in_backticks(name));
  }
  [[noreturn]] void refuse(const std::string& name, const std::string& why) const {
    throw DataError(printable(path) + ": " + printable(name) + ": " + why);
  }
};

bool ArrayFile::recognises(const std::string& path) {
  return array_format(path) != ArrayFormat::kNone;
}

ArrayFile::ArrayFile(const std::string& path) {
  auto file = std::make_shared<File>();
  file->path = path;
  if (array_format(path) == ArrayFormat::kNpz) {
    file->npz.emplace(path);
  } else {
    file->mapped = std::make_shared<const MappedFile>(path);
    const size_t size = file->mapped->size();
    file->entries = parse_safetensors({file->mapped->data(), size}, size, printable(path));
  }
  file_ = std::move(file);
}

std::vector<std::string> ArrayFile::names() const {
  std::vector<std::string> names;
  for (const SafetensorsEntry& entry : file_->entries) names.push_back(entry.name);
  if (!file_->npz) return names;
  for (const NpzArray& array : file_->npz->arrays()) names.push_back(array.name);
  return names;
}

bool ArrayFile::has(const std::string& name) const {
  return file_->entry(name) || file_->array(name);
}

std::string ArrayFile::dtype(const std::string& name) const {
  if (const SafetensorsEntry* entry = file_->entry(name)) return entry->dtype;
  if (const NpzArray* array = file_->array(name)) return array->dtype;
  file_->lacks(name);
}

std::vector<int64_t> ArrayFile::shape(const std::string& name) const {
  if (const SafetensorsEntry* entry = file_->entry(name)) return entry->shape;
  if (const NpzArray* array = file_->array(name)) return array->shape;
  file_->lacks(name);
}

Tensor ArrayFile::read(const std::string& name) const {
  const std::string stated = dtype(name);
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const auto& known) { return known.first == stated; });
  if (type == std::end(kTypes)) {
    file_->refuse(name, "must hold numbers of type F32, F64, BF16, F16, I64 or I32, but is " +
                            printable(stated));
  }
  if (const NpzArray* array = file_->array(name)) {
    if (!array->row_major) {
      file_->refuse(name, "is in Fortran order; save numpy.ascontiguousarray of it");
    }
    Tensor values = at::empty(array->shape, at::TensorOptions(type->second));
    file_->npz->read(*array, static_cast<char*>(values.mutable_data_ptr()));
    return values;
  }
  const SafetensorsEntry& entry = *file_->entry(name);
  const std::shared_ptr<const MappedFile> mapped = file_->mapped;
  Tensor values = at::from_blob(
      mapped->data() + entry.begin, entry.shape, [mapped](void*) {},
      at::TensorOptions(type->second));
  // The format allows any alignment, but the processor does not.
  return entry.begin % c10::elementSize(type->second) == 0 ? values : values.clone();
}

}  // namespace lea
