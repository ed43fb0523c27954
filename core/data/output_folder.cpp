#include "core/data/output_folder.h"

#include <utility>

namespace lea::data {
namespace {

// Values of a few bytes are collected, because each call to the sum has a cost of its own.
constexpr size_t kBuffer = size_t{1} << 18;

}  // namespace

OutputFolder::File::File(OutputFolder& folder, std::string name)
    : folder_(folder), name_(std::move(name)) {
  if (folder.folder_ != nullptr) file_.emplace(folder.folder_->path(name_));
}

void OutputFolder::File::write(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBuffer) flush();
}

void OutputFolder::File::flush() {
  if (file_) file_->write(buffer_);
  sum_.add(buffer_);
  bytes_ += buffer_.size();
  buffer_.clear();
}

void OutputFolder::File::close() {
  flush();
  if (file_) file_->close();
  folder_.records_[name_] = {{"bytes", bytes_}, {"sha256", sum_.hex()}};
}

std::string sum_of_description(const nlohmann::json& description) {
  std::string text = "lea-data 1\n" + description["counts"].dump() +
                     description["behaviours"].dump() + description["time_is_position"].dump() +
                     "\n";
  for (const auto& [name, file] : description["files"].items()) {
    text += name + " " + file["sha256"].get_ref<const std::string&>() + "\n";
  }
  return sha256(text);
}

}  // namespace lea::data
