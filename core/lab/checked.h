// What a verification finds of one file or artefact of a run.
#pragma once

#include <string>
#include <utility>

namespace lea::lab {

struct Checked {
  enum class Is {
    kClean,
    kLeak,     // it depends on validation or test events
    kUnknown,  // it could not be checked
  };
  Is is = Is::kClean;
  std::string kind;  // file or artefact
  std::string name;  // "file rewards of environment lea.table", "artefact states of lea.le"
  std::string id;    // the path of the file, the key of the artefact
  std::string text;  // what was found, without a full stop

  void unknown(std::string why) {
    is = Is::kUnknown;
    text = std::move(why);
  }
};

const char* to_string(Checked::Is is);  // "clean", "leak" or "unknown"

}  // namespace lea::lab
