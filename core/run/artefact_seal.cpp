#include "core/run/artefact_seal.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"

namespace lea::run {
namespace {

constexpr const char *kHeaderSum = "header_sha256", *kChecksum = "checksum";

std::string header_sum(nlohmann::json header) {
  keep_names(header);
  return sha256(header.dump());
}

std::string sum_without_checksum(nlohmann::json result) {
  result.erase(kChecksum);
  return sha256(result.dump());
}

}  // namespace

void keep_names(nlohmann::json& document) {
  if (document.is_object() && document.contains("path") && document["path"].is_string()) {
    const std::filesystem::path path = document["path"].get_ref<const std::string&>();
    document["path"] = path.filename().string();
  }
  if (document.is_structured()) {
    for (nlohmann::json& element : document) keep_names(element);
  }
}

void seal(nlohmann::json& result, const nlohmann::json& header) {
  result[kHeaderSum] = header_sum(header);
  result[kChecksum] = sum_without_checksum(result);
}

void check_seal(const nlohmann::json& result, const std::string& result_file,
                const nlohmann::json& header, const std::string& header_file) {
  const JsonFields fields(result, result_file);
  if (fields.has(kChecksum) && fields.text(kChecksum) != sum_without_checksum(result))
    fields.fail(kChecksum, "is not that of the rest of the file, which was changed");
  if (fields.has(kHeaderSum) && fields.text(kHeaderSum) != header_sum(header)) {
    throw DataError(header_file + ": is not the file of which " + result_file +
                    " has the sum, so it was changed");
  }
}

}  // namespace lea::run
