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
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/run/artefact_seal.h"
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

// What a user can do about an artefact that cannot be used.
std::string remedy(const Folder& artefact, const std::string& begin = " Remove") {
  return begin + " the artefact with `lealab artefacts remove " + artefact.uuid().substr(0, 12) +
         "`; the next `lealab run` makes it again.";
}

[[noreturn]] void refuse(const Folder& artefact, const std::string& path, const std::string& what) {
  throw DataError(printable(path) + ": " + what + "." + remedy(artefact));
}

// Calls `read`, and says what to do when it finds a damaged file.
template <class F>
auto or_remedy(const Folder& artefact, F&& read) {
  try {
    return read();
  } catch (const DataError& error) {
    throw DataError(error.what() + remedy(artefact));
  }
}

// The first sum that the header lacks of the data that the artefact reads; empty when it has all.
std::string missing_sum(const ArtefactHeader& header) {
  for (const std::string& name : header.needed.artefact.reads) {
    if (!header.reads.contains(name)) return name;
  }
  return "";
}

// Whether the key is that of what the header describes. It has all sums.
bool key_follows(const ArtefactHeader& header) {
  return spec::artefact_key(header.needed, header.reads, header.after) == header.key;
}

std::string file_path(const Folder& artefact, const std::string& name) {
  return artefact.path + "/" + kFilesFolder + "/" + name;
}

// What is below FOLDER/files and is no folder, by its path there.
std::vector<std::string> file_names(const Folder& artefact) {
  const fs::path files = artefact.file(kFilesFolder);
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(files, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    // A link is a name of its own: where it leads is no file of the artefact.
    if (!fs::is_directory(entry->symlink_status()))
      names.push_back(entry->path().lexically_relative(files).string());
  }
  return names;
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
    // What has the name of an artefact and is no folder is damaged, and whoever reads it says so.
    if (is_key(entry.path().filename().string())) artefacts.push_back({entry.path().string()});
  }
  require_listed(artefacts_folder(lab), error);
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
                                  : counted(std::ssize(found), "artefact") + " begin so") +
                   ". `lealab artefacts list` lists them.");
}

Folder find_task(const std::string& lab, const std::string& prefix) {
  const bool of_key = prefix.size() > 8 && prefix[8] != '-';  // a uuid has a dash after 8 digits
  return of_key ? find_artefact(lab, prefix) : find_run(lab, prefix);
}

ArtefactHeader read_artefact(const Folder& artefact) {
  const std::string path = artefact.file(kArtefactFile);
  const auto document = or_remedy(artefact, [&] { return read_json(path); });
  if (!document) refuse(artefact, path, "is missing, so the folder is no whole artefact");
  ArtefactHeader header;
  try {
    header = artefact_from(*document, path);
  } catch (const NewerArtefact& error) {
    throw NewerArtefact(error.what() + remedy(artefact, " Otherwise remove"));
  }
  if (header.key != artefact.uuid()) {
    refuse(artefact, path,
           "key: must be the folder's name, because a copied artefact keeps its name, but is " +
               printable(header.key));
  }
  const bool of_older_program = header.reads.empty() && !missing_sum(header).empty();
  if (!of_older_program && (!missing_sum(header).empty() || !key_follows(header))) {
    refuse(artefact, path,
           "describes an artefact with another key: its plugin, its parameters, or the sums of the "
           "data that it reads were changed");
  }
  return header;
}

ArtefactHeader artefact_from(const nlohmann::json& document, const std::string& where) {
  const JsonFields fields(document, where);
  const int64_t format = fields.integer("format");
  if (format > kFormat) {
    throw NewerArtefact(where + ": format: is " + std::to_string(format) +
                        ", but this version of LEA Lab reads up to " + std::to_string(kFormat) +
                        ". Use a newer version.");
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
  if (const std::string name = missing_sum(header); !name.empty()) {
    throw DataError(
        where + ": reads: lacks the sum of the " + printable(name) +
        ", which older versions of LEA Lab did not record, so the key cannot be checked. "
        "Copy the artefact's folder instead, or remove it and make it again.");
  }
  if (!key_follows(header))
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

void renew_artefact(const Folder& artefact, ArtefactHeader header) {
  header.created = read_artefact(artefact).created;
  publish_file(artefact.file(kArtefactFile), pretty_json(to_json(header)));
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
  std::map<std::string, FileRecord> records;
  for (const std::string& name : file_names(artefact)) {
    const std::string path = file_path(artefact, name);
    if (!fs::is_regular_file(fs::symlink_status(path)))
      throw PluginError(printable(path) +
                        ": is no plain file. prepare() must write files, not links");
    records[name] = {static_cast<int64_t>(fs::file_size(path)), sha256_file(path)};
  }
  return records;
}

std::optional<Result> artefact_result(const Folder& artefact) {
  return or_remedy(artefact, [&] { return read_result(artefact); });
}

std::vector<std::string> warnings_of(const Folder& artefact) {
  try {
    const auto result = read_result(artefact);
    if (result && result->making) return result->making->warnings;
  } catch (const Error&) {
    // Whoever uses the artefact checks its result.
  }
  return {};
}

std::optional<Result> check_artefact(const Folder& artefact, bool sums) {
  auto result = artefact_result(artefact);
  if (!result || result->state != State::kFinished) return std::nullopt;
  read_artefact(artefact);
  if (!result->making)
    refuse(artefact, artefact.file(kResultFile), "is not the result of an artefact");
  for (const std::string& name : file_names(artefact)) {
    if (!name.starts_with('.') && !result->making->files.contains(name))
      refuse(artefact, file_path(artefact, name), "was not there when the artefact was made");
  }
  for (const auto& [name, record] : result->making->files) {
    const std::string path = file_path(artefact, name);
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(path, error)))
      refuse(artefact, path, "is a link, and not the file that was made");
    const auto size = static_cast<int64_t>(fs::file_size(path, error));
    if (error) refuse(artefact, path, "is missing or cannot be read: " + error.message());
    if (size != record.bytes) {
      refuse(
          artefact, path,
          "has " + counted(size, "byte") + ", but was made with " + std::to_string(record.bytes));
    }
    if (sums && sha256_file(path) != record.sha256)
      refuse(artefact, path, "is damaged: it has another checksum than when it was made");
  }
  return result;
}

void check_records(const Folder& artefact) {
  const auto result = artefact_result(artefact);
  if (!result || !result->making) return;
  const std::string result_file = artefact.file(kResultFile),
                    header_file = artefact.file(kArtefactFile);
  if (sum_of(result->making->files) != result->making->sha256)
    refuse(artefact, result_file, "sha256: is not that of the files which it lists");
  or_remedy(artefact, [&] {
    const auto document = read_json(result_file), header = read_json(header_file);
    if (document && header)
      check_seal(*document, printable(result_file), *header, printable(header_file));
  });
}

}  // namespace lea::run
