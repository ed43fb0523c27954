// What the window reads of one run while it works: its curves and the end of its log. Used on a lane,
// because it reads files.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log_reader.h"
#include "core/run/folder.h"
#include "db/store/store.h"

namespace lea::gui {

class RunFiles {
 public:
  explicit RunFiles(const run::Folder& folder);

  struct News {
    std::vector<db::CurvePoint> points;  // since the last call
    std::vector<std::string> lines;      // of the log, at most kLines
    bool begins_anew = false;            // the files were written again: forget what was read
    bool gone = false;                   // the folder has gone
  };
  static constexpr size_t kLines = 2000;

  // Throws DataError for a damaged record.
  News look();

 private:
  const run::Folder folder_;
  std::unique_ptr<LogReader> log_;
  uint64_t offset_ = 0;
  bool looked_ = false;
};

// The four groups of curves that a page shows, and the rest.
enum class CurveGroup { kLoss, kValidation, kTdError, kQ, kOther };
CurveGroup curve_group(const std::string& metric);

}  // namespace lea::gui
