#include "core/worker/counting_reads.h"

#include <algorithm>

namespace lea::worker {

Artefact with_reads_of_earlier(const PluginEntry& entry, Artefact artefact) {
  std::string after = artefact.after;
  // A chain is no longer than the list, so a circle ends too.
  for (size_t step = 0; step < entry.artefacts.size() && !after.empty(); ++step) {
    const auto earlier = std::find_if(entry.artefacts.begin(), entry.artefacts.end(),
                                      [&](const Artefact& one) { return one.kind == after; });
    if (earlier == entry.artefacts.end()) break;
    for (const std::string& name : earlier->reads) {
      if (std::find(artefact.reads.begin(), artefact.reads.end(), name) == artefact.reads.end())
        artefact.reads.push_back(name);
    }
    after = earlier->after;
  }
  return artefact;
}

}  // namespace lea::worker
