#include "gui/model/run_files.h"

#include <filesystem>

#include "core/base/records.h"
#include "core/lab/curve_points.h"

namespace lea::gui {
namespace fs = std::filesystem;

RunFiles::RunFiles(const run::Folder& folder)
    : folder_(folder), log_(std::make_unique<LogReader>(folder.file(run::kLogFile))) {}

RunFiles::News RunFiles::look() {
  News news;
  std::error_code error;
  if (!fs::exists(folder_.path, error)) {
    news.gone = true;
    return news;
  }
  const std::string path = folder_.file(run::kEventsFile);
  const uintmax_t size = fs::file_size(path, error);
  // A resumed run cuts the file at its checkpoint and goes on from there.
  if (!error && size < offset_) {
    offset_ = 0;
    news.begins_anew = true;
  }
  news.begins_anew |= !looked_;
  looked_ = true;
  if (!error) {
    for (const nlohmann::json& record : read_new_records(path, &offset_)) {
      for (db::CurvePoint& point : lab::curve_points(record, path))
        news.points.push_back(std::move(point));
    }
  }
  std::deque<std::string> lines;
  log_->read([&](const std::string& line) {
    lines.push_back(line);
    if (lines.size() > kLines) lines.pop_front();
  });
  news.lines.assign(lines.begin(), lines.end());
  return news;
}

CurveGroup curve_group(const std::string& metric) {
  if (metric.find('@') != std::string::npos) return CurveGroup::kValidation;
  if (metric.starts_with("td_") || metric.find("td_error") != std::string::npos)
    return CurveGroup::kTdError;
  if (metric.starts_with("q_") && metric.find("loss") == std::string::npos) return CurveGroup::kQ;
  return metric.find("loss") != std::string::npos ? CurveGroup::kLoss : CurveGroup::kOther;
}

}  // namespace lea::gui
