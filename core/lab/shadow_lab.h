// A temporary lab that looks like another one but for one data set, whose validation and test events
// are other ones. What a plugin makes there shows whether it reaches these events.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "core/data/dataset.h"
#include "core/run/folder.h"

namespace lea::lab {

class ShadowLab {
 public:
  enum class Events { kOther, kReal };  // of validation and test

  // Makes the lab in the folder for temporary files ($TMPDIR, or else /tmp). It has a copy of the
  // data set with other events, no artefact, and links to everything else of `lab`. `name` is that
  // of the data set, and `part` the part of its every event. Throws StoreError when that cannot be
  // written.
  ShadowLab(const std::string& lab, const std::string& name, const data::Dataset& data,
            std::span<const uint8_t> part);
  // Removes it.
  ~ShadowLab();
  ShadowLab(const ShadowLab&) = delete;
  ShadowLab& operator=(const ShadowLab&) = delete;

  const std::string& path() const { return path_; }

  // Puts the events in place, under the same path. The first call with kReal copies the data set.
  void set_events(Events events);
  // Copies a finished artefact of the real lab, in place of what is here under its key.
  void copy_artefact(const run::Folder& artefact);
  void remove_artefact(const std::string& key);

  // A plugin may know the lab by a path. The text with the path of this lab where it has that of the
  // real one, or where it is a path into it.
  std::string redirected(const std::string& text) const;
  // The same for all texts in a document.
  nlohmann::json redirected(nlohmann::json document) const;
  // The variables of this process that change so, for a child process.
  std::map<std::string, std::string> environment() const;

 private:
  void link_the_rest(const std::string& name) const;

  std::string lab_;    // the real one: absolute, without links
  std::string given_;  // as it was named: absolute
  std::string root_, path_, data_;
  Events events_ = Events::kOther;
};

}  // namespace lea::lab
