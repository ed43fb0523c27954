#include "core/spec/made_with.h"

namespace lea::spec {

bool computes_the_same(const PluginBuild& a, const PluginBuild& b) {
  const std::string& version = a.version.empty() ? b.version : a.version;
  if (!b.version.empty() && b.version != version) return false;
  return !version.ends_with("-dev") || a.sha256 == b.sha256;
}

}  // namespace lea::spec
