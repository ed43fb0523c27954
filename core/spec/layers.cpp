#include "core/spec/layers.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/presets.h"
#include "core/spec/settings.h"

namespace lea::spec {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 100;
constexpr size_t kMaxFileBytes = size_t{1} << 20;

NodePtr merge_maps(const NodePtr& base, const NodePtr& over, const std::string& path);

// The name of the plugin in `sasrec` and `{sasrec: {...}}`. Empty for `{of: ..., combine: ...}`.
std::string plugin_of(const Node& use) {
  if (use.is_scalar()) return use.text;
  for (const Entry& entry : use.entries) {
    if (entry.key != "label") return entry.value->is_map() ? entry.key : "";
  }
  return "";
}

// The map with the key `from` spelled as `to`.
NodePtr respelled(const NodePtr& map, const std::string& from, const std::string& to) {
  if (from == to) return map;
  std::vector<Entry> entries = map->entries;
  for (Entry& entry : entries) {
    if (entry.key == from) entry.key = to;
  }
  return make_map(std::move(entries), map->at);
}

// Parameters are merged only if both name the same plugin. Another plugin would not know them.
NodePtr merge_use(const NodePtr& base, const NodePtr& over) {
  if (!base->is_map() || !over->is_map()) return over;
  const std::string before = plugin_of(*base), plugin = plugin_of(*over);
  if (!equal_without_case(before, plugin)) return over;
  return merge_maps(respelled(base, before, plugin), over, "use");
}

NodePtr concatenate(const NodePtr& base, const NodePtr& over) {
  Node list = *base;
  for (const NodePtr& item : over->items) list.items.push_back(item);
  list.size += over->size;
  return std::make_shared<const Node>(std::move(list));
}

// `path` is the key of both values. It is empty for two whole documents.
NodePtr merge(const NodePtr& base, const NodePtr& over, const std::string& path) {
  if (path == "overrides" && base->is_list() && over->is_list()) return concatenate(base, over);
  if (is_slot(path) || path == "environment" || path == "of") return merge_use(base, over);
  if (base->is_map() && over->is_map()) return merge_maps(base, over, path);
  return over;
}

NodePtr merge_maps(const NodePtr& base, const NodePtr& over, const std::string& path) {
  std::vector<Entry> entries = base->entries;
  for (const Entry& entry : over->entries) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& e) { return e.key == entry.key; });
    if (found == entries.end()) {
      entries.push_back(entry);
      continue;
    }
    // An axis is a list, which is replaced as a whole. So the keys below `grid`, which are also
    // slots, need no rule of their own.
    const std::string below = path == "environments" ? "environment" : entry.key;
    *found = {entry.key, entry.at, merge(found->value, entry.value, below)};
  }
  return make_map(std::move(entries), over->at);
}

// Also where the current folder is gone.
fs::path absolute(const std::string& path) {
  std::error_code failed;
  const fs::path full = fs::absolute(path, failed);
  return failed ? fs::path(path) : full;
}

// A path that all names of one file have in common.
std::string canonical(const std::string& path) {
  std::error_code failed;
  const fs::path known = fs::weakly_canonical(absolute(path), failed);
  return failed ? absolute(path).lexically_normal().string() : known.string();
}

class Loader {
 public:
  Loader(const Buffers& buffers, Errors& errors) : errors_(errors) {
    for (const auto& [path, text] : buffers) buffers_[canonical(path)] = &text;
  }

  NodePtr root() const { return root_; }
  int layers() const { return next_layer_; }

  // Reads a file and all that it extends. `from` is the value of `extends` that names it, null for
  // the spec itself.
  SourcePtr load(const std::string& path, const NodePtr& from) {
    const std::string file = canonical(path);
    if (std::find(chain_.begin(), chain_.end(), file) != chain_.end()) {
      errors_.add(from->at, "extends", "goes in a circle: " + circle(file));
      return nullptr;
    }
    if (done_.contains(file)) return nullptr;
    if (done_.size() + chain_.size() >= kMaxFiles) {
      errors_.add(from->at, "extends", "reaches more than " + std::to_string(kMaxFiles) + " files");
      return nullptr;
    }
    const auto source = std::make_shared<Source>();
    source->name = path;
    source->folder = absolute(path).parent_path().lexically_normal().string();
    const NodePtr document = parse(path, source, from);
    chain_.push_back(file);
    if (document) load_bases(*document);
    chain_.pop_back();
    source->layer = next_layer_++;
    done_[file] = true;
    if (document) add(without_extends(document));
    return source;
  }

