#include "core/lab/shadow_lab.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/temporary_folder.h"
#include "core/base/text.h"
#include "core/data/other_events.h"
#include "core/run/artefact_folder.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kSeed = 1;  // of the other events

std::string without_slash(fs::path path) {
  path = path.lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

// Whether a character can belong to a name in a path, so that "/lab" is not found in "/lab-2".
bool in_name(char c) {
  return isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

std::string replaced(std::string text, const std::string& path, const std::string& by) {
  for (size_t at = 0; (at = text.find(path, at)) != std::string::npos;) {
    const size_t end = at + path.size();
    const bool begins = at == 0 || (text[at - 1] != '/' && !in_name(text[at - 1]));
    if (!begins || (end < text.size() && in_name(text[end]))) {
      at = end;
      continue;
    }
    text.replace(at, path.size(), by);
    at += by.size();
  }
  return text;
}

// Replaces each path in the text that leads to `place`, or into it, through links.
std::string replaced_behind_links(const std::string& text, const std::string& place,
                                  const std::string& by) {
  std::string changed;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && (text[end] == '/' || in_name(text[end]))) ++end;
    const std::string part = text.substr(at, std::max<size_t>(end - at, 1));
    at += part.size();
    std::string real = part;
    if (part.front() == '/') {
      try {
        real = follow_links(part);
      } catch (const DataError&) {
        // The links lead in a circle, and so nowhere.
      }
    }
    const bool into = real != part && (real == place || real.starts_with(place + "/"));
    changed += into ? by + real.substr(place.size()) : part;
  }
  return changed;
}

}  // namespace

ShadowLab::ShadowLab(const std::string& lab, const std::string& name, const data::Dataset& data,
                     std::span<const uint8_t> part)
    : lab_(without_slash(fs::canonical(lab))),
      given_(without_slash(fs::absolute(lab))),
      root_(make_temporary_folder("lealab-verify")),
      path_(root_ + "/lab") {
  try {
    data_ = data::dataset_folder(path_, name);
    fs::create_directories(run::artefacts_folder(path_));
    fs::create_directories(data::datasets_folder(path_));
    link_the_rest(name);
    data::write_other_events(data, part, kSeed, data_);
  } catch (...) {
    // No destructor runs for an object that was not made.
    std::error_code ignored;
    fs::remove_all(root_, ignored);
    throw;
  }
}

ShadowLab::~ShadowLab() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void ShadowLab::link_the_rest(const std::string& name) const {
  const auto link = [](const fs::path& from, const fs::path& into) {
    for (const auto& entry : fs::directory_iterator(from)) {
      const fs::path link = into / entry.path().filename();
      if (!fs::exists(fs::symlink_status(link))) fs::create_symlink(entry.path(), link);
    }
  };
  fs::create_directory(data_);  // so that no link takes its place
  link(lab_, path_);
  link(data::datasets_folder(lab_), data::datasets_folder(path_));
  fs::remove(data_);
}

void ShadowLab::set_events(Events events) {
  if (events == events_) return;
  const std::string other = root_ + "/other", real = root_ + "/real";
  if (events == Events::kReal && !fs::exists(real)) {
    fs::copy(data::dataset_folder(lab_, fs::path(data_).filename()), real,
             fs::copy_options::recursive);
  }
  fs::rename(data_, events == Events::kReal ? other : real);
  fs::rename(events == Events::kReal ? real : other, data_);
  events_ = events;
}

void ShadowLab::copy_artefact(const run::Folder& artefact) {
  remove_artefact(artefact.uuid());
  fs::copy(artefact.path, run::artefact_folder(path_, artefact.uuid()).path,
           fs::copy_options::recursive);
}

void ShadowLab::remove_artefact(const std::string& key) {
  fs::remove_all(run::artefact_folder(path_, key).path);
}

std::string ShadowLab::redirected(const std::string& text) const {
  std::error_code error;
  const bool relative =
      text.find('/') != std::string::npos && text.front() != '/' && fs::exists(text, error);
  std::string changed = relative ? without_slash(fs::absolute(text)) : text;
  const std::string before = changed;
  changed = replaced_behind_links(changed, lab_, path_);
  for (const std::string& lab : {lab_, given_}) {
    if (lab.size() > 1) changed = replaced(std::move(changed), lab, path_);
    if (lab_ == given_) break;
  }
  return changed == before ? text : changed;
}

nlohmann::json ShadowLab::redirected(nlohmann::json document) const {
  if (document.is_string()) return redirected(document.get<std::string>());
  if (document.is_structured()) {
    for (nlohmann::json& value : document) value = redirected(std::move(value));
  }
  return document;
}

std::map<std::string, std::string> ShadowLab::environment() const {
  std::map<std::string, std::string> changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    const std::string value = variable.substr(equals + 1), changed = redirected(value);
    if (changed != value) changes[variable.substr(0, equals)] = changed;
  }
  if (getenv("LEALAB") != nullptr) changes["LEALAB"] = path_;
  return changes;
}

}  // namespace lea::lab
