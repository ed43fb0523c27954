// A temporary folder with a lab, and the verbs that make a test of data read as a story.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/import.h"
#include "core/data/split.h"

namespace lea::data {

template <class... Parts>
std::string join(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

class Scratch : public testing::Test {
 protected:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "lea-data-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~Scratch() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string lab() const { return path("lab"); }

  // Writes a file of the scratch folder and returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream file(path(name), std::ios::binary);
    file << text;
    return path(name);
  }

  std::string write_gz(const std::string& name, const std::string& text) const {
    gzFile file = ::gzopen(path(name).c_str(), "wb");
    ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    ::gzclose(file);
    return path(name);
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::shared_ptr<const Dataset> import(const std::string& source,
                                        const ImportOptions& options = {},
                                        const std::string& name = "toy") const {
    return import_dataset(lab(), name, source, options);
  }

  // Imports rows under the header of the tsv format.
  std::shared_ptr<const Dataset> import_rows(const std::string& rows,
                                             const ImportOptions& options = {},
                                             const std::string& name = "toy") const {
    return import(write(name + ".tsv", kHeader + rows), options, name);
  }

  // The message of the error that an import of `text` gives, without the folder's name; empty when
  // it succeeds.
  std::string refusal(const std::string& text, const ImportOptions& options = {}) const {
    return refusal_of([&] { import(write("bad.tsv", text), options, "bad"); });
  }

  template <class Action>
  std::string refusal_of(const Action& action) const {
    try {
      action();
    } catch (const Error& error) {
      std::string message = error.what();
      for (size_t at; (at = message.find(folder_ + "/")) != std::string::npos;) {
        message.erase(at, folder_.size() + 1);
      }
      return message;
    }
    return "";
  }

  static constexpr const char* kHeader = "user_id\titem_id\ttimestamp\n";
  std::string folder_;
};

// "u1: a b | u2: c", with original ids in data order.
inline std::string story(const Dataset& data) {
  std::string text;
  for (int64_t s = 0; s < data.sequences(); ++s) {
    text += (s > 0 ? " | " : "") + data.sequence_ids()[s] + ":";
    for (uint64_t e = data.offsets()[s]; e < data.offsets()[s + 1]; ++e) {
      text += " " + data.item_ids()[data.item()[e] - 1];
    }
  }
  return text;
}

// One letter for each event, t, v or x for train, valid and test, and a bar between sequences.
inline std::string letters(const Dataset& data, const Split& split) {
  std::string text;
  for (int64_t s = 0; s < data.sequences(); ++s) {
    if (s > 0) text += "|";
    for (uint64_t e = data.offsets()[s]; e < data.offsets()[s + 1]; ++e)
      text += "tvx"[split.part[e]];
  }
  return text;
}

// The folder of real data sets, or an empty text where there is none. Throws when $LEALAB_TEST_DATA
// names a folder that does not exist, because tests that were asked for must not be skipped.
inline std::string test_data() {
  const char* stated = ::getenv("LEALAB_TEST_DATA");
  const std::string folder = stated != nullptr ? stated : LEA_SOURCE_DIR "/../shared/data";
  if (std::filesystem::is_directory(folder)) return folder;
  if (stated != nullptr) throw std::runtime_error("LEALAB_TEST_DATA: there is no folder " + folder);
  return "";
}

}  // namespace lea::data
