#include "core/lm/weights.h"

#include <ATen/ATen.h>

#include <cstring>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/mapped_file.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/lm/scalar_type.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// Folders that have only pickles are common, so the message says how to convert one.
[[noreturn]] void no_weights(const std::string& folder) {
  std::string text = printable(folder) + ": has neither " + kSingle + " nor " + kIndex + ".";
  if (fs::exists(folder + "/pytorch_model.bin") ||
      fs::exists(folder + "/pytorch_model.bin.index.json"))
    text +=
        " Its *.bin files are pickles, which can run code; convert them with transformers' "
        "save_pretrained.";
  throw DataError(text);
}

}  // namespace

std::string with_model_prefix(const std::string& name) {
  for (const char* part : {"embed_tokens.", "layers.", "norm.", "rotary_emb."}) {
    if (name.starts_with(part)) return "model." + name;
  }
  return name;
}

struct Weights::Files {
  std::string folder;
  // The keys are names with the prefix. An entry has its name in the file.
  std::map<std::string, SafetensorsEntry> entries;
  std::map<std::string, std::shared_ptr<const MappedFile>> file_of;

  void add(const std::string& name);
};

Weights::Weights(const std::string& folder)
    : files_(std::make_unique<Files>(Files{folder, {}, {}})) {
  if (fs::exists(folder + "/" + kSingle)) {  // even if there is an index, as in transformers
    files_->add(kSingle);
    return;
  }
  const auto index = read_json(folder + "/" + kIndex);
  if (!index) no_weights(folder);
  const std::string where = printable(folder + "/" + kIndex);
  const auto place = JsonFields(*index, where).text_map("weight_map");
  std::set<std::string> files;
  for (const auto& [tensor, file] : place) files.insert(file);
  for (const std::string& file : files) {
    // A name with a folder in it could lead anywhere. Symbolic links are allowed, because Hugging
    // Face's cache consists of them.
    if (file.empty() || file.find('/') != std::string::npos || file.starts_with('.'))
      throw DataError(where + ": weight_map: " + printable(file) + " is not a plain file name");
    if (!fs::exists(folder + "/" + file)) {
      throw DataError(where + ": weight_map: names " + printable(file) +
                      ", which is not there. Fetch the model again.");
    }
    files_->add(file);
  }
  for (const auto& [tensor, file] : place) {
    const auto found = files_->file_of.find(with_model_prefix(tensor));
    if (found == files_->file_of.end() || found->second->path() != folder + "/" + file) {
      throw DataError(where + ": weight_map: " + printable(tensor) + " is not in " +
                      printable(file));
    }
  }
}

Weights::~Weights() = default;
Weights::Weights(Weights&&) noexcept = default;
Weights& Weights::operator=(Weights&&) noexcept = default;

void Weights::Files::add(const std::string& name) {
  const auto file = std::make_shared<const MappedFile>(folder + "/" + name);
  const std::string where = printable(file->path());
  for (SafetensorsEntry& entry :
       parse_safetensors({file->data(), file->size()}, file->size(), where)) {
    const std::string tensor = with_model_prefix(entry.name);
    if (!file_of.emplace(tensor, file).second) {
      const std::string& other = entries.at(tensor).name;
      throw DataError(where + ": " + printable(entry.name) + " is also in " +
                      printable(file_of.at(tensor)->path()) +
                      (other == entry.name ? "" : ", as " + printable(other)));
    }
    entries.emplace(tensor, std::move(entry));
  }
}

bool Weights::has(const std::string& name) const { return files_->entries.contains(name); }

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : files_->entries) names.push_back(name);
  return names;
}

uint64_t Weights::bytes() const {
  uint64_t bytes = 0;
  for (const auto& [name, entry] : files_->entries) bytes += entry.end - entry.begin;
  return bytes;
}

uint64_t Weights::bytes_stored_otherwise(at::ScalarType type) const {
  uint64_t bytes = 0;
  for (const auto& [name, entry] : files_->entries) {
    if (type_of(entry.dtype, where(name)) != type) bytes += entry.end - entry.begin;
  }
  return bytes;
}

uint64_t Weights::bytes_as(at::ScalarType type) const {
  uint64_t bytes = 0;
  for (const auto& [name, entry] : files_->entries) {
    const uint64_t stored = safetensors_element_bytes(entry.dtype);
    if (type_of(entry.dtype, where(name)) != type)
      bytes += (entry.end - entry.begin) / stored * c10::elementSize(type);
  }
  return bytes;
}

std::map<std::string, uint64_t> Weights::counts() const {
  std::map<std::string, uint64_t> counts;
  for (const auto& [name, entry] : files_->entries)
    counts[entry.dtype] += (entry.end - entry.begin) / safetensors_element_bytes(entry.dtype);
  return counts;
}

size_t Weights::files() const {
  std::set<const MappedFile*> files;
  for (const auto& [name, file] : files_->file_of) files.insert(file.get());
  return files.size();
}

std::string Weights::where(const std::string& name) const {
  return printable(files_->file_of.at(name)->path()) + ": " +
         printable(files_->entries.at(name).name);
}

at::Tensor Weights::get(const std::string& name, const std::vector<int64_t>& shape) const {
  const auto found = files_->entries.find(name);
  if (found == files_->entries.end())
    throw DataError(printable(files_->folder) + ": no file has the tensor " + printable(name) +
                    " " + text_of(shape));
  const SafetensorsEntry& entry = found->second;
  const std::shared_ptr<const MappedFile>& file = files_->file_of.at(name);
  const at::ScalarType type = type_of(entry.dtype, where(name));
  if (entry.shape != shape)
    throw DataError(where(name) + ": must be " + text_of(shape) + ", but is " +
                    text_of(entry.shape));
  char* data = file->data() + entry.begin;
  if (entry.begin % c10::elementSize(type) != 0) {  // the format allows it, the processor may not
    at::Tensor copy = at::empty(shape, type);
    std::memcpy(copy.mutable_data_ptr(), data, entry.end - entry.begin);
    return copy;
  }
  return at::from_blob(
      data, shape, [file](void*) {}, at::TensorOptions(type));
}

}  // namespace lea::lm
