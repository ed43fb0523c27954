#include "core/lab/artefact_archive.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/lab/archive.h"
#include "core/lab/artefacts.h"
#include "core/lab/exchange.h"
#include "core/run/artefact_seal.h"
#include "core/run/state.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr size_t kDigits = 12;  // of a key in messages
constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kTextBytes = size_t{64} << 20;  // of each file that the plugin did not write

std::string short_key(const std::string& key) { return key.substr(0, kDigits); }

// The files that the plugin did not write, in the order of the archive.
std::vector<std::string> text_files() {
  std::vector<std::string> names = {run::kArtefactFile, run::kResultFile, run::kAttemptsFile};
  for (int age = 0; age <= kOldLogs; ++age) names.push_back(old_log(run::kLogFile, age));
  return names;
}

std::string in_files(const std::string& name) {
  return std::string(run::kFilesFolder) + "/" + name;
}

// A finished artefact of the lab.
struct Finished {
  run::Folder folder;
  run::ArtefactHeader header;
  run::Making making;
};

// Adds the artefact after what it is made from, unless it is there already.
void add_chain(const std::string& lab, const run::Folder& folder, std::vector<Finished>* chain) {
  if (std::any_of(chain->begin(), chain->end(),
                  [&](const Finished& other) { return other.folder.path == folder.path; }))
    return;
  const run::ArtefactHeader header = run::read_artefact(folder);
  run::check_key(header, folder.file(run::kArtefactFile));
  const std::string name =
      "artefact " + short_key(header.key) + " (" + printable(header.needed.name()) + "): ";
  if (!header.after.empty()) {
    const run::Folder earlier = run::artefact_folder(lab, header.after);
    if (!fs::exists(earlier.path)) {
      throw DataError(name + "is made from artefact " + short_key(header.after) +
                      ", which the lab no longer has. `lealab run` makes it again.");
    }
    add_chain(lab, earlier, chain);
  }
  const auto result = run::check_artefact(folder, /*sums=*/true);
  if (!result) {
    throw DataError(name + "is " + run::to_string(run::state_of(folder)) +
                    ", and only finished ones can be exported. `lealab run` makes it.");
  }
  chain->push_back({folder, header, *result->making});
}

std::string text_of(const run::Folder& folder, const std::string& name) {
  const std::string path = folder.file(name.c_str());
  if (name != run::kArtefactFile) return read_file(path, kTextBytes);
  nlohmann::json document = read_json(path).value();
  run::keep_names(document);
  return pretty_json(document);
}

void add_file(TarWriter& archive, const std::string& name, const std::string& path, int64_t bytes) {
  archive.begin(name, bytes);
  std::ifstream in(path, std::ios::binary);
  std::vector<char> block(kBlock);
  while (bytes > 0) {
    in.read(block.data(), static_cast<std::streamsize>(std::min<int64_t>(bytes, kBlock)));
    if (in.gcount() == 0)
      throw StoreError(printable(path) + ": cannot be read to its end. Repeat the command.");
    archive.write(block.data(), static_cast<size_t>(in.gcount()));
    bytes -= in.gcount();
  }
}

// Whether the path leads to a file below the folder from which it starts.
bool stays_inside(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return normal.is_relative() && normal.has_filename() && normal.string() == path &&
         *normal.begin() != ".." && *normal.begin() != ".";
}

// An artefact that was unpacked.
struct Arrived {
  run::Folder folder;
  std::optional<run::ArtefactHeader> header;
  std::optional<run::Making> making;
  nlohmann::json header_document, result_document;
  std::set<std::string> names;  // of the files that are there, as the archive has them
};

// Unpacks an archive and checks it while it is read.
class Unpacking {
 public:
  Unpacking(std::string file, std::string staging)
      : file_(std::move(file)), staging_(std::move(staging)), block_(kBlock) {}

