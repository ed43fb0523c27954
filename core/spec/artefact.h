// What a plugin makes once and many runs share, such as the states and the rewards that a language
// model computes for a data set.
//
// Plugins and host exchange this type. So the header needs no library and uses standard types only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea {

// The declaration of one artefact. The host computes from it the key under which the artefact is
// stored: equal keys mean equal files.
struct Artefact {
  std::string kind;  // a word that is unique in the plugin, such as "rewards"

  // The artefact that it is made from: empty for none; another kind of this plugin; or "of." and a
  // kind, for an artefact of the environment that the parameter `of` names.
  std::string after = "";

  // The parameters of the plugin that change it. "title if items=titles" counts only where the
  // parameter `items` has this value, and "rate unless steps=0" only where `steps` has another one.
  // One that is named several times counts when any of its conditions holds. A condition names a
  // choice, a text, a number or a boolean that was not added after a release.
  std::vector<std::string> params = {};
  // The data that it is made from: texts, training, history, pool.
  std::vector<std::string> reads = {};
  // Where it is needed: some of the words state, reward and augment, with spaces between them;
  // empty: anywhere. An environment that an augmenter names stands in the slot augment, also when the
  // augmenter asks it for rewards: those are of items that the recommender ranks first, and rewards
  // that were looked up for the pool of a run without rewards would be made in vain. The word
  // augment.select=labels is the slot augment where the augmenter's parameter select is labels.
  std::string slot = "";
  int64_t revision = 1;  // raised when equal parameters give other files than before
};

}  // namespace lea
