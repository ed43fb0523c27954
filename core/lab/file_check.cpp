#include "core/lab/file_check.h"

#include <filesystem>

#include "core/base/array_format.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/lab/row_check.h"
#include "core/spec/model_files.h"

namespace lea::lab {
namespace {

void judge(const RowCount& count, Checked* checked) {
  if (count.outside > 0) {
    checked->is = Checked::Is::kLeak;
    checked->text = std::to_string(count.outside) + " of its " + counted(count.rows, "row") +
                    (count.outside == 1 ? " belongs" : " belong") +
                    " to validation or test events, the first in " + count.first;
    return;
  }
  checked->text = counted(count.rows, "row") + ", none of validation or test events";
  if (count.unknown > 0)
    checked->text += ", " + std::to_string(count.unknown) + " of no event of the data set";
}

}  // namespace

Checked FileCheck::check(const spec::GivenFile& file) const {
  Checked checked;
  checked.kind = "file";
  checked.name = "file " + file.parameter + " of " + file.plugin_kind + " " + file.plugin_id;
  checked.id = file.path;
  try {
    look_at(file, &checked);
  } catch (const Error& error) {
    checked.unknown(error.what());
  }
  return checked;
}

// Empty when the plugin is not installed, or has no such parameter now.
std::optional<FileRows> FileCheck::rows_of(const spec::GivenFile& file) const {
  const spec::PluginInfo* plugin = catalogue_.find(file.plugin_kind, file.plugin_id);
  if (plugin == nullptr || plugin->id != file.plugin_id) return std::nullopt;
  for (const ParamInfo& info : plugin->params) {
    if (info.name == file.parameter) return info.rows;
  }
  return std::nullopt;
}

void FileCheck::look_at(const spec::GivenFile& file, Checked* checked) const {
  std::error_code error;
  if (!std::filesystem::exists(file.path, error))
    return checked->unknown(error ? "the file cannot be read: " + error.message()
                                  : "the file is gone");
  // A parameter that names a folder names a language model.
  const bool is_model = std::filesystem::is_directory(file.path, error);
  const std::string now = is_model ? spec::model_sum(file.path) : sha256_file(file.path);
  if (now != file.sha256) {
    return checked->unknown(std::string("the ") + (is_model ? "model" : "file") +
                            " has changed since the run was planned (sha256 " + now.substr(0, 12) +
                            ", not " + file.sha256.substr(0, 12) + ")");
  }
  if (is_model) {
    checked->text =
        "a model, equal to that of the run; it has no rows of events, and what it was "
        "trained on is not checked";
    return;
  }
  const auto rows = rows_of(file);
  if (!rows) {
    return checked->unknown(
        "the plugin is not installed here, and only it says what the rows belong to");
  }
  if (*rows == FileRows::kOther) {
    return checked->unknown(
        "the plugin does not declare that the rows belong to events, so nothing is known of them");
  }
  if (array_format(file.path) != ArrayFormat::kNone) {
    checked->text = "rows of training events only: an array has no others";
    return;
  }
  judge(count_rows(file.path, *rows, data_, part_), checked);
}

}  // namespace lea::lab