  // Each artefact after what it is made from, as they stand in the archive.
  std::vector<Arrived> run() {
    TarReader reader(file_);
    while (reader.next()) take(reader);
    if (arrived_.empty()) refuse("holds no artefact");
    for (const Arrived& artefact : arrived_) check_whole(artefact);
    return std::move(arrived_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw DataError(printable(file_) + ": " + why + ". Nothing was imported.");
  }

  void take(TarReader& reader) {
    const std::string path = reader.name(), key = path.substr(0, path.find('/'));
    const std::string name = key == path ? "" : path.substr(key.size() + 1);
    const std::string files = in_files("");
    const bool made = name.starts_with(files);
    const auto texts = text_files();
    const bool known = made || std::find(texts.begin(), texts.end(), name) != texts.end();
    if (!run::is_key(key) || !known) {
      refuse("holds " + (run::is_key(key) ? named(key, name) : in_backticks(path)) +
             ", which no exported artefact has");
    }
    Arrived& artefact = artefact_of(key);
    if (!artefact.names.insert(name).second) refuse("holds " + named(key, name) + " twice");
    made ? take_file(artefact, name.substr(files.size()), reader)
         : take_text(artefact, name, reader);
  }

  Arrived& artefact_of(const std::string& key) {
    for (Arrived& artefact : arrived_) {
      if (artefact.folder.uuid() == key) return artefact;
    }
    arrived_.push_back({{staging_ + "/" + key}, {}, {}, {}, {}, {}});
    make_folder(arrived_.back().folder.path);
    return arrived_.back();
  }

  // What messages call a file.
  static std::string named(const std::string& key, const std::string& name) {
    return printable(short_key(key) + "/" + name);
  }
  static std::string named(const Arrived& artefact, const std::string& name) {
    return named(artefact.folder.uuid(), name);
  }

  static void make_folder(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
      throw StoreError(printable(path.string()) + ": cannot be made: " + error.message() + ".");
  }

  void take_text(Arrived& artefact, const std::string& name, TarReader& reader) {
    std::string text;
    while (const size_t count = reader.read(block_.data(), block_.size())) {
      if (text.size() + count > kTextBytes) refuse(named(artefact, name) + " is too large");
      text.append(block_.data(), count);
    }
    if (name == run::kArtefactFile) read_header(artefact, text);
    if (name == run::kResultFile) read_result(artefact, text);
    FileWriter out(artefact.folder.file(name.c_str()));
    out.write(text);
    out.close();
  }

  void read_header(Arrived& artefact, const std::string& text) const {
    const std::string where = named(artefact, run::kArtefactFile);
    refuse_unless(
        [&] {
          artefact.header_document = parse_json(text, where, json_memory(text.size()));
          artefact.header = run::artefact_from(artefact.header_document, where);
          if (artefact.header->key != artefact.folder.uuid())
            throw DataError(where + ": key: is not that of its folder");
          run::check_key(*artefact.header, where);
        },
        file_, "");
  }

  void read_result(Arrived& artefact, const std::string& text) const {
    const std::string where = named(artefact, run::kResultFile);
    run::Result result;
    refuse_unless(
        [&] {
          artefact.result_document = parse_json(text, where, json_memory(text.size()));
          result = run::result_from(artefact.result_document, where);
        },
        file_, "");
    if (result.state != run::State::kFinished || !result.making)
      refuse(where + " is not that of a finished artefact");
    const auto& files = result.making->files;
    for (const auto& [name, record] : files) {
      if (!stays_inside(name)) refuse(where + " names " + in_backticks(name) + " as a file");
      for (fs::path folder = fs::path(name).parent_path(); !folder.empty();
           folder = folder.parent_path()) {
        if (files.contains(folder.string()))
          refuse(where + " names " + in_backticks(folder.string()) + " as a file and as a folder");
      }
    }
    if (run::sum_of(files) != result.making->sha256)
      refuse(where + ": sha256: is not that of the files which it lists");
    artefact.making = std::move(result.making);
  }

  void take_file(Arrived& artefact, const std::string& name, TarReader& reader) {
    const std::string shown = named(artefact, in_files(name));
    if (!artefact.making) {
      refuse("has no result before " + shown +
             ": the artefact is half made, or `lealab artefacts export` did not write the archive");
    }
    const auto found = artefact.making->files.find(name);
    if (found == artefact.making->files.end())
      refuse("holds " + shown + ", which the artefact's result does not list");
    const run::FileRecord& record = found->second;
    const fs::path path = artefact.folder.path + "/" + in_files(name);
    make_folder(path.parent_path());
    FileWriter out(path.string());
    Sha256 sum;
    int64_t bytes = 0;
    while (const size_t count = reader.read(block_.data(), block_.size())) {
      bytes += static_cast<int64_t>(count);
      if (bytes > record.bytes) break;
      sum.add({block_.data(), count});
      out.write({block_.data(), count});
    }
    out.close();
    if (bytes != record.bytes)
      refuse(shown + " has another size than " + counted(record.bytes, "byte") +
             ", with which it was made");
    if (sum.hex() != record.sha256)
      refuse(shown + " is damaged: it has another checksum than when it was made");
  }

  void check_whole(const Arrived& artefact) const {
    for (const char* name : {run::kArtefactFile, run::kResultFile}) {
      if (!artefact.names.contains(name))
        refuse("lacks " + named(artefact, name) + ": the artefact is half made");
    }
    for (const auto& [name, record] : artefact.making->files) {
      if (!artefact.names.contains(in_files(name)))
        refuse("lacks " + named(artefact, in_files(name)));
    }
    refuse_unless(
        [&] {
          run::check_seal(artefact.result_document, named(artefact, run::kResultFile),
                          artefact.header_document, named(artefact, run::kArtefactFile));
        },
        file_, "");
  }

  const std::string file_, staging_;
  std::vector<char> block_;
  std::vector<Arrived> arrived_;
};

// Each artefact must come with what it is made from, or find it in the lab.
void check_earlier(const std::string& lab, const std::string& file,
                   const std::vector<Arrived>& arrived) {
  for (const Arrived& artefact : arrived) {
    const std::string& after = artefact.header->after;
    const auto is_earlier = [&](const Arrived& other) { return other.folder.uuid() == after; };
    if (after.empty() || std::any_of(arrived.begin(), arrived.end(), is_earlier) ||
        run::check_artefact(run::artefact_folder(lab, after), /*sums=*/false))
      continue;
    throw DataError(
        printable(file) + ": artefact " + short_key(artefact.header->key) + " is made from " +
        short_key(after) +
        ", which is neither in the archive nor in the lab. Nothing was imported. Export "
        "both again.");
  }
}

// Whether the lab has the artefact with the same files.
bool is_present(const run::Folder& own, const Arrived& artefact, const std::string& file) {
  std::optional<run::Result> result;
  refuse_unless([&] { result = run::check_artefact(own, /*sums=*/true); }, own.path,
                own.path + "/");
  if (!result) return false;
  const std::string &here = result->making->sha256, &there = artefact.making->sha256;
  if (here == there) return true;
  const std::string key = short_key(own.uuid());
  throw DataError("artefact " + key + ": the lab has another one of this key: " +
                  printable(own.path) + " has the checksum " + here.substr(0, kDigits) + ", and " +
                  printable(file) + " has " + there.substr(0, kDigits) +
                  ". Nothing was imported. Remove the lab's with `lealab artefacts remove " + key +
                  "`, or import into another lab (--lab DIR).");
}

}  // namespace

