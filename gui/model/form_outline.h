// What a form shows of a spec: its settings by group, each with its value, default and place, and the
// lists that span its grid. All of it follows from the text, from what the text extends, and from the
// declarations of core/spec and of the plugins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/spec/edit.h"
#include "core/spec/layers.h"
#include "core/spec/settings.h"
#include "gui/model/spec_facts.h"

namespace lea::gui {

// Who states the value of a setting.
enum class Origin {
  kDefault,  // nobody
  kBelow,    // a file or preset that the spec extends
  kHere,     // the text itself
};

// Where a field stands in the text.
struct FieldPlace {
  enum class Kind {
    kValue,      // the value at `path`
    kPlugin,     // the plugin of the use at `path`
    kParameter,  // a parameter of that plugin
    kOfSlot,     // a setting of the slot beside its plugin, see spec::fields_of
  };
  Kind kind = Kind::kValue;
  spec::Path path;     // of the value, or of the use of a plugin
  std::string slot;    // of a use: a slot, or "environment"
  std::string plugin;  // of a parameter: its plugin, as the spec spells it
  std::string name;    // of a parameter, or of a setting of a slot
};

struct FormField {
  std::string key;   // "train.batch_size", "grid.framework[1].gamma": one of a kind in an outline
  std::string name;  // "batch_size"
  ParamInfo info;
  Origin origin = Origin::kDefault;
  std::string value;                     // as the spec writes it, a list without brackets
  std::string otherwise;                 // what holds when the text does not state it
  std::string from;                      // kBelow: the file
  std::string note;                      // what else decides the value, in a sentence
  std::string error;                     // why the value is refused
  std::vector<std::string> suggestions;  // of values that are at hand, where any text is allowed
  spec::Location at;                     // kHere: of the value
  // As an axis of the grid; empty when it can be none, or is one.
  std::string axis;
  FieldPlace place;

  bool differs() const;  // from its declared default
};

struct FormGroup {
  std::string id;     // "train", "framework", "grid.framework[1]", "environments.le"
  std::string title;  // plain text
  std::string about;
  std::string error;  // of the group as a whole
  std::vector<FormField> fields;
};

struct AxisItem {
  std::string text;  // its label
  std::string yaml;  // the item on one line
  bool checked = false;
  size_t index = 0;   // in the list of the spec, of a checked one
  std::string about;  // a tip
  std::string from;   // of a bundle that is offered: the file that has it
  std::string group;  // the group of its parameters; empty: none
  spec::Location at;  // of a checked one
};

// A list of which a spec takes some: an axis of the grid, the seeds, or the presets.
struct FormAxis {
  enum class Kind { kSlot, kSetting, kVariant, kSeeds, kPresets };
  Kind kind = Kind::kSlot;
  std::string key;       // "framework", "train.learning_rate", "variant", "seeds", "extends"
  bool on_grid = false;  // kSlot: whether it is an axis; otherwise one value holds for all cells
  Origin origin = Origin::kDefault;
  std::string from;   // kBelow: the file
  std::string fixed;  // why it can be changed only in the text
  std::string about;
  std::string error;
  ParamInfo info;  // kSetting and kSeeds: what a value must be
  std::vector<AxisItem> items;
  spec::Location at;

  size_t checked() const;
};

struct FormOutline {
  std::string problem;  // why the text cannot be read, in a sentence; the rest is then empty
  std::vector<FormGroup> groups;
  std::vector<FormAxis> axes;
  std::vector<std::string> environments;  // the declared ones
  spec::NodePtr own;                      // the document of the text alone
  spec::NodePtr merged;                   // with what it extends
  spec::NodePtr below;                    // what it extends alone; an empty map without `extends`
  spec::SourcePtr source;                 // of the text, in `merged`

  const FormField* field(const std::string& key) const;
  const FormAxis* axis(const std::string& key) const;
};

// What is read for a form.
struct SpecText {
  std::string text;
  std::string path;  // of its file; of a text without one, where it might stand
  std::shared_ptr<const Facts> facts;
};

FormOutline read_form(const SpecText& spec);

// Gives each error to the field, axis or group that it is about. Returns the others.
std::vector<spec::Diagnostic> take_errors(const std::vector<spec::Diagnostic>& errors,
                                          FormOutline* outline);

// The value at a path of a document; null when there is none.
spec::NodePtr value_at(const spec::NodePtr& document, const spec::Path& path);

// A value as a field shows it, and back as YAML: text gets its quotes, a list its brackets.
std::string field_text(const ParamInfo& info, const spec::Node& value);
std::string default_text(const ParamInfo& info);
std::string field_yaml(const ParamInfo& info, const std::string& text);

// Text as YAML on one line, with quotes where they are needed, also in brackets.
std::string yaml_text(const std::string& text);

// YAML in brackets or braces.
std::string bracketed(const std::string& yaml);
std::string braced(const std::string& yaml);

// Why a text is no value for a declaration, in the words of the command line; empty when it is one.
std::string value_problem(const ParamInfo& info, const std::string& text);

// Parts of read_form.
std::vector<FormGroup> read_groups(const FormOutline& outline, const Facts& facts);
std::vector<FormAxis> read_axes(const FormOutline& outline, const Facts& facts);
// The plugins that can fill a slot, by the names that a spec uses; for "environment" those of that kind.
std::vector<std::string> names_for(const std::string& slot, const FormOutline& outline,
                                   const Facts& facts);
Origin origin_of(const FormOutline& outline, const spec::Location& at);
std::string file_of(const spec::Location& at);  // its name without the folder

}  // namespace lea::gui