  void add(const NodePtr& document) {
    if (!root_) {
      root_ = document;
      return;
    }
    const Location before = root_->at;
    root_ = merge(root_, document, "");
    // What the whole spec lacks is missing in its file, and not in what --set states.
    if (!document->at.source->has_lines && root_->is_map())
      root_ = make_map(root_->entries, before);
  }

 private:
  NodePtr parse(const std::string& path, const SourcePtr& source, const NodePtr& from) {
    std::string text;
    try {
      text = read(path);
    } catch (const Error& error) {
      if (from) {
        errors_.add(from->at, "extends", error.what());
      } else {
        errors_.add_unreadable({source}, error.what());
      }
      return nullptr;
    }
    const NodePtr document = parse_yaml(text, source, errors_);
    if (document && !document->is_map()) {
      errors_.add(document->at, "", "must be a map of settings, such as `name: my_experiment`");
      return nullptr;
    }
    return document;
  }

  std::string read(const std::string& path) const {
    const auto buffer = buffers_.find(canonical(path));
    if (buffer == buffers_.end()) return read_file(path, kMaxFileBytes);
    require_readable(path, *buffer->second, kMaxFileBytes);
    return *buffer->second;
  }

  bool exists(const std::string& path) const {
    std::error_code failed;
    return buffers_.contains(canonical(path)) || fs::exists(path, failed);
  }

  void load_bases(const Node& document) {
    const Entry* extends = document.find("extends");
    if (!extends) return;
    std::vector<NodePtr> names;
    if (extends->value->is_list()) {
      names = extends->value->items;
    } else {
      names.push_back(extends->value);
    }
    for (const NodePtr& name : names) {
      if (!name->is_scalar() || name->text.empty()) {
        errors_.add(name->at, "extends",
                    "must be a preset or the path of a file, or a list of them");
        continue;
      }
      const std::string path = is_preset(name->text) ? preset(*name) : relative(*name);
      if (!path.empty()) load(path, name);
    }
  }

  // The path of the preset that is named. Empty, with the reason in the errors, if there is none.
  std::string preset(const Node& name) {
    const std::vector<std::string> names = preset_names();
    const std::vector<std::string> meant = meanings(name.text, names);
    if (meant.size() == 1) return preset_path(meant.front());
    errors_.add(name.at, "extends",
                "no preset is called " + in_backticks(name.text) +
                    did_you_mean(lower(name.text), names) + " (there are: " + joined(names) +
                    "); a file is named by its path, such as ./" + printable(name.text));
    return "";
  }

  // The path of a file that is named relative to the one that names it. Empty, with the reason in
  // the errors, if it does not exist but its name is that of a preset.
  std::string relative(const Node& name) {
    const fs::path folder = fs::path(name.at.source->name).parent_path();
    const std::string path = (folder / name.text).lexically_normal().string();
    const std::string stem = fs::path(path).stem().string();
    const std::vector<std::string> names = preset_names();
    if (exists(path) || std::find(names.begin(), names.end(), stem) == names.end()) {
      return path;
    }
    errors_.add(name.at, "extends",
                printable(path) + ": does not exist; the preset of this name is called " +
                    in_backticks(stem) + ", without a folder and an ending");
    return "";
  }

  std::string circle(const std::string& again) const {
    std::string text;
    const auto first = std::find(chain_.begin(), chain_.end(), again);
    for (auto file = first; file != chain_.end(); ++file) {
      text += fs::path(*file).filename().string() + " -> ";
    }
    return printable(text + fs::path(again).filename().string());
  }

  static NodePtr without_extends(const NodePtr& document) {
    std::vector<Entry> entries = document->entries;
    std::erase_if(entries, [](const Entry& entry) { return entry.key == "extends"; });
    return make_map(std::move(entries), document->at);
  }

  Errors& errors_;
  std::map<std::string, const std::string*> buffers_;  // by canonical path
  std::vector<std::string> chain_;                     // files being read, outermost first
  std::map<std::string, bool> done_;                   // by canonical path
  int next_layer_ = 0;
  NodePtr root_;
};

