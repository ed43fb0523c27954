#include "gui/model/spec_file.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace fs = std::filesystem;
namespace {

constexpr size_t kSpecBytes = size_t{16} << 20;
constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";

std::string read_spec(const std::string& path) {
  std::string bytes = read_input(path, kSpecBytes);
  const size_t bad = invalid_utf8(bytes);
  if (bad != std::string::npos) {
    throw DataError(printable(path) + ": byte " + std::to_string(bad) +
                    ": is not UTF-8, so it is not the text of a spec");
  }
  return bytes;
}

// Reads a file that may have gone.
std::optional<std::string> read_if_there(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed) && !failed) return std::nullopt;
  return read_spec(path);
}

}  // namespace

SpecFile::SpecFile(Messages& messages, QObject* parent)
    : QObject(parent), messages_(messages), lane_(std::make_unique<Lane>("specs")) {
  keep_soon_.setSingleShot(true);
  keep_soon_.setInterval(kKeepMilliseconds);
  connect(&keep_soon_, &QTimer::timeout, this, &SpecFile::keep);
  connect(&files_, &QFileSystemWatcher::fileChanged, this, &SpecFile::look);
  connect(&files_, &QFileSystemWatcher::directoryChanged, this, &SpecFile::look);
}

SpecFile::~SpecFile() {
  lane_.reset();
  try {
    if (unsaved_) unsaved_->write(edits());
  } catch (const Error&) {
    // Nobody is there any more to read a message. What was kept last stays.
  }
}

void SpecFile::restore(const QString& folder, const QString& path) {
  if (unsaved_ || restoring_) return;
  restoring_ = true;
  lane_->ask(
      restore_ticket_,
      [folder = to_std(folder)](const Lane::Cancelled&) {
        const auto unsaved = std::make_shared<UnsavedEdits>(folder);
        return std::pair{unsaved, unsaved->read()};
      },
      [this, path](const auto& found) {
        restoring_ = false;
        unsaved_ = found.first;
        QString first = path;
        for (const UnsavedEdit& edit : found.second) {
          if (!edit.path.empty()) {
            others_[to_qt(edit.path)] = edit;
            if (first.isEmpty()) first = to_qt(edit.path);
          } else if (path_.isEmpty() && text_.isEmpty()) {
            show_copy(to_qt(edit.text), to_qt(edit.origin));
            first.clear();
          } else {
            others_[""] = edit;  // for the next window
          }
        }
        if (!first.isEmpty() && !opening_ && !is_modified()) open(first);
      },
      [this, path](const QString& text) {
        restoring_ = false;
        messages_.report(Severity::kWarning, "unsaved", "Unsaved edits are not kept: " + text);
        if (!path.isEmpty() && !opening_) open(path);
      });
}

void SpecFile::set_text(const QString& text) {
  if (text == text_) return;
  text_ = text;
  if (!keep_soon_.isActive()) keep_soon_.start();
  Q_EMIT changed();
}

bool SpecFile::refuses_to_leave() {
  if (!path_.isEmpty() || text_.isEmpty()) return false;
  messages_.error(kSource, "The text that is shown has no file yet. Save it, then open another.");
  return true;
}

void SpecFile::open(const QString& path) {
  if (refuses_to_leave()) return;
  opening_ = true;
  lane_->ask(
      open_ticket_, [path = to_std(path)](const Lane::Cancelled&) { return read_spec(path); },
      [this, path](const std::string& bytes) {
        opening_ = false;
        if (!refuses_to_leave()) show(path, bytes);
      },
      [this](const QString& text) {
        opening_ = false;
        messages_.error(kSource, text);
      });
}

void SpecFile::show(const QString& path, const std::string& bytes) {
  messages_.resolve(kSource);
  stash();
  path_ = path;
  origin_.clear();
  const auto known = others_.find(path);
  if (known == others_.end()) {
    take_bytes(bytes);
  } else {
    const UnsavedEdit edit = known->second;
    others_.erase(known);
    take_bytes(edit.text);
    const QString edited = text_;
    take_bytes(edit.saved);
    text_ = edited;
    messages_.note("edits", shown(edit.path) + ": the edits that were not saved are back.");
    if (bytes != saved_) take_news(bytes);
  }
  watch();
  Q_EMIT replaced();
  Q_EMIT changed();
}

void SpecFile::show_copy(const QString& text, const QString& origin) {
  if (refuses_to_leave()) return;
  stash();
  path_.clear();
  take_bytes("");
  origin_ = origin;
  text_ = text;
  watch();
  keep_soon_.start();
  Q_EMIT replaced();
  Q_EMIT changed();
}

