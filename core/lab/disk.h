// Estimates the disk that runs take.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/lab/experiment_data.h"
#include "core/run/folder.h"
#include "core/spec/run_spec.h"

namespace lea::lab {

struct DiskUse {
  int64_t kept = 0;       // bytes of the folder of the finished run
  int64_t working = 0;    // bytes of checkpoints that exist only while the run trains
  bool measured = false;  // `kept` is that of earlier runs of the lab; otherwise from the model
};

// The size of a finished run's folder is that of earlier runs with the same data set, split,
// network and limits. Otherwise it follows from the spec:
//   network      4 bytes for each parameter. The number is that of an earlier run with the same
//                network and data set, otherwise an approximation from the parameters `width`,
//                `layers` and `blocks` of the backbone. train.keep says how many of them stay.
//   ranks        32 bytes for each event of valid and test, unless the test part is closed
//   top items    80 bytes for each event of test, likewise
//   events       the records of training and validation up to max_steps
// A checkpoint has the weights, the best weights and Adam's two moments. Two are kept while a third
// is written.
class DiskModel {
 public:
  // Reads the number of items of a data set that is missing in `sizes` from the lab.
  DiskModel(std::string lab, SplitSizes sizes) : lab_(std::move(lab)), sizes_(std::move(sizes)) {}

  // Adds a finished run.
  void add(const run::Folder& folder, const spec::RunSpec& run, int64_t parameters);

  DiskUse use(const spec::RunSpec& run);

  // The bytes that opening the test part adds to the folder of a finished run.
  int64_t test_bytes(const spec::RunSpec& run) const { return test_bytes(sizes_of(run)); }

 private:
  struct Earlier {
    std::vector<run::Folder> folders;  // a few suffice
    int64_t bytes = -1;                // their mean size; -1: not read yet
  };
  static int64_t test_bytes(const PartSizes& sizes);
  PartSizes sizes_of(const spec::RunSpec& run) const;
  int64_t parameters_of(const spec::RunSpec& run, const PartSizes& sizes) const;

  std::string lab_;
  SplitSizes sizes_;
  std::map<std::string, Earlier> earlier_;     // by kind of folder
  std::map<std::string, int64_t> parameters_;  // by kind of network
};

// The bytes of all files below a folder.
int64_t folder_bytes(const std::string& path);

// The bytes that are free where the lab is or will be made. -1 when that is unknown.
int64_t free_bytes_for(const std::string& lab);

// Such as "950 B", "1.2 MB" or "20 GB": two digits, and powers of 1000.
std::string size_text(int64_t bytes);

}  // namespace lea::lab
