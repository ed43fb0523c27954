// Random edits of every spec of the tree, and of texts in every form of YAML that this follows. What
// an edit makes is parsed with yaml-cpp and compared with the edited document. The parser, the
// document and its edits are here those of yaml-cpp, not those of core/spec.
#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/spec/edit.h"
#include "core/spec/yaml.h"

namespace lea::spec {
namespace {

namespace fs = std::filesystem;

// What a document holds, with aliases written out.
struct Value {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;
  bool is_text = false;  // quoted, or no number, true or false
  std::vector<std::pair<std::string, Value>> parts;

  bool operator==(const Value& other) const = default;
};

Value value_of(const YAML::Node& node) {
  Value value;
  if (node.IsScalar()) {
    value.kind = Value::Kind::kScalar;
    value.text = node.Scalar();
    double number = 0;
    value.is_text = node.Tag() == "!" || (value.text != "true" && value.text != "false" &&
                                          !parse_real(value.text, &number).empty());
  } else if (node.IsSequence()) {
    value.kind = Value::Kind::kList;
    for (const auto& item : node) value.parts.emplace_back("", value_of(item));
  } else if (node.IsMap()) {
    value.kind = Value::Kind::kMap;
    for (const auto& entry : node) {
      value.parts.emplace_back(entry.first.Scalar(), value_of(entry.second));
    }
  }
  return value;
}

// An empty text counts as an empty map.
Value parsed(const std::string& text) {
  Value value = value_of(YAML::Load(text));
  if (value.kind == Value::Kind::kNull) value.kind = Value::Kind::kMap;
  return value;
}

// Whether `text` has the bytes of `part` in their order, and others between them.
bool contains_bytes(const std::string& text, const std::string& part) {
  size_t have = 0;
  for (const char c : text) have += have < part.size() && part[have] == c ? 1 : 0;
  return have == part.size();
}

// What differs in `before`: without the bytes that it begins and ends with in common with `after`.
std::string changed_part(const std::string& before, const std::string& after) {
  const size_t most = std::min(before.size(), after.size());
  size_t head = 0, tail = 0;
  while (head < most && before[head] == after[head]) ++head;
  while (tail < most - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  return before.substr(head, before.size() - head - tail);
}

const char* const kValues[] = {"5",
                               "1e3",
                               "-0.25",
                               "true",
                               "yes",
                               "\"yes\"",
                               "'1e3'",
                               "\"\"",
                               "\" x \"",
                               "null",
                               "plain text",
                               "\"a: b\"",
                               "\"a #b\"",
                               "it's",
                               "[]",
                               "{}",
                               "[1, [2], {a: b}]",
                               "a, b",
                               "http://x.y/z",
                               "- 1\n- 2",
                               "a: 1\nb:\n  c: 2",
                               "|\n  one\n  two\n",
                               "\"\\\"quoted\\\\\"",
                               "{\"k 1\": {x: 1}, 2: [a]}",
                               "\xC3\xA9\xE6\xBC\xA2"};
const char* const kKeys[] = {"new",      "train.rate", "with blank", "SNQN, gamma 0",
                             "\xC3\xA9", "yes",        "12",         "a: b"};

// Forms that the specs of the tree do not have.
const char* const kForms[] = {
    "",
    "# only a comment",
    "---\n# head\na: 1\n...\n",
    "a: 1",
    "a:\nb:   # empty\nc: {d: , e, f: ~}\ng:\n-\n- # empty\n- null\n",
    "  a: 1\n  b:\n      c: 1\n      d:\n       - 1\n       -   2\n",
    "a: [1, 2 , {b: c} ,[d, [e]], ]\nf: {g: {h: {}}, i: []}\n",
    "a: {b: 1,   # one\n    # between\n    c: [1,\n      2,  # two\n      3   # three\n    ], d: "
    "x\n   }  # end\ne: 1\n",
    "a: [\n  x,\n  # about y\n  y,\n  {z: 1}\n]\n",
    "- - 1\n  - 2\n-\n  - 3\n- a: 1\n  b: 2  # two\n\n  # about c\n  c: 3\n- d:\n  - 4\n  - 5\n",
    "- a: 1 # one\n  # about b\n  b:\n    c: 2\n- \"x\": 'y'\n  'z': \"w\"\n",
    "a: |\n  one\n    two\n\n  # text\n\n# comment\nb: >-\n    x\n    y\n\n    z\nc: |+\n  "
    "keep\n\n\nd: |2\n    more\n  less\ne: |-\n\nf: 1\n",
    "l:\n- |\n one\n two\n- >\n  folded\n  text\n- k: |\n    inner\n  m: 1\n",
    "a: one\n  two\n\n  three # c\nb: 'q\n  r ''s'' # no comment\n\n  t' # comment\nc: \"u \\\n  "
    "v\\\" # no comment\"\n",
    "a: &x [1, &y 2]\nb: *x\nc: {d: *y, e: &z {f: *y}}\ng:\n  - *z\n  - &unused h\n  - &m\n    n: "
    "1\n  - &o p: *m\nq: &empty\nr: *empty\n",
    "&k key: 1\nother: *k\nm: {*k : 3}\n",
    "a:\t1\t# tab\nb:\t[1,\t2\t]\nc: {d:\t1\t,\te: 2}\t\n",
    "\"k: 1\": {\"a\":1,\"b\":[2],'c':3}\n'#k': \"v\"\n",
    "a: [b: 1, c: {d: 2}, \"e\": 3, f]\n",
    "\xC3\xA9t\xC3\xA9: \xE6\xBC\xA2\xE5\xAD\x97 # \xF0\x9F\x98\x80\n\xE6\xBC\xA2: [\xC3\xA9, "
    "\"\xF0\x9F\x98\x80\"]\n",
    "url: http://x.y/z?a=b#c\ntime: 12:30:45\nneg: -1\ndash: -x\nq: ?x\ncolon: a:b\nhash: "
    "a#b\nquote: it's\n",
    "a: ! b\nc: ! [1]\nd: ! {e: 1}\nf: ! 'g'\n",
    "deep:\n - a:\n    - b:\n        - c:\n            - {d: [e: 1]}\n # end\n",
};

// In the order of their paths, so that every machine makes the same edits.
std::vector<std::string> texts_of_the_tree() {
  std::vector<fs::path> paths;
  for (const char* folder : {"experiments", "tests"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(std::string(LEA_SOURCE_DIR) + "/" + folder)) {
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(read_file(path));
  return texts;
}

// Each text as it is, with the line ends of Windows, and without its last line break.
std::vector<std::string> all_texts() {
  std::vector<std::string> texts = texts_of_the_tree();
  EXPECT_GT(texts.size(), 25u);
  for (const char* form : kForms) {
    texts.emplace_back(form);
  }
  const size_t plain = texts.size();
  for (size_t i = 0; i < plain; ++i) {
    std::string windows;
    for (const char c : texts[i]) windows += c == '\n' ? "\r\n" : std::string(1, c);
    texts.push_back(windows);
    if (texts[i].ends_with('\n')) texts.push_back(texts[i].substr(0, texts[i].size() - 1));
  }
  return texts;
}

enum class Do { kSet, kAdd, kInsert, kRemove };

struct RandomEdit {
  Do what = Do::kSet;
  Path path;
  std::string value;
  bool on_one_line = false;  // what it sets was a scalar without quotes
  bool adds_bytes = false;   // it adds bytes and takes none away
  bool takes_bytes = false;  // it takes bytes away and adds none
};

class EditProperty : public ::testing::Test {
 protected:
  size_t below(size_t bound) { return random_() % bound; }

  // A way to a value of the document, and the value itself. Stops with one chance in four.
  Value* random_place(Value* value, Path* path) {
    while (!value->parts.empty() && (path->empty() || below(4) > 0)) {
      const size_t i = below(value->parts.size());
      if (value->kind == Value::Kind::kMap) {
        path->emplace_back(value->parts[i].first);
      } else {
        path->emplace_back(i);
      }
      value = &value->parts[i].second;
    }
    return value;
  }

  // Chooses an edit and makes it in the document.
  RandomEdit random_edit(Value* document) {
    RandomEdit edit;
    edit.value = kValues[below(std::size(kValues))];
    Value* place = below(8) == 0 ? document : random_place(document, &edit.path);
    const Value value = value_of(YAML::Load(edit.value));
    const size_t choice = below(5);
    if (choice == 0 && !edit.path.empty()) {
      edit.what = Do::kRemove;
      edit.takes_bytes = remove(document, edit.path);
    } else if (place->kind == Value::Kind::kMap && choice < 4) {
      add(place, value, &edit);
    } else if (place->kind == Value::Kind::kNull && choice < 3) {
      add(place, value, &edit);
    } else if ((place->kind == Value::Kind::kList || place->kind == Value::Kind::kNull) &&
               choice < 4) {
      edit.what = Do::kInsert;
      edit.adds_bytes = place->kind == Value::Kind::kList;
      place->kind = Value::Kind::kList;
      const size_t index = below(place->parts.size() + 1);
      edit.path.emplace_back(index);
      place->parts.insert(place->parts.begin() + static_cast<std::ptrdiff_t>(index), {"", value});
    } else if (edit.path.empty()) {
      return random_edit(document);
    } else {
      edit.on_one_line = place->kind == Value::Kind::kScalar && !place->is_text;
      *place = value;
    }
    return edit;
  }

  // Sets a key of a map, or one in it. The keys may be there.
  void add(Value* map, const Value& value, RandomEdit* edit) {
    std::vector<std::string> keys = {kKeys[below(std::size(kKeys))]};
    if (below(3) == 0) keys.emplace_back("inner");
    edit->what = Do::kSet;
    edit->adds_bytes = false;
    for (const std::string& key : keys) {
      if (map->kind != Value::Kind::kMap && map->kind != Value::Kind::kNull) break;
      edit->path.emplace_back(key);
      const auto found = std::find_if(map->parts.begin(), map->parts.end(),
                                      [&](const auto& part) { return part.first == key; });
      if (found == map->parts.end()) {
        if (edit->what == Do::kSet) edit->adds_bytes = map->kind == Value::Kind::kMap;
        edit->what = Do::kAdd;
        map->kind = Value::Kind::kMap;
        map->parts.push_back({key, {Value::Kind::kMap, "", false, {}}});
        map = &map->parts.back().second;
      } else {
        map = &found->second;
      }
    }
    *map = value;
  }

  // Whether other parts are left beside it.
  static bool remove(Value* document, const Path& path) {
    Value* holder = document;
    for (size_t i = 0; i + 1 < path.size(); ++i) holder = &part(holder, path[i])->second;
    holder->parts.erase(part(holder, path.back()));
    return !holder->parts.empty();
  }
  static std::vector<std::pair<std::string, Value>>::iterator part(Value* holder,
                                                                   const Step& step) {
    if (const size_t* index = std::get_if<size_t>(&step)) {
      return holder->parts.begin() + static_cast<std::ptrdiff_t>(*index);
    }
    return std::find_if(holder->parts.begin(), holder->parts.end(), [&](const auto& named) {
      return named.first == std::get<std::string>(step);
    });
  }

  static std::string make(const std::string& text, const RandomEdit& edit) {
    switch (edit.what) {
      case Do::kInsert:
        return insert_item(text, edit.path, edit.value, "f");
      case Do::kRemove:
        return remove_value(text, edit.path, "f");
      default:
        return set_value(text, edit.path, edit.value, "f");
    }
  }

  static std::string shown(const RandomEdit& edit) {
    static const char* const kNames[] = {"set", "add", "insert", "remove"};
    std::string text = kNames[static_cast<int>(edit.what)];
    for (const Step& step : edit.path) {
      const size_t* index = std::get_if<size_t>(&step);
      text +=
          index ? " [" + std::to_string(*index) + "]" : " `" + std::get<std::string>(step) + "`";
    }
    return text + (edit.what == Do::kRemove ? "" : " = " + edit.value);
  }

  // Makes one edit, and compares the text that it gives with the edited document. Gives the text
  // back unchanged when an alias forbids the edit.
  std::string try_edit(const std::string& before) {
    Value document = parsed(before);
    const RandomEdit edit = random_edit(&document);
    SCOPED_TRACE("--- edit: " + shown(edit) + "\n--- text:\n" + before + "\n--- end");
    std::string after;
    try {
      after = make(before, edit);
    } catch (const ConfigError& error) {
      ++refused_;
      EXPECT_THAT(error.what(), ::testing::HasSubstr(" alias ")) << "nothing else forbids an edit";
      return before;
    }
    ++made_;
    EXPECT_TRUE(parsed(after) == document) << "--- made:\n" << after;
    if (edit.adds_bytes) {
      EXPECT_TRUE(contains_bytes(after, before)) << "--- made:\n" << after;
    }
    if (edit.takes_bytes) {
      EXPECT_TRUE(contains_bytes(before, after)) << "--- made:\n" << after;
    }
    if (edit.on_one_line) {
      EXPECT_THAT(changed_part(before, after), ::testing::Not(::testing::HasSubstr("\n")))
          << "--- made:\n"
          << after;
    }
    return after;
  }

  std::mt19937 random_{20240607};
  size_t made_ = 0, refused_ = 0;
};

TEST_F(EditProperty, ATextBecomesTheEditedDocument) {
  for (const std::string& original : all_texts()) {
    const size_t edits = original.size() < 500 ? 40 : 6;
    std::string text = original;
    for (size_t i = 0; i < edits && !HasFailure(); ++i) {
      if (i % 8 == 0) text = original;
      text = try_edit(text);
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(made_, 3000u);
  EXPECT_GT(refused_, 50u) << "no alias was met";
  EXPECT_LT(refused_, made_ / 10);
}

}  // namespace
}  // namespace lea::spec
