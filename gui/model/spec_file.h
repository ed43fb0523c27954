// The spec that an editor shows, and its file. Files are read and written on a lane. A file that was
// changed by another program is read again, or, when it has edits here, never overwritten.
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QString>
#include <QTimer>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gui/model/lane.h"
#include "gui/model/messages.h"
#include "gui/model/unsaved_edits.h"

namespace lea::gui {

class SpecFile : public QObject {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "spec";
  // After an edit, it is kept so soon.
  static constexpr int kKeepMilliseconds = 3000;

  explicit SpecFile(Messages& messages, QObject* parent = nullptr);
  ~SpecFile() override;

  // Keeps unsaved edits in this folder from now on, and takes up those that a window before left.
  // Without any, opens `path` unless it is empty or something else is being opened.
  void restore(const QString& folder, const QString& path);

  const QString& path() const { return path_; }      // empty: the text has no file
  const QString& origin() const { return origin_; }  // without a file: what it is a copy of
  const QString& text() const { return text_; }      // its lines end in \n
  bool is_modified() const { return path_.isEmpty() ? !text_.isEmpty() : text_ != saved_text_; }

  // The user has edited the text.
  void set_text(const QString& text);
  // Shows a file. The edits of the one before come back when it is opened again. Refused while a
  // text without a file is shown, which would be lost.
  void open(const QString& path);
  // Shows a text that has no file. Refused as `open` is.
  void show_copy(const QString& text, const QString& origin);
  // Writes the text, and calls `then` when that is done. The file that is shown is not overwritten
  // when it was changed by another program since.
  void save(const QString& path, const std::function<void()>& then = {});
  // Reads the file again, and drops the edits.
  void reload();
  // Looks whether another program has changed the file.
  void look();

 Q_SIGNALS:
  void replaced();  // the text is another one, which the user has not typed
  void changed();   // the text, the file, or whether there are edits

 private:
  // How the file writes what is the same text.
  struct Form {
    bool has_mark = false;      // it begins with a byte order mark
    bool windows_ends = false;  // its lines end in \r\n
  };

  bool refuses_to_leave();
  void show(const QString& path, const std::string& bytes);
  void take_bytes(const std::string& bytes);
  void take_news(const std::string& bytes);
  void stash();
  void watch();
  void keep();
  std::vector<UnsavedEdit> edits() const;
  std::string bytes() const;

  Messages& messages_;
  std::unique_ptr<Lane> lane_;
  Ticket open_ticket_, save_ticket_, look_ticket_, keep_ticket_, restore_ticket_;
  QTimer keep_soon_;
  QFileSystemWatcher files_;
  QString path_, origin_, text_;
  std::string saved_;   // the bytes of the file as they were read or written last
  QString saved_text_;  // the same as text
  Form form_;
  std::map<QString, UnsavedEdit> others_;  // edits of files that are not shown, by path
  std::shared_ptr<UnsavedEdits> unsaved_;  // null: edits are not kept
  bool restoring_ = false, opening_ = false;
};

}  // namespace lea::gui
