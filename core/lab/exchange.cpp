#include "core/lab/exchange.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::lab {

void keep_names(nlohmann::json& document) {
  if (document.is_object() && document.contains("path") && document["path"].is_string()) {
    const std::filesystem::path path = document["path"].get_ref<const std::string&>();
    document["path"] = path.filename().string();
  }
  if (document.is_structured()) {
    for (nlohmann::json& element : document) keep_names(element);
  }
}

void refuse_unless(const std::function<void()>& check, const std::string& file,
                   const std::string& checked) {
  try {
    check();
  } catch (const Error& error) {
    if (error.code() != Exit::kBadInput) throw;
    std::string why = error.what();
    if (why.starts_with(checked)) why.erase(0, checked.size());
    if (why.ends_with(".")) why.pop_back();
    throw DataError(printable(file) + ": " + why + ". Nothing was imported.");
  }
}

}  // namespace lea::lab
