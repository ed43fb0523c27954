#include "gui/model/spec_form.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

const FormField& field_in(const FormOutline& outline, const std::string& key) {
  const FormField* field = outline.field(key);
  if (!field) throw ConfigError(in_backticks(key) + " is no setting of this spec any more.");
  return *field;
}

const FormAxis& axis_in(const FormOutline& outline, const std::string& key) {
  const FormAxis* axis = outline.axis(key);
  if (!axis) throw ConfigError(in_backticks(key) + " is no axis of this spec any more.");
  return *axis;
}

const AxisItem& item_in(const FormAxis& axis, const std::string& yaml) {
  const auto found = std::find_if(axis.items.begin(), axis.items.end(),
                                  [&](const AxisItem& item) { return item.yaml == yaml; });
  if (found == axis.items.end())
    throw ConfigError(in_backticks(yaml) + " is no value of " + in_backticks(axis.key) +
                      " any more.");
  return *found;
}

// An outline is of use only for a text that can be read.
FormOutline readable(const SpecText& spec) {
  FormOutline outline = read_form(spec);
  if (!outline.problem.empty())
    throw ConfigError("The text cannot be read, so the form cannot change it: " + outline.problem);
  return outline;
}

}  // namespace

SpecForm::SpecForm(const SpecFacts& facts, QObject* parent) : QObject(parent), facts_(facts) {
  connect(&facts, &SpecFacts::changed, this, &SpecForm::read);
}

SpecText SpecForm::question() const { return {to_std(text_), to_std(path_), facts_.now()}; }

void SpecForm::show(const QString& text, const QString& path) {
  if (text == text_ && path == path_) return;
  text_ = text;
  path_ = path;
  errors_.clear();
  read();
}

void SpecForm::read() {
  reading_ = true;
  lane_.ask(
      read_ticket_, [asked = question()](const Lane::Cancelled&) { return read_form(asked); },
      [this](FormOutline outline) { take(std::move(outline)); },
      [this](const QString& text) {
        reading_ = false;
        problem_ = text;
        Q_EMIT changed();
      });
}

void SpecForm::take(FormOutline outline) {
  reading_ = false;
  problem_ = shown(outline.problem);
  if (problem_.isEmpty()) {
    outline_ = std::move(outline);
    others_ = take_errors(errors_, &outline_);
  }
  Q_EMIT changed();
}

void SpecForm::show_errors(const std::vector<spec::Diagnostic>& errors) {
  if (errors.empty() && errors_.empty()) return;
  errors_ = errors;
  read();  // the errors of the fields before are those of the text before
}

std::vector<std::string> SpecForm::other_errors() const {
  std::vector<std::string> texts;
  for (const spec::Diagnostic& error : others_) texts.push_back(error.text);
  return texts;
}

void SpecForm::edit(const std::string& key, Job job) {
  jobs_.push_back({key, std::move(job)});
  next_edit();
}

void SpecForm::next_edit() {
  if (editing_ || jobs_.empty()) return;
  editing_ = true;
  struct Answer {
    std::string text;
    FormOutline outline;
  };
  lane_.ask(
      edit_ticket_,
      [asked = question(), job = jobs_.front().job](const Lane::Cancelled&) {
        const SpecEdits edits = job(readable(asked), *asked.facts);
        SpecText after = asked;
        after.text = gui::edited(asked.text, edits, asked.path);
        return Answer{after.text, read_form(after)};
      },
      [this, before = text_](Answer answer) {
        editing_ = false;
        if (before != text_) return next_edit();  // somebody has typed meanwhile
        jobs_.pop_front();
        const QString text = to_qt(answer.text);
        if (text != text_) {
          text_ = text;
          errors_.clear();
          Q_EMIT edited(text_);
        }
        if (text == text_) {
          read_ticket_.drop();
          take(std::move(answer.outline));
        }
        next_edit();
      },
      [this, before = text_](const QString& text) {
        editing_ = false;
        if (before != text_) return next_edit();
        const std::string key = jobs_.front().key;
        jobs_.pop_front();
        Q_EMIT refused(to_qt(key), text);
        Q_EMIT changed();  // whoever shows what was wanted shows what holds again
        next_edit();
      });
}

void SpecForm::set_field(const std::string& key, const std::string& value) {
  edit(key, [key, value](const FormOutline& outline, const Facts&) {
    return gui::set_field(outline, field_in(outline, key), value);
  });
}

void SpecForm::reset_field(const std::string& key) {
  edit(key, [key](const FormOutline& outline, const Facts&) {
    return gui::reset_field(outline, field_in(outline, key));
  });
}

void SpecForm::check_item(const std::string& axis, const std::string& yaml, bool checked) {
  edit(axis, [axis, yaml, checked](const FormOutline& outline, const Facts& facts) {
    const FormAxis& list = axis_in(outline, axis);
    return gui::check_item(outline, list, item_in(list, yaml), checked, facts);
  });
}

void SpecForm::add_value(const std::string& axis, const std::string& value) {
  edit(axis, [axis, value](const FormOutline& outline, const Facts&) {
    return gui::add_value(outline, axis_in(outline, axis), value);
  });
}

void SpecForm::add_again(const std::string& axis, const std::string& yaml) {
  edit(axis, [axis, yaml](const FormOutline& outline, const Facts&) {
    const FormAxis& list = axis_in(outline, axis);
    return gui::add_again(outline, list, item_in(list, yaml));
  });
}

void SpecForm::add_axis(const std::string& field) {
  edit(field, [field](const FormOutline& outline, const Facts&) {
    return gui::add_axis(outline, field_in(outline, field));
  });
}

void SpecForm::remove_axis(const std::string& axis) {
  edit(axis, [axis](const FormOutline& outline, const Facts&) {
    return gui::remove_axis(outline, axis_in(outline, axis));
  });
}

void SpecForm::add_environment(const std::string& name, const std::string& plugin) {
  edit("", [name, plugin](const FormOutline& outline, const Facts&) {
    return gui::add_environment(outline, name, plugin);
  });
}

void SpecForm::remove_environment(const std::string& name) {
  edit("", [name](const FormOutline& outline, const Facts&) {
    return gui::remove_environment(outline, name);
  });
}

}  // namespace lea::gui