// What the file holds becomes the text.
void SpecFile::take_bytes(const std::string& bytes) {
  saved_ = bytes;
  form_.has_mark = bytes.starts_with(kByteOrderMark);
  form_.windows_ends = bytes.find("\r\n") != std::string::npos;
  QString text = to_qt(bytes);
  if (text.startsWith(QChar::ByteOrderMark)) text.remove(0, 1);
  text.replace("\r\n", "\n").replace('\r', '\n');
  text_ = saved_text_ = text;
}

std::string SpecFile::bytes() const {
  // Also where its line ends were mixed, a text without edits is the file as it is.
  if (!path_.isEmpty() && !is_modified()) return saved_;
  QString text = text_;
  if (form_.windows_ends) text.replace("\n", "\r\n");
  return (form_.has_mark ? kByteOrderMark : "") + to_std(text);
}

void SpecFile::save(const QString& path, const std::function<void()>& then) {
  const std::optional<std::string> expected =
      path == path_ ? std::optional(saved_) : std::optional<std::string>();
  lane_->ask(
      save_ticket_,
      [path = to_std(path), bytes = bytes(), expected](const Lane::Cancelled&) {
        if (expected) {
          const std::optional<std::string> now = read_if_there(path);
          if (now && *now != *expected) {
            throw StoreError(printable(path) +
                             ": was changed by another program since it was opened, so it is not "
                             "overwritten. Save the text under another name, or reload the file.");
          }
        }
        publish_file(path, bytes);
        return bytes;
      },
      [this, path, then](const std::string& written) {
        const QString now = text_;
        const Form form = form_;
        others_.erase(path);
        path_ = path;
        origin_.clear();
        take_bytes(written);
        form_ = form;
        text_ = now;  // somebody may have typed meanwhile
        messages_.resolve(kSource);
        watch();
        keep();
        Q_EMIT changed();
        if (then) then();
      },
      [this](const QString& text) { messages_.error(kSource, text); });
}

void SpecFile::reload() {
  if (path_.isEmpty()) return;
  lane_->ask(
      open_ticket_, [path = to_std(path_)](const Lane::Cancelled&) { return read_spec(path); },
      [this, path = path_](const std::string& bytes) {
        if (path != path_) return;
        take_bytes(bytes);
        messages_.resolve(kSource);
        watch();
        keep();
        Q_EMIT replaced();
        Q_EMIT changed();
      },
      [this](const QString& text) { messages_.error(kSource, text); });
}

void SpecFile::look() {
  if (path_.isEmpty()) return;
  lane_->ask(
      look_ticket_, [path = to_std(path_)](const Lane::Cancelled&) { return read_if_there(path); },
      [this, path = path_](const std::optional<std::string>& bytes) {
        if (path != path_) return;
        watch();  // a file that was replaced is watched no more
        if (bytes && *bytes != saved_) take_news(*bytes);
      },
      [this](const QString& text) { messages_.error(kSource, text); });
}

// Another program has written the file that is shown.
void SpecFile::take_news(const std::string& bytes) {
  if (is_modified()) {
    messages_.report(Severity::kWarning, kSource,
                     shown(to_std(path_)) +
                         ": was changed by another program, and has edits here that are not saved. "
                         "Save them under another name, or reload the file, which drops them.");
    return;
  }
  take_bytes(bytes);
  messages_.note(kSource,
                 shown(to_std(path_)) + ": was changed by another program and read again.");
  Q_EMIT replaced();
  Q_EMIT changed();
}

// Keeps the edits of the file that is shown, before another one is.
void SpecFile::stash() {
  if (path_.isEmpty() || !is_modified()) return;
  others_[path_] = {to_std(path_), "", saved_, bytes()};
  keep_soon_.start();
}

void SpecFile::watch() {
  const QStringList before = files_.files() + files_.directories();
  QStringList now;
  if (!path_.isEmpty()) now << path_ << to_qt(fs::path(to_std(path_)).parent_path().string());
  for (const QString& name : before) {
    if (!now.contains(name)) files_.removePath(name);
  }
  for (const QString& name : now) {
    if (!name.isEmpty() && !before.contains(name)) files_.addPath(name);
  }
}

std::vector<UnsavedEdit> SpecFile::edits() const {
  std::vector<UnsavedEdit> edits;
  for (const auto& [path, edit] : others_) edits.push_back(edit);
  if (is_modified()) edits.push_back({to_std(path_), to_std(origin_), saved_, bytes()});
  return edits;
}

void SpecFile::keep() {
  keep_soon_.stop();
  if (!unsaved_) return;
  lane_->ask(
      keep_ticket_,
      [unsaved = unsaved_, edits = edits()](const Lane::Cancelled&) {
        unsaved->write(edits);
        return true;
      },
      [this](bool) { messages_.resolve("unsaved"); },
      [this](const QString& text) {
        messages_.report(Severity::kWarning, "unsaved", "Unsaved edits are not kept: " + text);
      });
}

}  // namespace lea::gui
