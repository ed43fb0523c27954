#include "core/lab/adapter_export.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/mapped_file.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/lab/adapter_card.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kCard = "README.md";
constexpr size_t kFilesShown = 5;

[[noreturn]] void refuse(const run::Folder& artefact, const std::string& why) {
  throw DataError("artefact " + artefact.uuid().substr(0, 12) + ": cannot be exported: " + why);
}

CardArtefact finished(const run::Folder& artefact) {
  const run::ArtefactHeader header = run::read_artefact(artefact);
  const auto result = run::check_artefact(artefact, /*sums=*/true);
  if (!result) refuse(artefact, "it is not finished. `lealab run` makes it.");
  return {header, *result};
}

// The folder of the adapter among the artefact's files, "" or "NAME/".
std::string adapter_folder(const run::Folder& artefact, const CardArtefact& of) {
  std::vector<std::string> found, names;
  for (const auto& [name, record] : of.result.making->files) {
    names.push_back(printable(name));
    const fs::path path = name;
    const std::string folder = name.substr(0, name.size() - path.filename().string().size());
    if (path.filename() == kConfig && of.result.making->files.contains(folder + kWeights))
      found.push_back(folder);
  }
  if (found.size() == 1) return found.front();
  const std::string what = "it is the " + printable(of.header.needed.name()) + ", which holds ";
  if (found.size() > 1) {
    for (std::string& folder : found) folder = printable(folder + kWeights);
    refuse(artefact, what + "several adapters: " + joined(found) + ".");
  }
  if (names.size() > kFilesShown) {
    const size_t more = names.size() - kFilesShown;
    names.resize(kFilesShown);
    names.push_back(std::to_string(more) + " more");
  }
  refuse(artefact, what + "no adapter: that would be " + kConfig + " and " + kWeights +
                       " in one folder. It holds " + joined(names) + ".");
}

// Where each file of the artefact stands in the exported folder, by that place.
std::map<std::string, std::string> places_of(const run::Folder& artefact, const CardArtefact& of) {
  const std::string top = adapter_folder(artefact, of);
  std::map<std::string, std::string> places;
  for (const auto& [name, record] : of.result.making->files) {
    const std::string place = name.starts_with(top) ? name.substr(top.size()) : name;
    if (place == kCard || !places.emplace(place, name).second)
      refuse(artefact, "two files of the folder would have the name " + printable(place) + ".");
  }
  return places;
}

std::vector<Card::Tensor> tensors_in(const std::string& path) {
  std::vector<Card::Tensor> tensors;
  if (!path.ends_with(".safetensors")) return tensors;
  const MappedFile file(path);
  for (const SafetensorsEntry& entry :
       parse_safetensors({file.data(), file.size()}, file.size(), printable(path))) {
    std::vector<std::string> sizes;
    for (const int64_t size : entry.shape) sizes.push_back(std::to_string(size));
    tensors.push_back({entry.name, entry.dtype + " [" + joined(sizes) + "]"});
  }
  return tensors;
}

// What the adapter is made from, and what was made from it.
void add_relatives(const std::string& lab, Card* card) {
  for (std::string key = card->adapter.header.after; !key.empty();) {
    const run::Folder folder = run::artefact_folder(lab, key);
    card->complete = fs::exists(folder.path);
    if (!card->complete) break;
    card->earlier.push_back(finished(folder));
    key = card->earlier.back().header.after;
  }
  for (const run::Folder& folder : run::list_artefacts(lab)) {
    try {
      const run::ArtefactHeader header = run::read_artefact(folder);
      if (header.after != card->adapter.header.key) continue;
      const auto result = run::check_artefact(folder, /*sums=*/false);
      if (result) card->later.push_back({header, *result});
    } catch (const Error&) {
      // It is no part of what is exported. `lealab artefacts verify` reports it.
    }
  }
}

void copy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  fs::copy_file(from, to, error);
  if (error) throw StoreError(printable(to) + ": cannot be written: " + error.message() + ".");
}

}  // namespace

AdapterExport export_adapter(const std::string& lab, const run::Folder& artefact,
                             const std::string& folder) {
  const std::string exists =
      printable(folder) + ": exists already; name a new folder, or remove it.";
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(folder, ignored))) throw DataError(exists);
  Card card;
  card.adapter = finished(artefact);
  const std::map<std::string, std::string> places = places_of(artefact, card.adapter);
  add_relatives(lab, &card);

  AdapterExport exported{card.adapter.header, {kCard}, 0};
  FolderWriter writer(folder);
  for (const auto& [place, name] : places) {
    const std::string from = artefact.file(run::kFilesFolder) + "/" + name;
    card.files.push_back({place, tensors_in(from)});
    copy(from, writer.path(place));
    exported.files.push_back(place);
    exported.bytes += card.adapter.result.making->files.at(name).bytes;
  }
  const std::string text = text_of(card);
  exported.bytes += std::ssize(text);
  publish_file(writer.path(kCard), text);
  std::sort(exported.files.begin(), exported.files.end());
  if (!writer.publish(/*replace=*/false)) throw DataError(exists);
  return exported;
}

}  // namespace lea::lab
