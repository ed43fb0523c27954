// What an action in a form changes in the text of a spec: steps for core/spec/edit.h, which change only
// the lines concerned.
#pragma once

#include <string>
#include <vector>

#include "core/spec/edit.h"
#include "gui/model/form_outline.h"

namespace lea::gui {

struct SpecEdit {
  enum class Kind { kSet, kInsert, kRemove };
  Kind kind = Kind::kSet;
  spec::Path path;
  std::string value = {};  // YAML
};
using SpecEdits = std::vector<SpecEdit>;  // in their order

// The text after the edits. Throws ConfigError as core/spec/edit.h does.
std::string edited(std::string text, const SpecEdits& edits, const std::string& name);

// All functions below throw ConfigError, with a sentence for people, for what cannot be done.

// Gives a field a value as a person writes it. The value that holds without the text's own statement
// removes that statement. Refuses what is no value for the declaration.
SpecEdits set_field(const FormOutline& outline, const FormField& field, const std::string& text);
// Removes what the text states for a field.
SpecEdits reset_field(const FormOutline& outline, const FormField& field);

// Takes an item into the list, or out of it.
SpecEdits check_item(const FormOutline& outline, const FormAxis& axis, const AxisItem& item,
                     bool checked, const Facts& facts);
// Adds a value that the list does not offer. `text` is as a person writes it.
SpecEdits add_value(const FormOutline& outline, const FormAxis& axis, const std::string& text);
// Adds the plugin of an item once more, with a label of its own, so that it can get other parameters.
SpecEdits add_again(const FormOutline& outline, const FormAxis& axis, const AxisItem& item);
// Makes a setting an axis that has its value, and the reverse.
SpecEdits add_axis(const FormOutline& outline, const FormField& field);
SpecEdits remove_axis(const FormOutline& outline, const FormAxis& axis);

SpecEdits add_environment(const FormOutline& outline, const std::string& name,
                          const std::string& plugin);
SpecEdits remove_environment(const FormOutline& outline, const std::string& name);

}  // namespace lea::gui
