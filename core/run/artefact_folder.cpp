#include "core/run/artefact_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/spec/artefact_json.h"

namespace lea::run {
namespace fs = std::filesystem;
namespace {

constexpr const char* kHalfMade = ".new-";
constexpr int64_t kFormat = 1;

// A name in the folder of the artefacts for a folder that is being made or removed.
std::string temporary_for(const std::string& lab, const std::string& key) {
  return artefacts_folder(lab) + "/" + kHalfMade + std::to_string(getpid()) + "-" + key;
}

}  // namespace

nlohmann::json to_json(const ArtefactHeader& header) {
  return {{"format", kFormat},
          {"key", header.key},
          {"plugin_kind", header.needed.plugin_kind},
          {"plugin", {{"id", header.needed.use.id}, {"params", header.needed.use.params}}},
          {"artefact", spec::to_json(header.needed.artefact)},
          {"after", header.after},
          {"reads", header.reads},
          {"run", spec::to_json(header.run)},
          {"threads", header.threads},
          {"device", header.device},
          {"created", header.created}};
}

namespace {

[[noreturn]] void refuse(const Folder& artefact, const std::string& file, const std::string& what) {
  throw DataError(printable(artefact.path + "/" + kFilesFolder + "/" + file) + ": " + what +
                  ". Remove the artefact with `lealab artefacts remove " +
                  artefact.uuid().substr(0, 12) + "`; the next `lealab run` makes it again.");
}

}  // namespace

bool is_key(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Folder artefact_folder(const std::string& lab, const std::string& key) {
  return {artefacts_folder(lab) + "/" + key};
}

std::vector<Folder> list_artefacts(const std::string& lab) {
  std::vector<Folder> artefacts;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(artefacts_folder(lab), error)) {
    if (is_key(entry.path().filename().string()) && entry.is_directory())
      artefacts.push_back({entry.path().string()});
  }
  std::sort(artefacts.begin(), artefacts.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return artefacts;
}

Folder find_artefact(const std::string& lab, const std::string& prefix) {
  std::vector<Folder> found;
  for (const Folder& artefact : list_artefacts(lab)) {
    if (!prefix.empty() && artefact.uuid().starts_with(prefix)) found.push_back(artefact);
  }
  if (found.size() == 1) return found.front();
  throw UsageError("artefact " + printable(prefix) + ": " +
                   (found.empty() ? "the lab " + lab + " has no such artefact"
                                  : std::to_string(found.size()) + " artefacts begin so") +
                   ". `lealab artefacts list` lists them.");
}

Folder find_task(const std::string& lab, const std::string& prefix) {
  const bool of_key = prefix.size() > 8 && prefix[8] != '-';  // a uuid has a dash after 8 digits
  return of_key ? find_artefact(lab, prefix) : find_run(lab, prefix);
}

ArtefactHeader read_artefact(const Folder& artefact) {
  const std::string path = artefact.file(kArtefactFile);
  const auto document = read_json(path);
  if (!document) throw DataError(path + ": is missing. The folder is no artefact; move it away.");
  ArtefactHeader header = artefact_from(*document, path);
  if (header.key != artefact.uuid()) {
    throw DataError(path +
                    ": key: must be the folder's name. A copied artefact must keep its name.");
  }
  return header;
}

ArtefactHeader artefact_from(const nlohmann::json& document, const std::string& where) {
  const JsonFields fields(document, where);
  const int64_t format = fields.integer("format");
  if (format > kFormat) {
    fields.fail("format", "is " + std::to_string(format) + ", but this version of LEA Lab reads " +
                              "up to " + std::to_string(kFormat) + ". Use a newer version.");
  }
  ArtefactHeader header;
  header.key = fields.text("key");
  header.needed.plugin_kind = fields.text("plugin_kind");
  const JsonFields plugin = fields.object("plugin");
  header.needed.use = {plugin.text("id"), plugin.at("params")};
  const JsonFields declaration = fields.object("artefact");
  header.needed.artefact = {declaration.text("kind"),    declaration.text("after"),
                            declaration.texts("params"), declaration.texts("reads"),
                            declaration.text("slot"),    declaration.integer("revision")};
  header.after = fields.text("after");
  if (!header.after.empty() && !is_key(header.after))
    fields.fail("after", "must be the key of an artefact, or empty");
  header.reads = fields.text_map("reads");
  try {
    header.run = spec::run_from_json(fields.at("run"), where + ": run");
  } catch (const ConfigError& error) {
    throw DataError(error.what());
  }
  header.threads = fields.integer("threads", 1);
  header.device = fields.text("device", "cpu");
  header.created = fields.text("created", "");
  return header;
}

void check_key(const ArtefactHeader& header, const std::string& where) {
  for (const std::string& name : header.needed.artefact.reads) {
    if (header.reads.contains(name)) continue;
    throw DataError(
        where + ": reads: lacks the sum of the " + printable(name) +
        ", which older versions of LEA Lab did not record, so the key cannot be checked. "
        "Copy the artefact's folder instead, or remove it and make it again.");
  }
  if (spec::artefact_key(header.needed, header.reads, header.after) != header.key)
    throw DataError(where + ": key: does not follow from the rest of the file, which was changed.");
}

Folder make_artefact(const std::string& lab, ArtefactHeader header) {
  header.created = utc_now();
  const Folder folder = artefact_folder(lab, header.key);
  if (fs::exists(folder.path)) remove_artefact(folder);
  const Folder temporary{temporary_for(lab, header.key)};
  std::error_code error;
  if (!fs::create_directories(temporary.path, error)) {
    throw Error(Exit::kEnvironment,
                temporary.path + ": cannot make the artefact's folder: " + error.message());
  }
  publish_file(temporary.file(kArtefactFile), pretty_json(to_json(header)));
  publish_folder(temporary.path, folder.path);
  return folder;
}

void remove_artefact(const Folder& artefact) {
  const fs::path path = artefact.path;
  const std::string lab = path.parent_path().parent_path();
  const std::string away = temporary_for(lab, artefact.uuid()) + "-old";
  std::error_code error;
  fs::rename(path, away, error);
  if (error) {
    throw StoreError(printable(artefact.path) + ": cannot be removed: " + error.message() + ".");
  }
  fs::remove_all(away, error);
}

void remove_half_made_artefacts(const std::string& lab) {
  remove_left_over(artefacts_folder(lab), kHalfMade, "");
}

std::map<std::string, FileRecord> record_files(const Folder& artefact) {
  const fs::path files = artefact.file(kFilesFolder);
  std::map<std::string, FileRecord> records;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(files, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_regular_file()) continue;
    const std::string path = entry->path().string();
    records[fs::relative(entry->path(), files).string()] = {
        static_cast<int64_t>(entry->file_size()), sha256_file(path)};
  }
  return records;
}

std::optional<Result> check_artefact(const Folder& artefact, bool sums) {
  auto result = read_result(artefact);
  if (!result || result->state != State::kFinished) return std::nullopt;
  if (!result->making)
    throw DataError(artefact.file(kResultFile) + ": is not the result of an artefact.");
  for (const auto& [name, record] : result->making->files) {
    const std::string path = artefact.path + "/" + kFilesFolder + "/" + name;
    std::error_code error;
    const auto size = static_cast<int64_t>(fs::file_size(path, error));
    if (error) refuse(artefact, name, "is missing or cannot be read: " + error.message());
    if (size != record.bytes) {
      refuse(artefact, name,
             "has " + std::to_string(size) + " bytes, but was made with " +
                 std::to_string(record.bytes));
    }
    if (sums && sha256_file(path) != record.sha256)
      refuse(artefact, name, "is damaged: it has another checksum than when it was made");
  }
  return result;
}

}  // namespace lea::run
