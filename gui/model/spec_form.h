// A form and the text that it stands for. The text is read on a lane; a change in the form changes the
// text by core/spec/edit.h. While a text cannot be read, the form keeps the state of the last one that
// could, and says why.
#pragma once

#include <QObject>
#include <QString>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "gui/model/form_edits.h"
#include "gui/model/lane.h"
#include "gui/model/spec_facts.h"

namespace lea::gui {

class SpecForm : public QObject {
  Q_OBJECT

 public:
  explicit SpecForm(const SpecFacts& facts, QObject* parent = nullptr);

  // Shows a text. `path`: of its file; of a text without one, where it might stand.
  void show(const QString& text, const QString& path);
  // The errors of the text as spec::check_spec finds them, from whoever checks it.
  void show_errors(const std::vector<spec::Diagnostic>& errors);

  const FormOutline& outline() const { return outline_; }  // of the last text that could be read
  const QString& problem() const { return problem_; }      // why the text cannot be read
  bool has_text() const { return !text_.trimmed().isEmpty(); }
  const QString& text() const { return text_; }
  // Whether the text is read, and no edit is under way.
  bool is_idle() const { return jobs_.empty() && !reading_; }
  std::vector<std::string> other_errors() const;  // that no field and no list shows

  // What a user does in the form. Edits are made one after the other, each on the text that is then
  // there. One that cannot be made changes nothing, and refused() says why.
  void set_field(const std::string& key, const std::string& value);
  void reset_field(const std::string& key);
  void check_item(const std::string& axis, const std::string& yaml, bool checked);
  void add_value(const std::string& axis, const std::string& value);
  void add_again(const std::string& axis, const std::string& yaml);
  void add_axis(const std::string& field);
  void remove_axis(const std::string& axis);
  void add_environment(const std::string& name, const std::string& plugin);
  void remove_environment(const std::string& name);

 Q_SIGNALS:
  void changed();                    // the outline, the problem or the errors
  void edited(const QString& text);  // by the form
  // An edit could not be made: of a field, of an axis, or "" of something else.
  void refused(const QString& key, const QString& reason);

 private:
  using Job = std::function<SpecEdits(const FormOutline&, const Facts&)>;
  struct Named {
    std::string key;
    Job job;
  };

  void read();
  void take(FormOutline outline);
  void edit(const std::string& key, Job job);
  void next_edit();
  SpecText question() const;

  const SpecFacts& facts_;
  Lane lane_{"form"};
  Ticket read_ticket_, edit_ticket_;
  QString text_, path_, problem_;
  FormOutline outline_;
  std::vector<spec::Diagnostic> errors_, others_;
  std::deque<Named> jobs_;
  bool reading_ = false, editing_ = false;
};

}  // namespace lea::gui
