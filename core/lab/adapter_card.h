// The card of an exported adapter: how it was made, and how to open it.
#pragma once

#include <string>
#include <vector>

#include "core/run/artefact_folder.h"

namespace lea::lab {

// An artefact that the card describes.
struct CardArtefact {
  run::ArtefactHeader header;
  run::Result result;  // finished
};

struct Card {
  CardArtefact adapter;
  // What the adapter is made from, the direct one first. `complete`: the lab still has all of it.
  std::vector<CardArtefact> earlier;
  bool complete = true;
  std::vector<CardArtefact> later;  // what was made from the adapter
  struct Tensor {
    std::string name, type;  // the type as "F32 [N, D]"
  };
  // A file by its path in the exported folder, with its tensors if it holds any.
  struct File {
    std::string name;
    std::vector<Tensor> tensors;
  };
  std::vector<File> files;
};

// Markdown, with the front matter of Hugging Face's model cards. Equal cards give equal texts.
// Paths are without their folders. The card of an adapter that was trained on random weights says how
// they were made, and neither names the trained model as its base nor shows how to open it with that.
std::string text_of(const Card& card);

}  // namespace lea::lab
