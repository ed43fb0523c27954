#include "core/spec/edit.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/base/text.h"
#include "core/spec/text_changes.h"
#include "core/spec/yaml.h"
#include "core/spec/yaml_places.h"

namespace lea::spec {
namespace {

using nlohmann::json;
using Kind = Place::Kind;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

const size_t* index_in(const Step& step) { return std::get_if<size_t>(&step); }
const std::string& key_in(const Step& step) { return std::get<std::string>(step); }

// "grid.variant[3].LER" of the first `steps` of a path.
std::string shown(const Path& path, size_t steps) {
  std::string text;
  for (size_t i = 0; i < steps; ++i) {
    const size_t* index = index_in(path[i]);
    text = index ? numbered(text, *index) : text + (text.empty() ? "" : ".") + key_in(path[i]);
  }
  return text;
}

NodePtr parse(std::string_view text, const std::string& name, bool has_lines) {
  Errors errors;
  const auto source = std::make_shared<const Source>(Source{name, "", 0, has_lines});
  NodePtr node = parse_yaml(text, source, errors);
  errors.throw_if_any();
  return node;
}

// The document as a value. A text without content is an empty map.
json document_of(std::string_view text, const std::string& name) {
  if (skip_space(text, 0) == text.size()) return json::object();
  json document = plain_json(*parse(text, name, /*has_lines=*/true));
  return document.is_null() ? json::object() : document;
}

// The value at the first `steps` of the path. Adds the keys that are missing.
json* follow(json* document, const Path& path, size_t steps) {
  for (size_t i = 0; i < steps; ++i) {
    const size_t* index = index_in(path[i]);
    document = index ? &(*document)[*index] : &(*document)[key_in(path[i])];
  }
  return document;
}

// "a: {b: value}" for the keys a and b.
std::string nested(const Path& keys, size_t from, const std::string& value) {
  const std::string inner =
      from + 1 < keys.size() ? "{" + nested(keys, from + 1, value) + "}" : value;
  return key_in_flow(key_in(keys[from])) + ": " + inner;
}

// One edit of one text.
class Edit {
 public:
  Edit(std::string_view text, const Path& path, const std::string& name)
      : path_(path),
        name_(name),
        has_mark_(text.starts_with(kByteOrderMark)),
        text_(text.substr(has_mark_ ? kByteOrderMark.size() : 0)),
        source_(std::make_shared<const Source>(Source{name, "", 0, true})),
        changes_(text_) {
    if (path.empty()) throw std::invalid_argument("an edit needs a path");
    document_ = document_of(text_, name);  // refuses a text that is no document
    has_content_ = skip_space(text_, 0) < text_.size();
    if (has_content_) places_ = read_places(text_, source_);
  }

  std::string set(std::string_view text) {
    const NodePtr value = read_value(text);
    walk(path_.size());
    if (trail_.size() == path_.size()) {
      require_own(here().begin, here().end);
      changes_.replace(last(), in_flow(*value));
    } else {
      add(path_, in_flow(*value));
    }
    *follow(&document_, path_, path_.size()) = plain_json(*value);
    return finish();
  }

  std::string insert(std::string_view text) {
    const NodePtr value = read_value(text);
    const Path list(path_.begin(), path_.end() - 1);
    const size_t* index = index_in(path_.back());
    walk(list.size());
    const bool lacks = trail_.size() < list.size() || here().kind == Kind::kNull;
    if (!index || (lacks ? list.empty() : here().kind != Kind::kList)) {
      refuse_at(here().begin, list.size(), "is no list, so an item cannot be added to it");
    }
    const size_t items_now = lacks ? 0 : here().parts.size();
    if (*index > items_now) no_such_item(list.size(), items_now);
    if (!lacks) {
      changes_.insert(here(), *index, in_flow(*value));
    } else if (trail_.size() == list.size()) {
      changes_.replace(last(), "[" + in_flow(*value) + "]");
    } else {
      add(list, "[" + in_flow(*value) + "]");
    }
    json* items = follow(&document_, path_, list.size());
    if (items->is_null()) *items = json::array();
    items->insert(items->begin() + static_cast<std::ptrdiff_t>(*index), plain_json(*value));
    return finish();
  }

  std::string remove() {
    walk(path_.size());
    if (trail_.size() < path_.size()) no_such_value();
    const Place& holder = holder_of(trail_.size());
    const auto index = static_cast<size_t>(&last() - holder.parts.data());
    require_own(last().begin, last().end());
    if (holder.bracketed(text_) || holder.parts.size() > 1) {
      changes_.cut(holder, index);
    } else if (trail_.size() > 1) {
      changes_.replace(*trail_[trail_.size() - 2], holder.kind == Kind::kMap ? "{}" : "[]");
    } else {
      changes_.cut_document(holder);
    }
    json* held = follow(&document_, path_, path_.size() - 1);
    if (held->is_array()) {
      held->erase(index);
    } else {
      held->erase(key_in(path_.back()));
    }
    return finish();
  }

 private:
  // The value that was reached: that of the last part on the way, or the document.
  const Place& here() const { return trail_.empty() ? places_.root : trail_.back()->value; }
  const Part& last() const { return *trail_.back(); }
  // What holds the part that the first `steps` lead to.
  const Place& holder_of(size_t steps) const {
    return steps < 2 ? places_.root : trail_[steps - 2]->value;
  }

  // Follows the first `steps` of the path as far as the text has them.
  void walk(size_t steps) {
    while (trail_.size() < steps) {
      require_alone();
      const Part* part = find(path_[trail_.size()]);
      if (!part) return;
      trail_.push_back(part);
    }
    if (steps < path_.size()) require_alone();
  }

