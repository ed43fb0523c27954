// The files of a data set as an import makes them: written into a folder, or only summed, so that an
// import can be compared with a data set before anything is written.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/folder_writer.h"
#include "core/base/hash.h"

namespace lea::data {

class OutputFolder {
 public:
  // Without a folder, the files are summed and nothing is written. The folder must outlive this.
  explicit OutputFolder(const FolderWriter* folder = nullptr) : folder_(folder) {}

  // One file. Call close() at the end: a file that is not closed has no record.
  class File {
   public:
    File(OutputFolder& folder, std::string name);
    void write(std::string_view bytes);
    template <class T>
    void value(const T& item) {
      write(std::string_view(reinterpret_cast<const char*>(&item), sizeof(T)));
    }
    void close();

   private:
    void flush();

    OutputFolder& folder_;
    std::string name_, buffer_;
    std::optional<FileWriter> file_;
    Sha256 sum_;
    uint64_t bytes_ = 0;
  };

  // {name: {"bytes": n, "sha256": "..."}} of the closed files.
  const nlohmann::json& records() const { return records_; }

 private:
  const FolderWriter* folder_;
  nlohmann::json records_ = nlohmann::json::object();
};

// The fingerprint of a data set with this dataset.json, which has the records of all files. It covers
// the hashes of the files, the counts, the behaviours and the kind of times. The description's other
// fields and the origin are left out.
std::string sum_of_description(const nlohmann::json& description);

}  // namespace lea::data
