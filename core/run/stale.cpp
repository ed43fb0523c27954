#include "core/run/stale.h"

#include "core/base/text.h"

namespace lea::run {
std::vector<std::string> outdated_parts(const Result& result, const InstalledPlugins& installed) {
  std::vector<std::string> parts;
  if (!result.made_with) return parts;
  for (const UsedPlugin& used : result.made_with->plugins) {
    const auto found = installed.find(used.id);
    if (found == installed.end()) continue;
    const spec::PluginBuild& now = found->second;
    if (spec::computes_the_same({used.version, used.sha256}, now)) continue;
    parts.push_back(
        used.id + " " + used.version +
        (used.version == now.version ? " (another build)" : " (now " + now.version + ")"));
  }
  const int64_t numerics = result.made_with->numerics;
  if (numerics != spec::kNumerics) {
    parts.push_back("numerics " + std::to_string(numerics) + " (now " +
                    std::to_string(spec::kNumerics) + ")");
  }
  return parts;
}

void StaleRuns::add(const std::vector<std::string>& parts) {
  count_ += !parts.empty();
  parts_.insert(parts.begin(), parts.end());
}

std::string StaleRuns::line() const {
  if (count_ == 0) return "";
  std::vector<std::string> parts;
  for (const std::string& part : parts_) parts.push_back(printable(part));
  return counted(count_, "run") + (count_ == 1 ? " is" : " are") + " stale: made with " +
         joined(parts);
}

}  // namespace lea::run
