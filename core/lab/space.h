// Finds what takes the space of a lab and of its experiments.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea::lab {

struct Space {
  int64_t bytes = 0, files = 0;
};

// The kinds of files in the folder of a run.
enum class FileKind {
  kNetwork,      // checkpoint/best.safetensors, which train.keep leaves
  kCheckpoints,  // all else in checkpoint/, of a run that has not ended
  kRanks,
  kTopItems,
  kEvents,
  kLog,
  kOther,
};
inline constexpr size_t kFileKinds = 7;
const char* name_of(FileKind kind);

struct RunSpace {
  std::string uuid;
  std::string experiment;       // that first planned it; empty when cell.json is damaged
  std::string name;             // run_name of core/run/header.h
  int64_t bytes[kFileKinds]{};  // by FileKind
  int64_t total() const;
};

struct ExperimentSpace {
  std::string name;  // empty: of the runs whose experiment is unknown
  int64_t runs = 0;
  int64_t bytes[kFileKinds]{};
  int64_t total() const;
};

struct LabSpace {
  Space all;
  std::vector<std::pair<std::string, Space>> parts;  // what lies in the lab, the largest first
  std::vector<ExperimentSpace> experiments;          // the largest first
  std::vector<RunSpace> runs;                        // the largest first
  std::vector<std::string> damaged;                  // one message for each damaged cell.json
};

// A folder of the lab may be a link; other links count as nothing. Never throws for what is damaged
// or vanishes meanwhile.
LabSpace space_of(const std::string& lab);

nlohmann::json to_json(const LabSpace& space);
nlohmann::json to_json(const ExperimentSpace& experiment);
nlohmann::json to_json(const RunSpace& run);

}  // namespace lea::lab