// The document that `--set environments.NAME=value` stands for: it states a declared environment, or
// declares another one. A name that is nearly a declared one would declare an environment that nothing
// uses, so it is refused: null, with the reason in the errors.
NodePtr environment_document(const Node& root, const std::string& name, const NodePtr& value,
                             const Location& at, Errors& errors) {
  std::vector<std::string> declared;
  if (const Entry* environments = root.find("environments")) {
    for (const Entry& entry : environments->value->entries) declared.push_back(entry.key);
  }
  const std::vector<std::string> meant = meanings(name, declared);
  const std::string near = meant.empty() ? did_you_mean(lower(name), declared) : "";
  if (meant.size() > 1 || !near.empty() || name.empty()) {
    errors.add(at, "environments." + name,
               not_one_environment(name, meant) +
                   (near.empty() ? ""
                                 : near + " (there are: " + printable(joined(declared)) +
                                       "); `--set environments={NAME: ...}` declares one"));
    return nullptr;
  }
  const std::string& stated = meant.empty() ? name : meant.front();
  return make_map({{"environments", at, make_map({{stated, at, value}}, at)}}, at);
}

// The zip in which `--set grid.zip.KEY=value` changes an axis. Several zips stand in a list, of which the
// one with that axis changes. Null, with the reason in the errors, when none has it.
NodePtr changed_zip(const NodePtr& root, const std::string& key, const NodePtr& value,
                    const Location& at, Errors& errors) {
  const NodePtr changed = make_map({{key, at, value}}, at);
  const Entry* grid = root ? root->find("grid") : nullptr;
  const Entry* zip = grid ? grid->value->find("zip") : nullptr;
  if (!zip || !zip->value->is_list()) return changed;  // merged with a single zip
  Node list = *zip->value;
  list.size = 1;
  bool found = false;
  std::vector<std::string> keys;
  for (NodePtr& item : list.items) {
    for (const Entry& axis : item->entries) keys.push_back(axis.key);
    if (!found && item->find(key)) {
      item = merge_maps(item, changed, "zip");
      found = true;
    }
    list.size += item->size;
  }
  if (found) return std::make_shared<const Node>(std::move(list));
  errors.add(at, "grid.zip." + key,
             "is no axis of a zip" + did_you_mean(key, keys) +
                 " (the zips have: " + printable(joined(keys)) + ")");
  return nullptr;
}

// The document that `--set a.b=c` stands for, on top of `root`.
NodePtr override_document(const std::string& text, int layer, const NodePtr& root, Errors& errors) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError("--set " + printable(text) +
                     ": must be key=value, for example --set train.batch_size=50");
  }
  const auto source = std::make_shared<const Source>(
      Source{"--set " + text.substr(0, 200), fs::current_path().string(), layer, false});
  const NodePtr value = parse_yaml(std::string_view(text).substr(equals + 1), source, errors);
  if (!value) return nullptr;
  const Location at{source};
  const std::string key = text.substr(0, equals);
  if (key == "extends" || key.starts_with("extends.")) {
    errors.add(at, "extends", "stands in a file; write one with another `extends`");
    return nullptr;
  }
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return make_map({{key, at, value}}, at);
  const std::string head = key.substr(0, dot), rest = key.substr(dot + 1);
  if (head == "environments" && rest.find('.') == std::string::npos)
    return root ? environment_document(*root, rest, value, at, errors) : nullptr;
  if (!is_slot(head) && head != "environments") {
    const std::string zip = "zip.";
    NodePtr inner = make_map({{rest, at, value}}, at);
    if (head == "grid" && rest.starts_with(zip)) {
      const NodePtr changed = changed_zip(root, rest.substr(zip.size()), value, at, errors);
      if (!changed) return nullptr;
      inner = make_map({{"zip", at, changed}}, at);
    }
    return make_map({{head, at, inner}}, at);
  }
  Node rules;
  rules.kind = Node::Kind::kList;
  rules.at = at;
  rules.items = {make_map({{"set", at, make_map({{key, at, value}}, at)}}, at)};
  rules.size = 1 + rules.items[0]->size;
  return make_map({{"overrides", at, std::make_shared<const Node>(std::move(rules))}}, at);
}

}  // namespace

Layers load_layers(const std::string& path, const std::vector<std::string>& overrides,
                   const Buffers& buffers, Errors& errors) {
  Loader loader(buffers, errors);
  Layers layers;
  layers.spec = loader.load(path, nullptr);
  layers.stem = fs::path(path).stem().string();
  int layer = loader.layers();
  for (const std::string& text : overrides) {
    const NodePtr document = override_document(text, layer++, loader.root(), errors);
    if (document && loader.root()) loader.add(document);
  }
  layers.root = loader.root();
  return layers;
}

}  // namespace lea::spec
