// The form beside the text of a spec: what it shows, and what its edits change.
#include "gui/model/spec_form.h"

#include <QComboBox>
#include <QTest>
#include <random>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/spec/yaml_places.h"
#include "gui/model/new_spec.h"
#include "gui/view/axis_lists.h"
#include "gui/view/number_box.h"
#include "gui/view/spec_form_view.h"
#include "tests/gui/fixture.h"
#include "tests/spec/shipped.h"

namespace lea::gui {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Facts small_facts() {
  Facts facts;
  facts.plugins = spec::small_catalogue();
  facts.data_sets = {"ml-100k", "shop"};
  facts.presets = {"anchor", "paper"};
  facts.bundles = {{"LER",
                    "{LER: {framework: snqn, reward: near}}",
                    "rows.yaml",
                    {{"near", "{le: {portion: 0.2}}"}}}};
  return facts;
}

FormOutline outline_of(const std::string& text, const Facts& facts = small_facts(),
                       const std::string& path = "study.yaml") {
  return read_form({text, path, std::make_shared<const Facts>(facts)});
}

const FormField& field(const FormOutline& outline, const std::string& key) {
  const FormField* found = outline.field(key);
  if (!found) throw std::runtime_error("no field " + key);
  return *found;
}

const AxisItem& item(const FormAxis& axis, const std::string& text) {
  for (const AxisItem& one : axis.items) {
    if (one.text == text) return one;
  }
  throw std::runtime_error("no item " + text);
}

std::vector<std::string> checked(const FormAxis& axis) {
  std::vector<std::string> texts;
  for (const AxisItem& one : axis.items) {
    if (one.checked) texts.push_back(one.text);
  }
  return texts;
}

// The text after somebody has given a field a value.
std::string with(const std::string& text, const std::string& key, const std::string& value) {
  const FormOutline outline = outline_of(text);
  return edited(text, set_field(outline, field(outline, key), value), "study.yaml");
}

std::string without(const std::string& text, const std::string& key) {
  const FormOutline outline = outline_of(text);
  return edited(text, reset_field(outline, field(outline, key)), "study.yaml");
}

std::string ticked(const std::string& text, const std::string& axis, const std::string& value,
                   bool on = true) {
  const FormOutline outline = outline_of(text);
  const FormAxis& list = *outline.axis(axis);
  return edited(text, check_item(outline, list, item(list, value), on, small_facts()),
                "study.yaml");
}

template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

// ---- What it shows

TEST(SpecForm, ShowsEachSettingWithItsValueAndDefault) {
  const FormOutline outline = outline_of("train: {batch_size: 1e2}\n");
  const FormField& batch = field(outline, "train.batch_size");
  EXPECT_EQ(batch.value, "1e2") << "as it is written";
  EXPECT_EQ(batch.otherwise, "256");
  EXPECT_EQ(batch.origin, Origin::kHere);
  EXPECT_TRUE(batch.differs());
  const FormField& patience = field(outline, "train.patience");
  EXPECT_EQ(patience.value, "10");
  EXPECT_EQ(patience.origin, Origin::kDefault);
  EXPECT_FALSE(patience.differs());
  EXPECT_EQ(field(outline, "evaluate.k").value, "5, 10, 20");
  EXPECT_THAT(field(outline, "data.name").suggestions, ElementsAre("ml-100k", "shop"));
}

TEST(SpecForm, ShowsTheParametersOfThePluginsOfTheGrid) {
  const FormOutline outline = outline_of(
      "grid:\n  backbone: [gru4rec, {sasrec: {blocks: 2}, label: deep}]\nframework: snqn\n");
  EXPECT_EQ(field(outline, "grid.backbone[0].width").value, "64");
  EXPECT_EQ(field(outline, "grid.backbone[1].blocks").value, "2");
  EXPECT_EQ(field(outline, "framework.gamma").value, "0.5");
  EXPECT_THAT(checked(*outline.axis("backbone")), ElementsAre("gru4rec", "deep"));
  EXPECT_EQ(item(*outline.axis("backbone"), "deep").group, "grid.backbone[1]");
  EXPECT_THAT(checked(*outline.axis("framework")), ElementsAre("snqn"));
  EXPECT_FALSE(outline.axis("framework")->on_grid);
}

TEST(SpecForm, ShowsWhatAFileBelowStatesAndWhatARuleSets) {
  const std::string base =
      "train: {batch_size: 32, patience: 3}\noverrides:\n  - when: "
      "{framework: [snqn]}\n    set: {framework.gamma: 0.9}\n";
  LabFolder folder;
  publish_file(folder.file("base.yaml"), base);
  const FormOutline outline =
      outline_of("extends: ./base.yaml\ntrain: {patience: 4}\nframework: snqn\n", small_facts(),
                 folder.file("study.yaml"));
  const FormField& batch = field(outline, "train.batch_size");
  EXPECT_EQ(batch.value, "32");
  EXPECT_EQ(batch.origin, Origin::kBelow);
  EXPECT_EQ(batch.from, "base.yaml");
  EXPECT_EQ(field(outline, "train.patience").otherwise, "3");
  EXPECT_EQ(field(outline, "framework.gamma").note,
            "A rule sets 0.9 where the cell has framework snqn (base.yaml, line 3).");
}

TEST(SpecForm, SaysWhyAValueIsRefusedBesideIt) {
  const FormOutline outline = outline_of("train: {patience: none}\n");
  EXPECT_THAT(field(outline, "train.patience").error,
              testing::StartsWith("must be an integer from 1 to 1000000000, but is `none`"));
  EXPECT_EQ(field(outline, "train.patience").value, "none");
}

TEST(SpecForm, GivesTheErrorsOfACheckToTheFieldsAndListsThatTheyAreAbout) {
  const std::string text = "data: {name: shop}\nbackbone: nope\nframework: snqn\ntrian: {}\n";
  FormOutline outline = outline_of(text);
  const auto others = take_errors(
      spec::check_spec("study.yaml", {{"study.yaml", text}}, spec::small_catalogue()), &outline);
  EXPECT_THAT(field(outline, "backbone").error, HasSubstr("nope"));
  EXPECT_THAT(outline.axis("seeds")->error, HasSubstr("is required"));
  ASSERT_EQ(others.size(), 1u);
  EXPECT_THAT(others[0].text, HasSubstr("trian"));
}

// ---- What its edits change

TEST(SpecForm, ChangesOnlyTheLineOfASetting) {
  const std::string text =
      "# mine\ntrain:\n  batch_size: 50   # small\n  patience: 3\nseeds: [1]\n";
  EXPECT_EQ(with(text, "train.batch_size", "64"),
            "# mine\ntrain:\n  batch_size: 64   # small\n  patience: 3\nseeds: [1]\n");
  EXPECT_EQ(
      with(text, "train.threads", "2"),
      "# mine\ntrain:\n  batch_size: 50   # small\n  patience: 3\n  threads: 2\nseeds: [1]\n");
  EXPECT_EQ(with(text, "data.name", "a: b"), text + "data:\n  name: \"a: b\"\n");
  EXPECT_EQ(with(text, "evaluate.k", "5, 15"), text + "evaluate:\n  k: [5, 15]\n");
}

TEST(SpecForm, RemovesTheKeyOfAValueThatIsPutBack) {
  const std::string text = "train: {batch_size: 50, patience: 3}\nevaluate: {ties: expected}\n";
  EXPECT_EQ(with(text, "train.patience", "10"),
            "train: {batch_size: 50}\nevaluate: {ties: expected}\n");
  EXPECT_EQ(without(text, "evaluate.ties"), "train: {batch_size: 50, patience: 3}\n")
      << "a section that holds nothing goes with its last key";
  EXPECT_EQ(without(text, "train.threads"), text) << "nothing is stated, so nothing changes";
}

TEST(SpecForm, GivesAPluginParametersWhereverItStands) {
  EXPECT_EQ(with("framework: snqn   # q\n", "framework.gamma", "0"),
            "framework: {snqn: {gamma: 0}}   # q\n");
  EXPECT_EQ(with("framework:\n  snqn:\n    twin: true\n", "framework.gamma", "0"),
            "framework:\n  snqn:\n    twin: true\n    gamma: 0\n");
  EXPECT_EQ(without("framework: {snqn: {gamma: 0}}\n", "framework.gamma"), "framework: snqn\n");
  EXPECT_EQ(with("grid: {backbone: [gru4rec, sasrec]}\n", "grid.backbone[1].blocks", "2"),
            "grid: {backbone: [gru4rec, {sasrec: {blocks: 2}}]}\n");
  EXPECT_EQ(
      with("environments: {near: {le: {portion: 0.2}}}\n", "environments.near.portion", "0.5"),
      "environments: {near: {le: {portion: 0.5}}}\n");
}

TEST(SpecForm, GivesASlotItsOwnSettings) {
  EXPECT_EQ(with("state: le\n", "state.project", "64"), "state: {of: le, project: 64}\n");
  EXPECT_EQ(with("state: {le: {portion: 1}}\n", "state.project", "64"),
            "state: {of: {le: {portion: 1}}, project: 64}\n");
  EXPECT_EQ(without("state: {of: le, project: 64}\n", "state.project"), "state: le\n");
  EXPECT_EQ(with("state: {of: le, project: 64}\n", "state.portion", "1"),
            "state: {of: {le: {portion: 1}}, project: 64}\n");
  EXPECT_EQ(with("state: {of: le, project: 64}\n", "state", "table"),
            "state: {of: table, project: 64}\n");
}

TEST(SpecForm, StatesWhatAFileBelowHasOnlyAsFarAsNeeded) {
  LabFolder folder;
  publish_file(folder.file("base.yaml"),
               "framework: {snqn: {gamma: 0.9}}\nstate: {of: {le: {portion: 1}}, project: 8}\n"
               "grid: {backbone: [gru4rec, sasrec]}\n");
  const std::string text = "extends: ./base.yaml\n", path = folder.file("study.yaml");
  const FormOutline outline = outline_of(text, small_facts(), path);
  const auto set = [&](const std::string& key, const std::string& value) {
    return edited(text, set_field(outline, field(outline, key), value), path);
  };
  EXPECT_EQ(set("framework.twin", "true"), text + "framework: {snqn: {twin: true}}\n");
  EXPECT_EQ(set("state.project", "16"), text + "state: {of: {le: {portion: 1}}, project: 16}\n");
  EXPECT_EQ(set("grid.backbone[1].blocks", "2"),
            text + "grid:\n  backbone: [gru4rec, {sasrec: {blocks: 2}}]\n");
  const FormAxis& list = *outline.axis("backbone");
  EXPECT_EQ(
      edited(text, check_item(outline, list, item(list, "sasrec"), false, small_facts()), path),
      text + "grid:\n  backbone: [gru4rec]\n");
}

TEST(SpecForm, RefusesWhatIsNoValue) {
  const FormOutline outline = outline_of("framework: snqn\n");
  EXPECT_EQ(refusal([&] { set_field(outline, field(outline, "train.patience"), "0"); }),
            "`train.patience` must be an integer from 1 to 1000000000, but is `0`");
  EXPECT_THAT(refusal([&] { set_field(outline, field(outline, "framework.gamma"), "x"); }),
              HasSubstr("must be a number from 0 to 1"));
  EXPECT_THAT(refusal([&] { set_field(outline, field(outline, "data.history"), "10, a: b"); }),
              HasSubstr("must be an integer"));
}

TEST(SpecForm, TicksAddToTheListOfAnAxisAndRemoveFromIt) {
  const std::string text = "grid:\n  framework: [snqn]   # f\n";
  EXPECT_EQ(ticked(text, "framework", "supervised"),
            "grid:\n  framework: [snqn, supervised]   # f\n");
  EXPECT_EQ(ticked("grid:\n  framework: [snqn, supervised]   # f\n", "framework", "snqn", false),
            "grid:\n  framework: [supervised]   # f\n");
  EXPECT_EQ(ticked("name: x\n" + text, "framework", "snqn", false), "name: x\n")
      << "an axis without values is none, and a grid without axes is none";
  EXPECT_EQ(ticked(text + "seeds: [1]\n", "seeds", "2"), text + "seeds: [1, 2]\n");
}

TEST(SpecForm, MakesAnAxisOfASlotThatGetsASecondPlugin) {
  EXPECT_EQ(
      ticked("backbone: {sasrec: {blocks: 2}}\n", "backbone", "gru4rec"),
      "backbone: {sasrec: {blocks: 2}}\ngrid:\n  backbone: [{sasrec: {blocks: 2}}, gru4rec]\n");
  EXPECT_EQ(ticked("name: x\n", "backbone", "gru4rec"), "name: x\ngrid:\n  backbone: [gru4rec]\n");
  EXPECT_EQ(ticked("name: x\nbackbone: gru4rec\n", "backbone", "gru4rec", false), "name: x\n");
}

TEST(SpecForm, MakesAnAxisOfASetting) {
  const std::string text = "train: {learning_rate: 1e-3}\n";
  const FormOutline outline = outline_of(text);
  const std::string made =
      edited(text, add_axis(outline, field(outline, "train.learning_rate")), "study.yaml");
  EXPECT_EQ(made, text + "grid:\n  train.learning_rate: [1e-3]\n");
  const FormOutline after = outline_of(made);
  const FormAxis& axis = *after.axis("train.learning_rate");
  EXPECT_EQ(edited(made, add_value(after, axis, "0.01"), "study.yaml"),
            text + "grid:\n  train.learning_rate: [1e-3, 0.01]\n");
  EXPECT_THAT(refusal([&] { add_value(after, axis, "11"); }), HasSubstr("from 0 to 10"));
  EXPECT_EQ(edited(made, remove_axis(after, axis), "study.yaml"), text);
}

TEST(SpecForm, TakesABundleWithTheEnvironmentsThatItNames) {
  EXPECT_EQ(ticked("name: x\n", "variant", "LER"),
            "name: x\ngrid:\n  variant: [{LER: {framework: snqn, reward: near}}]\n"
            "environments:\n  near: {le: {portion: 0.2}}\n");
}

TEST(SpecForm, NamesPresetsInTheListOfWhatASpecExtends) {
  EXPECT_EQ(ticked("name: x\n", "extends", "paper"), "name: x\nextends: paper\n");
  EXPECT_EQ(ticked("extends: paper\n", "extends", "anchor"), "extends: [paper, anchor]\n");
  EXPECT_EQ(ticked("extends: [paper, anchor]\n", "extends", "paper", false), "extends: [anchor]\n");
}

TEST(SpecForm, AddsAPluginOnceMoreUnderALabelOfItsOwn) {
  const std::string text = "grid: {backbone: [sasrec]}\n";
  const FormOutline outline = outline_of(text);
  const FormAxis& axis = *outline.axis("backbone");
  const std::string made =
      edited(text, add_again(outline, axis, item(axis, "sasrec")), "study.yaml");
  EXPECT_EQ(made, "grid: {backbone: [sasrec, {sasrec: {}, label: sasrec 2}]}\n");
  EXPECT_EQ(with(made, "grid.backbone[1].blocks", "2"),
            "grid: {backbone: [sasrec, {sasrec: {blocks: 2}, label: sasrec 2}]}\n");
}

TEST(SpecForm, LeavesPairedAxesToTheText) {
  const FormOutline outline = outline_of("grid: {zip: {train.batch_size: [1, 2]}}\n");
  const FormAxis& axis = *outline.axis("train.batch_size");
  EXPECT_EQ(refusal([&] { add_value(outline, axis, "3"); }),
            "Its values are paired with others by `zip`. Change them in the text.");
}

TEST(SpecForm, BeginsWithASpecThatCanBeRun) {
  Facts facts;
  facts.plugins = spec::shipped();
  const std::string text = new_spec(facts, "ml-100k");
  EXPECT_THAT(text, HasSubstr("framework: [popularity, supervised, snqn]"));
  EXPECT_THAT(spec::check_spec("x.yaml", {{"x.yaml", text}}, facts.plugins), testing::IsEmpty())
      << text;
  EXPECT_THAT(new_spec(facts, "a", "/x/my, data.tsv"),
              HasSubstr("data: {name: a, path: \"/x/my, data.tsv\"}"));
  EXPECT_EQ(data_set_name("/x/My data.inter.gz"), "My_data");
}

// ---- Any edit of any spec of the tree

json document_of(const std::string& text) {
  spec::Errors errors;
  const spec::NodePtr node = spec::parse_yaml(text, std::make_shared<const spec::Source>(), errors);
  errors.throw_if_any();
  return node->is_null() ? json::object() : spec::plain_json(*node);
}

// Makes an edit in the document.
void make(const SpecEdit& edit, json* document) {
  const auto step_into = [](json* at, const spec::Step& step) {
    const size_t* index = std::get_if<size_t>(&step);
    return index ? &at->at(*index) : &(*at)[std::get<std::string>(step)];
  };
  json* at = document;
  for (size_t i = 0; i + 1 < edit.path.size(); ++i) at = step_into(at, edit.path[i]);
  const spec::Step& last = edit.path.back();
  const size_t* index = std::get_if<size_t>(&last);
  if (edit.kind == SpecEdit::Kind::kRemove) {
    if (index) return static_cast<void>(at->erase(*index));
    at->erase(std::get<std::string>(last));
  } else if (edit.kind == SpecEdit::Kind::kInsert) {
    if (at->is_null()) *at = json::array();
    at->insert(at->begin() + static_cast<std::ptrdiff_t>(*index), document_of(edit.value));
  } else {
    *step_into(at, last) = document_of(edit.value);
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') lines.emplace_back();
    if (c != '\n') lines.back() += c;
  }
  return lines;
}

struct Lines {
  size_t first = 0, last = 0;  // last: one behind
};

// The lines that an edit may change: those of the deepest part on its way, and the comments behind it.
// Nothing but new lines may come from an edit that adds a key to a map of lines.
Lines allowed_lines(const std::string& text, const SpecEdit& edit) {
  const spec::Places places = spec::read_places(text, std::make_shared<const spec::Source>());
  const spec::Place* at = &places.root;
  const spec::Part *part = nullptr, *holder = nullptr;
  size_t reached = 0;
  for (; reached < edit.path.size(); ++reached) {
    const size_t* index = std::get_if<size_t>(&edit.path[reached]);
    const spec::Part* next = nullptr;
    for (size_t i = 0; i < at->parts.size(); ++i) {
      if (index ? i == *index : at->parts[i].key == std::get<std::string>(edit.path[reached]))
        next = &at->parts[i];
    }
    if (!next) break;
    holder = part;
    part = next;
    at = &part->value;
  }
  const auto line_at = [&](size_t offset) {
    return static_cast<size_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
  };
  const bool in_brackets = holder && holder->value.flow;
  // With a part of a list in brackets goes a comma, and without its last part a list becomes [].
  const bool alone = holder && holder->value.parts.size() == 1;
  if (edit.kind == SpecEdit::Kind::kRemove && (in_brackets || alone)) part = holder;
  if (reached < edit.path.size() && (!part || !part->value.flow)) {
    const bool empty = part && part->value.parts.empty();
    if (!empty) return {};  // only adds
  }
  Lines lines{line_at(part->begin), line_at(part->end()) + 1};
  const std::vector<std::string> all = lines_of(text);
  while (edit.kind == SpecEdit::Kind::kRemove && lines.last < all.size() &&
         (all[lines.last].find_first_not_of(' ') == std::string::npos ||
          all[lines.last][all[lines.last].find_first_not_of(' ')] == '#'))
    ++lines.last;
  return lines;
}

void expect_only_those_lines(const std::string& before, const std::string& after,
                             const SpecEdit& edit) {
  const std::vector<std::string> old = lines_of(before), made = lines_of(after);
  const Lines lines = allowed_lines(before, edit);
  size_t head = 0, tail = 0;
  const size_t most = std::min(old.size(), made.size());
  while (head < most && old[head] == made[head]) ++head;
  while (tail < most && old[old.size() - 1 - tail] == made[made.size() - 1 - tail]) ++tail;
  if (lines.first == lines.last) {
    EXPECT_GE(head + tail, old.size()) << "--- made:\n" << after;
  } else {
    EXPECT_GE(head, lines.first) << "--- made:\n" << after;
    EXPECT_GE(tail, old.size() - lines.last) << "--- made:\n" << after;
  }
}

class FormProperty : public testing::Test {
 protected:
  size_t below(size_t bound) { return random_() % bound; }

