// One edit of the text of a spec as data: a text before, an edit, and the text after it, byte for byte.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "core/spec/edit.h"

namespace lea::spec {

enum class Do { kSet, kInsert, kRemove };

struct Edited {
  const char* name;
  Do what;
  std::string before;
  Path path;
  std::string value;
  std::string after;  // the text, or the error
};
inline void PrintTo(const Edited& edited, std::ostream* out) { *out << edited.name; }

inline std::string edit(const Edited& edited) {
  switch (edited.what) {
    case Do::kSet:
      return set_value(edited.before, edited.path, edited.value, "f");
    case Do::kInsert:
      return insert_item(edited.before, edited.path, edited.value, "f");
    case Do::kRemove:
      return remove_value(edited.before, edited.path, "f");
  }
  return "";
}

inline constexpr size_t kFirst = 0, kSecond = 1, kThird = 2;

inline std::string name_of(const ::testing::TestParamInfo<Edited>& info) { return info.param.name; }

}  // namespace lea::spec
