// How a parameter is declared: name, type, default, range and meaning, each stated once.
//
// A struct lists its members in `void fields(lea::Fields& f)`:
//
//   struct Params {
//     int64_t blocks = 1;
//     double dropout = 0.1;
//     int64_t warm_up = 0;
//     void fields(lea::Fields& f) {
//       f.integer("blocks", blocks, {1, 16}, "self-attention blocks");
//       f.real("dropout", dropout, {0, 1}, "dropout rate on the item embeddings");
//       f.integer("warm_up", warm_up, {0, 1e6}, "steps before the first Q-loss");
//       f.added("warm_up");
//     }
//   };
//
// All that needs to know the parameters visits this list: reading YAML, refusing unknown keys,
// writing the resolved spec, `lealab plugins show`, a form in a window. No other code names a
// parameter or its default.
//
// A published default never changes. A finished run is found again by the hash of its settings, and
// a new default would give old settings a new meaning. Whoever adds a parameter after a release
// declares it `added` and gives it the default that keeps the old behaviour. The parameter is then
// left out of the hash while it has its default, so that the runs that were finished before it
// existed still count.
//
// Plugins and host exchange these types. So the header needs no library and uses standard types
// only.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace lea {

using ParamValue =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;
using ParamValues = std::map<std::string, ParamValue>;

enum class ParamType {
  kBool,
  kInteger,
  kReal,         // always finite
  kText,         // any text
  kChoice,       // one of `choices`
  kFile,         // a path; a relative one starts at the folder of the spec that states it
  kEnvironment,  // another environment; the plugin makes it with Context::environment
  kIntegers,
  kReals,
  kModel,  // the folder of a language model: the name of one in the lab's models, or a path
};

// What the rows of a user's file belong to, when it is text with the columns sequence_id and position
// (core/api/event_table.h). `lealab verify` finds rows of validation and test events by it.
enum class FileRows {
  kOther,      // to nothing that the host knows of
  kEvents,     // a row belongs to the event at this position of the sequence
  kHistories,  // a row belongs to the history of the first `position` items of the sequence
};

// Inclusive bounds. For a list they hold for each element.
struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

struct ParamInfo {
  std::string name;
  ParamType type = ParamType::kText;
  ParamValue default_value;
  Range range;
  std::vector<std::string> choices;
  std::string meaning;      // one phrase, with the paper's symbol and equation if there are any
  bool required = false;    // there is no default: the spec must state a value
  std::string not_above{};  // the name of another number of the struct that this one may not exceed
  bool added = false;       // added after a release: left out of a hash while it has its default
  FileRows rows = FileRows::kOther;  // of a file
};

// Receives the declarations of a struct, one call each. A visitor overrides `on`.
class Fields {
 public:
  virtual ~Fields() = default;

  void boolean(const char* name, bool& value, const char* meaning) {
    on({name, ParamType::kBool, value, {}, {}, meaning}, &value);
  }
  void integer(const char* name, int64_t& value, Range range, const char* meaning) {
    on({name, ParamType::kInteger, value, range, {}, meaning}, &value);
  }
  void real(const char* name, double& value, Range range, const char* meaning) {
    on({name, ParamType::kReal, value, range, {}, meaning}, &value);
  }
  void text(const char* name, std::string& value, const char* meaning) {
    on({name, ParamType::kText, value, {}, {}, meaning}, &value);
  }
  void choice(const char* name, std::string& value, std::vector<std::string> choices,
              const char* meaning) {
    on({name, ParamType::kChoice, value, {}, std::move(choices), meaning}, &value);
  }
  // An empty path means that there is no file.
  void file(const char* name, std::string& value, const char* meaning,
            FileRows rows = FileRows::kOther) {
    ParamInfo info{name, ParamType::kFile, value, {}, {}, meaning};
    info.rows = rows;
    on(info, &value);
  }
  void environment(const char* name, std::string& value, const char* meaning) {
    on({name, ParamType::kEnvironment, value, {}, {}, meaning, /*required=*/true}, &value);
  }
  // A Hugging Face folder. The spec must name one: its name in the lab's models, or a path as for a
  // file. The plugin is given the path of the folder.
  void model(const char* name, std::string& value, const char* meaning) {
    on({name, ParamType::kModel, value, {}, {}, meaning, /*required=*/true}, &value);
  }
  void integers(const char* name, std::vector<int64_t>& value, Range range, const char* meaning) {
    on({name, ParamType::kIntegers, value, range, {}, meaning}, &value);
  }
  void reals(const char* name, std::vector<double>& value, Range range, const char* meaning) {
    on({name, ParamType::kReals, value, range, {}, meaning}, &value);
  }
  // The number `low` may not exceed the number `high`. Both are declared before this call.
  virtual void ordered(const char* low, const char* high) {
    static_cast<void>(low), static_cast<void>(high);
  }
  // The parameter `name` was added after a release (see the top of this file). It is declared
  // before this call and has a default, so it is no environment and no model.
  virtual void added(const char* name) { static_cast<void>(name); }

 protected:
  // Where the value of a parameter is stored: a member of the struct.
  using Slot = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                            std::vector<double>*>;
  virtual void on(const ParamInfo& info, Slot slot) = 0;
};

// Collects the declarations of a struct. Throws std::invalid_argument when `ordered` or `added`
// names a parameter that is not declared yet.
class DescribeFields : public Fields {
 public:
  std::vector<ParamInfo> infos;

  void ordered(const char* low, const char* high) override { declared(low).not_above = high; }
  void added(const char* name) override { declared(name).added = true; }

 protected:
  void on(const ParamInfo& info, Slot) override { infos.push_back(info); }

 private:
  ParamInfo& declared(const std::string& name) {
    for (ParamInfo& info : infos) {
      if (info.name == name) return info;
    }
    throw std::invalid_argument("`fields` says something about the parameter `" + name +
                                "` before it declares it");
  }
};

// The declared parameters of T, in their order. The defaults are the members of a fresh T.
template <class T>
std::vector<ParamInfo> describe_params() {
  DescribeFields describe;
  T defaults;
  defaults.fields(describe);
  return std::move(describe.infos);
}

// Writes values into the members that declare them. A parameter that `values` lacks keeps its
// default.
class AssignFields : public Fields {
 public:
  explicit AssignFields(const ParamValues& values) : values_(values) {}

 protected:
  void on(const ParamInfo& info, Slot slot) override {
    const auto found = values_.find(info.name);
    if (found == values_.end()) return;
    std::visit(
        [&](auto* member) {
          *member = std::get<std::remove_pointer_t<decltype(member)>>(found->second);
        },
        slot);
  }

 private:
  const ParamValues& values_;
};

// A T with these values. Precondition: each value has the type that `T::fields` declares; the host
// has checked this.
template <class T>
T assign_params(const ParamValues& values) {
  T params;
  AssignFields assign(values);
  params.fields(assign);
  return params;
}

}  // namespace lea