  std::string random_value(const FormField& field) {
    switch (field.info.type) {
      case ParamType::kBool:
        return field.value == "true" ? "false" : "true";
      case ParamType::kInteger:
        return std::to_string(1 + below(50));
      case ParamType::kReal:
        return "0." + std::to_string(1 + below(9));
      case ParamType::kChoice:
        return field.info.choices[below(field.info.choices.size())];
      case ParamType::kIntegers:
        return std::to_string(1 + below(9)) + ", " + std::to_string(10 + below(9));
      case ParamType::kReals:
        return "0.5, 0.25, 0.25";
      case ParamType::kEnvironment:
        return field.suggestions.empty() ? "predefined"
                                         : field.suggestions[below(field.suggestions.size())];
      default:
        return below(2) == 0 ? "text" : "a: [b], #c \"d\"";
    }
  }

  SpecEdits random_edits(const FormOutline& outline, const Facts& facts) {
    const FormGroup& group = outline.groups[below(outline.groups.size())];
    const FormAxis& axis = outline.axes[below(outline.axes.size())];
    switch (below(6)) {
      case 0:
      case 1: {
        const FormField& field = group.fields[below(group.fields.size())];
        return set_field(outline, field, random_value(field));
      }
      case 2: {  // of what is stated
        for (const FormField& field : group.fields) {
          if (field.origin == Origin::kHere && below(2) == 0) return reset_field(outline, field);
        }
        return {};
      }
      case 3:
      case 4: {
        if (axis.items.empty()) return {};
        const AxisItem& item = axis.items[below(axis.items.size())];
        return check_item(outline, axis, item, !item.checked, facts);
      }
      default:
        if (axis.on_grid && below(3) == 0) return remove_axis(outline, axis);
        return add_axis(outline, group.fields[below(group.fields.size())]);
    }
  }

