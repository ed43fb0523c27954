// The settings of a spec as a form: groups that fold, a search, and only what differs on request.
#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidget>
#include <map>
#include <vector>

#include "gui/model/spec_form.h"
#include "gui/view/field_row.h"

namespace lea::gui {

// A group of fields. Its rows are made when it is opened first.
class GroupView : public QWidget {
  Q_OBJECT

 public:
  explicit GroupView(QWidget* parent = nullptr);

  void show_group(const FormGroup& group);
  const FormGroup& group() const { return group_; }
  bool is_open() const { return header_->isChecked(); }
  void set_open(bool open) { header_->setChecked(open); }
  QToolButton* header() const { return header_; }
  // Shows only the fields that have the words, and differ, if so wanted.
  void filter(const QStringList& words, bool only_different);
  FieldRow* row(const std::string& key);  // null when there is none; opens the group

 Q_SIGNALS:
  void committed(const std::string& key, const QString& value);
  void reset_wanted(const std::string& key);
  void axis_wanted(const std::string& key);
  void place_wanted(int line);

 private:
  bool same_fields(const FormGroup& group) const;
  void build();
  void update_header();
  void open(bool open);

  FormGroup group_;
  QToolButton* header_;
  QLabel* error_;
  QWidget* body_ = nullptr;
  std::vector<FieldRow*> rows_;
  QStringList words_;
  bool only_different_ = false, filtered_ = false;
};

class SpecFormView : public QWidget {
  Q_OBJECT

 public:
  explicit SpecFormView(SpecForm& form, QWidget* parent = nullptr);

  QLineEdit* search() const { return search_; }
  // Opens a group and brings it into sight.
  void show_group(const std::string& id);
  GroupView* group(const std::string& id) const;  // null when there is none
  std::vector<std::string> open_groups() const;
  void set_open_groups(const std::vector<std::string>& ids);

 Q_SIGNALS:
  void place_wanted(int line);

 private:
  void update_form();
  void filter();
  GroupView* make_group();
  void show_refusal(const QString& key, const QString& reason);

  SpecForm& form_;
  QLineEdit* search_;
  QToolButton* only_different_;
  QScrollArea* scroll_;
  QWidget* content_;
  QVBoxLayout* column_;
  QLabel* none_;
  std::map<std::string, GroupView*> groups_;
  std::vector<std::string> open_ = {"", "data", "train"};
};

}  // namespace lea::gui
