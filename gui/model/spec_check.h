// What is wrong with the spec in an editor, in the words of the command line. It is looked for on a lane
// while somebody types, and the model lists it in the order of the lines.
#pragma once

#include <QAbstractListModel>
#include <QString>
#include <QTimer>
#include <vector>

#include "core/spec/yaml.h"
#include "gui/model/spec_facts.h"
#include "gui/model/spec_outline.h"

namespace lea::gui {

class SpecCheck : public QAbstractListModel {
  Q_OBJECT

 public:
  // So soon after the last edit, a text is checked.
  static constexpr int kPauseMilliseconds = 300;
  // At most so many problems are listed. The text of the last row counts the others.
  static constexpr size_t kListed = 200;
  // As what a text without a file is checked. Its relative paths start at the current folder.
  static constexpr const char* kUnsavedName = "experiment.yaml";

  explicit SpecCheck(SpecFacts& facts, QObject* parent = nullptr);

  // The text that is shown, and its file; empty for none. A check of an older text is cancelled.
  void set_text(const QString& text, const QString& path);

  // Of the text that was checked last.
  const std::vector<spec::Diagnostic>& problems() const { return found_.problems; }
  const SpecOutline& outline() const { return outline_; }
  // Whether the problem is in the text itself and not in a file that it extends.
  bool is_here(const spec::Diagnostic& problem) const;
  // Whether problems() are those of the text.
  bool is_current() const { return current_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 Q_SIGNALS:
  void checked();

 private:
  struct Found {
    std::vector<spec::Diagnostic> problems;
    SpecOutline outline;
    bool parsed = false;
  };

  void check();
  void take(const Found& found);
  QString text_of(const spec::Diagnostic& problem) const;

  SpecFacts& facts_;
  Lane lane_{"check of a spec"};
  Ticket ticket_;
  QTimer soon_;
  QString text_;
  std::string path_;
  Found found_;
  SpecOutline outline_;  // that of the last text that parsed
  bool current_ = false;
};

}  // namespace lea::gui