ArtefactExport export_artefacts(const std::string& lab, const std::vector<run::Folder>& artefacts,
                                const std::string& file) {
  std::vector<Finished> chain;
  for (const run::Folder& artefact : artefacts) add_chain(lab, artefact, &chain);
  ArtefactExport exported;
  TarWriter archive(file);
  for (const Finished& artefact : chain) {
    const std::string folder = artefact.folder.uuid() + "/";
    for (const std::string& name : text_files()) {
      if (fs::exists(artefact.folder.file(name.c_str())))
        archive.add(folder + name, text_of(artefact.folder, name));
    }
    for (const auto& [name, record] : artefact.making.files) {
      add_file(archive, folder + in_files(name), artefact.folder.path + "/" + in_files(name),
               record.bytes);
    }
    exported.artefacts.push_back(artefact.header);
    exported.bytes += artefact.making.bytes();
  }
  archive.finish();
  return exported;
}

ArtefactImport import_artefacts(const std::string& lab, const std::string& file) {
  const run::Staging staging(run::artefacts_folder(lab));
  const std::vector<Arrived> arrived = Unpacking(file, staging.path()).run();
  check_earlier(lab, file, arrived);
  std::vector<run::Claim> claims;
  for (const Arrived& artefact : arrived)
    claims.push_back(claim_artefact(lab, artefact.header->key));
  std::vector<bool> present;
  for (const Arrived& artefact : arrived)
    present.push_back(is_present(run::artefact_folder(lab, artefact.header->key), artefact, file));
  ArtefactImport imported;
  for (size_t i = 0; i < arrived.size(); ++i) {
    const run::Folder target = run::artefact_folder(lab, arrived[i].header->key);
    (present[i] ? imported.present : imported.added).push_back(*arrived[i].header);
    if (present[i]) continue;
    if (fs::exists(target.path)) run::remove_artefact(target);  // unfinished, or failed
    if (!publish_folder(arrived[i].folder.path, target.path)) {
      throw StoreError(printable(target.path) +
                       ": another program made this folder meanwhile. Repeat the command.");
    }
  }
  return imported;
}

}  // namespace lea::lab