  // The part of the reached value that the step means. Null when there is none.
  const Part* find(const Step& step) const {
    const std::vector<Part>& parts = here().parts;
    const size_t* index = index_in(step);
    if (here().kind != (index ? Kind::kList : Kind::kMap) && here().kind != Kind::kNull) {
      refuse_at(here().begin, trail_.size(),
                std::string("is no ") + (index ? "list" : "map") + "; state it as a whole");
    }
    if (index) return *index < parts.size() ? &parts[*index] : nullptr;
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [&](const Part& part) { return part.key == key_in(step); });
    return found == parts.end() ? nullptr : &*found;
  }

  [[noreturn]] void refuse_at(size_t at, size_t steps, const std::string& what) const {
    refuse(place_of(text_, at, source_), shown(path_, steps), what);
  }

  [[noreturn]] void no_such_value() const {
    const Step& step = path_[trail_.size()];
    if (index_in(step)) no_such_item(trail_.size(), here().parts.size());
    std::vector<std::string> keys;
    for (const Part& part : here().parts) keys.push_back(part.key);
    refuse_at(here().begin, trail_.size() + 1,
              "is not stated" + did_you_mean(key_in(step), keys) +
                  " (there are: " + printable(joined(keys)) + ")");
  }

  [[noreturn]] void no_such_item(size_t step, size_t items) const {
    refuse_at(here().begin, step + 1,
              "is not there; the list has " + counted(static_cast<int64_t>(items), "item"));
  }

  int line_of(size_t at) const { return place_of(text_, at, source_).line; }

  // Refuses to change something inside the reached value when an alias means the same value.
  void require_alone() const {
    const Place& value = here();
    if (value.kind == Kind::kAlias) {
      refuse_at(value.begin, trail_.size(),
                "is an alias of the value in line " +
                    std::to_string(line_of(places_.anchors.at(value.anchor))) +
                    ", which would change; state it as a whole here");
    }
    for (const Places::Alias& alias : places_.aliases) {
      if (alias.anchor == value.anchor) refuse_shared(value.begin, trail_.size(), alias.at);
    }
  }

  // Refuses to take these bytes away when an alias elsewhere means a value in them.
  void require_own(size_t begin, size_t end) const {
    const auto within = [&](size_t at) { return at >= begin && at < end; };
    for (const Places::Alias& alias : places_.aliases) {
      const size_t at = places_.anchors.at(alias.anchor);
      if (within(at) && !within(alias.at)) refuse_shared(at, path_.size(), alias.at);
    }
  }

  [[noreturn]] void refuse_shared(size_t at, size_t steps, size_t alias) const {
    refuse_at(at, steps,
              "is also meant by the alias in line " + std::to_string(line_of(alias)) +
                  "; state that one as a whole first");
  }

  NodePtr read_value(std::string_view text) const {
    return parse(text, "the value of " + shown(path_, path_.size()), /*has_lines=*/false);
  }

  // Adds those of the keys that the text lacks, below the value that was reached.
  void add(const Path& keys, const std::string& value) {
    const size_t from = trail_.size();
    for (size_t i = from; i < keys.size(); ++i) {
      if (index_in(keys[i])) no_such_item(i, i == from ? here().parts.size() : 0);
    }
    const Place& map = here();
    const bool left_out = map.kind == Kind::kNull && map.begin == map.end;
    const Place& holder = holder_of(from);
    if (map.flow) {
      changes_.add_in_flow(map, nested(keys, from, value));
    } else if (map.kind == Kind::kMap) {
      const size_t column = changes_.column(map.parts[0].begin);
      changes_.add_lines(map.parts.back().end(), lines_of(keys, column, value));
    } else if (left_out && from == 0) {
      // Behind comments, or behind the `---` of a document that has one.
      changes_.add_lines(has_content_ ? map.begin : text_.size(), lines_of(keys, 0, value));
    } else if (left_out && holder.kind == Kind::kMap && !holder.flow) {
      const size_t column = changes_.column(last().begin) + places_.indent;
      changes_.add_lines(last().end(), lines_of(keys, column, value));
    } else if (from == 0) {
      changes_.change(map.begin, map.end, "{" + nested(keys, from, value) + "}");
    } else {
      changes_.replace(last(), "{" + nested(keys, from, value) + "}");
    }
  }

  std::vector<std::string> lines_of(const Path& keys, size_t column,
                                    const std::string& value) const {
    std::vector<std::string> lines;
    for (size_t i = trail_.size(); i < keys.size(); ++i) {
      lines.push_back(std::string(column, ' ') + key_in_flow(key_in(keys[i])) + ":");
      column += places_.indent;
    }
    lines.back() += " " + value;
    return lines;
  }

  // Makes the changes, and checks that they make of the document what is meant.
  std::string finish() const {
    const std::string text = changes_.made();
    if (document_of(text, name_) != document_) {
      refuse_at(here().begin, path_.size(),
                "is written in a form that this does not edit; change it in the text");
    }
    return (has_mark_ ? std::string(kByteOrderMark) : "") + text;
  }

  const Path& path_;
  const std::string& name_;
  bool has_mark_;
  std::string_view text_;
  SourcePtr source_;
  json document_;
  bool has_content_ = false;
  Places places_;
  std::vector<const Part*> trail_;  // from the top to the value, as far as the text has it
  TextChanges changes_;
};

}  // namespace

std::string set_value(std::string_view text, const Path& path, std::string_view value,
                      const std::string& name) {
  return Edit(text, path, name).set(value);
}

std::string insert_item(std::string_view text, const Path& path, std::string_view value,
                        const std::string& name) {
  return Edit(text, path, name).insert(value);
}

std::string remove_value(std::string_view text, const Path& path, const std::string& name) {
  return Edit(text, path, name).remove();
}

}  // namespace lea::spec
