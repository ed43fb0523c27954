// The cache of what plugins count.
#include "core/lab/artefact_counts.h"

#include <gtest/gtest.h>

#include <functional>

namespace lea::lab {
namespace {

struct Counted {
  run::ArtefactHeader header;
  spec::PluginBuild build{"1.0.0", std::string(64, '1')};
  std::string key() const { return counts_key(header, build); }
};

Counted counted() {
  Counted counted;
  counted.header.key = std::string(64, 'a');
  counted.header.needed.plugin_kind = "environment";
  counted.header.needed.use = {
      "lea.le",
      {{"labels", " first| second"}, {"model", {{"path", "/models/one"}, {"sha256", "22"}}}}};
  return counted;
}

TEST(CachedCounts, DependOnAllThatTheCountingDependsOn) {
  const std::function<void(Counted&)> changes[] = {
      [](Counted& one) { one.header.key[0] = 'b'; },
      [](Counted& one) { one.header.needed.use.params["labels"] = " 1| 2"; },
      [](Counted& one) { one.header.needed.use.params["model"]["sha256"] = "33"; },
      [](Counted& one) { one.header.device = "cuda"; },
      [](Counted& one) { one.build.version = "1.0.1"; },
      [](Counted& one) { one.build.sha256[0] = '2'; },
  };
  const std::string key = counted().key();
  EXPECT_EQ(key, counted().key());
  EXPECT_EQ(key.size(), 64u);
  for (size_t i = 0; i < std::size(changes); ++i) {
    Counted other = counted();
    changes[i](other);
    EXPECT_NE(other.key(), key) << "change " << i;
  }
}

TEST(CachedCounts, StayWhenAModelMoves) {
  Counted moved = counted();
  moved.header.needed.use.params["model"]["path"] = "/models/two";
  EXPECT_EQ(moved.key(), counted().key());
}

}  // namespace
}  // namespace lea::lab