  // Makes one edit of the form, and compares the text with the edited document.
  std::string try_edit(const std::string& before, const std::string& path, const Facts& facts) {
    const FormOutline outline = outline_of(before, facts, path);
    if (!outline.problem.empty()) throw std::runtime_error(outline.problem);
    SpecEdits edits;
    std::string text = before;
    try {
      edits = random_edits(outline, facts);
      for (const SpecEdit& edit : edits) {
        const std::string last = text;
        text = edited(text, {edit}, path);
        json document = document_of(last);
        make(edit, &document);
        EXPECT_EQ(document_of(text), document) << "--- before:\n" << last << "--- made:\n" << text;
        expect_only_those_lines(last, text, edit);
      }
    } catch (const ConfigError&) {
      ++refused_;
      return before;
    }
    made_ += edits.empty() ? 0 : 1;
    return text;
  }

  std::mt19937 random_{20240607};
  size_t made_ = 0, refused_ = 0;
};

TEST_F(FormProperty, AnEditOfAnySpecChangesOnlyItsLines) {
  namespace fs = std::filesystem;
  Facts facts;
  facts.plugins = spec::shipped();
  facts.data_sets = {"industry"};
  std::vector<fs::path> paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(std::string(LEA_SOURCE_DIR) + "/experiments")) {
    if (entry.path().extension() != ".yaml") continue;
    paths.push_back(entry.path());
    for (LibraryBundle& bundle : bundles_in(entry.path().string()))
      facts.bundles.push_back(std::move(bundle));
  }
  std::sort(paths.begin(), paths.end());
  ASSERT_GT(paths.size(), 15u);
  for (const fs::path& path : paths) {
    SCOPED_TRACE(path.string());
    const std::string original = read_file(path.string());
    std::string text = original;
    for (int i = 0; i < 40 && !HasFailure(); ++i) {
      if (i % 8 == 0) text = original;
      text = try_edit(text, path.string(), facts);
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(made_, 400u);
  EXPECT_LT(refused_, made_) << "mostly aliases, paired axes, and what cannot be an axis";
}

// ---- The form and its text

class LiveForm : public testing::Test {
 protected:
  LiveForm() {
    facts_.take(small_facts());
    QObject::connect(&form_, &SpecForm::edited, [this](const QString& text) { edited_ << text; });
    QObject::connect(&form_, &SpecForm::refused, [this](const QString& key, const QString& why) {
      refused_ << key + ": " + why;
    });
  }
  void show(const std::string& text) {
    form_.show(QString::fromStdString(text), "study.yaml");
    ASSERT_TRUE(wait_until([&] { return form_.is_idle(); }));
  }
  bool idle() {
    return wait_until([&] { return form_.is_idle(); });
  }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  SpecFacts facts_{lab_};
  SpecForm form_{facts_};
  QStringList edited_, refused_;
};

TEST_F(LiveForm, ChangesTheTextAndShowsWhatIsTypedThere) {
  show("train: {patience: 3}\n");
  form_.set_field("train.patience", "4");
  form_.set_field("train.threads", "2");
  ASSERT_TRUE(idle());
  EXPECT_EQ(edited_.last(), "train: {patience: 4, threads: 2}\n");
  EXPECT_EQ(form_.outline().field("train.threads")->value, "2");
  show("train: {patience: 5}\n");
  EXPECT_EQ(form_.outline().field("train.patience")->value, "5");
}

TEST_F(LiveForm, MakesAnEditOnWhatSomebodyHasTypedMeanwhile) {
  show("train: {patience: 3}\n");
  form_.set_field("train.threads", "2");
  form_.show("# new\ntrain: {patience: 3}\n", "study.yaml");
  ASSERT_TRUE(idle());
  EXPECT_THAT(edited_, ElementsAre("# new\ntrain: {patience: 3, threads: 2}\n"));
}

TEST_F(LiveForm, KeepsItsLastStateWhileTheTextCannotBeRead) {
  show("train: {patience: 3}\n");
  show("train: {patience: 4\n");
  EXPECT_THAT(form_.problem().toStdString(), HasSubstr("study.yaml:"));
  EXPECT_EQ(form_.outline().field("train.patience")->value, "3");
  form_.set_field("train.patience", "5");
  ASSERT_TRUE(idle());
  EXPECT_TRUE(edited_.isEmpty());
  ASSERT_EQ(refused_.size(), 1);
  EXPECT_THAT(refused_[0].toStdString(), HasSubstr("The text cannot be read"));
  show("train: {patience: 6}\n");
  EXPECT_TRUE(form_.problem().isEmpty());
}

TEST_F(LiveForm, SaysWhyAnEditIsRefused) {
  show("a: &x {batch_size: 3}\ntrain: *x\n");
  form_.set_field("train.batch_size", "4");
  ASSERT_TRUE(idle());
  ASSERT_EQ(refused_.size(), 1);
  EXPECT_THAT(refused_[0].toStdString(), HasSubstr("is an alias"));
}

// ---- Its widgets

TEST_F(LiveForm, IsChangedByItsEditorsAndTheirButtons) {
  show("train: {patience: 3}\n");
  SpecFormView view(form_);
  view.show();
  GroupView* train = view.group("train");
  ASSERT_TRUE(train);
  FieldRow* row = train->row("train.patience");
  ASSERT_TRUE(row);
  auto* box = row->findChild<NumberBox*>();
  QTest::keyClick(box, Qt::Key_Up);
  ASSERT_TRUE(idle());
  EXPECT_EQ(edited_.last(), "train: {patience: 4}\n");
  EXPECT_EQ(box->text(), "4");
  QTest::mouseClick(row->reset_button(), Qt::LeftButton);
  ASSERT_TRUE(idle());
  EXPECT_EQ(edited_.last(), "");
  EXPECT_EQ(box->text(), "10");
  EXPECT_FALSE(row->reset_button()->isVisibleTo(row));
}

TEST_F(LiveForm, ShowsARefusalBesideTheFieldWithItsOldValue) {
  show("train: {patience: 3}\n");
  SpecFormView view(form_);
  view.show();
  FieldRow* row = view.group("train")->row("train.patience");
  auto* box = row->findChild<NumberBox*>();
  box->setFocus();
  box->selectAll();
  QTest::keyClicks(box, "0");
  QTest::keyClick(box, Qt::Key_Return);
  ASSERT_TRUE(idle());
  const auto below = [&] {
    for (const QLabel* label : row->findChildren<QLabel*>()) {
      if (label->text().contains("must be an integer from 1")) return true;
    }
    return false;
  };
  EXPECT_TRUE(wait_until(below));
  EXPECT_EQ(box->text(), "3");
}

TEST_F(LiveForm, FindsAParameterByItsMeaning) {
  show("framework: snqn\n");
  SpecFormView view(form_);
  view.show();
  view.search()->setText("learning rate");
  int shown = 0;
  for (const FieldRow* row : view.findChildren<FieldRow*>()) shown += row->isVisible();
  EXPECT_GE(shown, 3) << "learning_rate and the two of its drop";
  EXPECT_LT(shown, 10);
  EXPECT_FALSE(view.group("evaluate")->isVisible());
}

TEST_F(LiveForm, TicksAnItemOfAListWithTheKeyboard) {
  show("grid:\n  backbone: [gru4rec]\n");
  AxisLists lists(form_, facts_);
  lists.show();
  QTreeWidgetItem* row = lists.row_of("backbone", "sasrec");
  ASSERT_TRUE(row);
  lists.tree()->setCurrentItem(row);
  lists.tree()->setFocus();
  QTest::keyClick(lists.tree(), Qt::Key_Space);
  ASSERT_TRUE(idle());
  ASSERT_FALSE(edited_.isEmpty());
  EXPECT_EQ(edited_.last(), "grid:\n  backbone: [gru4rec, sasrec]\n");
  EXPECT_EQ(lists.row_of("backbone", "sasrec")->checkState(0), Qt::Checked);
  EXPECT_EQ(lists.tree()->currentItem(), lists.row_of("backbone", "sasrec")) << "it stays chosen";
}

TEST_F(LiveForm, AddsAnAxisByTheNameOfASetting) {
  show("name: x\n");
  AxisLists lists(form_, facts_);
  lists.new_axis()->setText("train.learning_rate");
  QTest::keyClick(lists.new_axis(), Qt::Key_Return);
  ASSERT_TRUE(idle());
  EXPECT_EQ(edited_.last(), "name: x\ngrid:\n  train.learning_rate: [0.005]\n");
  lists.tree()->setCurrentItem(lists.row_of("train.learning_rate"));
  lists.new_value()->setText("0.01");
  QTest::keyClick(lists.new_value(), Qt::Key_Return);
  ASSERT_TRUE(idle());
  EXPECT_EQ(edited_.last(), "name: x\ngrid:\n  train.learning_rate: [0.005, 0.01]\n");
}

}  // namespace
}  // namespace lea::gui
