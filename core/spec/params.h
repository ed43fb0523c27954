// The one declaration of a parameter: name, type, default, range and meaning.
//
// A struct lists its members once, in `void fields(lea::Fields& f)`. Reading YAML, refusing unknown
// keys, writing the resolved spec, `lealab plugins show` and a form in a window are visitors over
// that list; nothing else may name a parameter or its default.
//
//   struct Params {
//     int64_t blocks = 1;
//     double dropout = 0.1;
//     void fields(lea::Fields& f) {
//       f.integer("blocks", blocks, {1, 16}, "self-attention blocks");
//       f.real("dropout", dropout, {0, 1}, "dropout rate on embeddings, attention and
//       feed-forward");
//     }
//   };
//
// Header only, standard types only: it crosses the plugin boundary.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
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
  kReal,  // always finite
  kText,
  kChoice,       // one of `choices`
  kFile,         // a path; relative to the spec that names it, resolved before hashing
  kEnvironment,  // names another environment of the spec; the plugin builds it by
                 // Context::environment
  kIntegers,
  kReals,
};

// Inclusive bounds. For lists the bounds hold for every element.
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
  std::string
      meaning;  // one phrase; the paper's symbol and equation or register id where there is one
  bool required = false;    // no default: the spec must state it
  std::string not_above{};  // another number of the same struct that this one may not exceed
};

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
  // An empty path means "none".
  void file(const char* name, std::string& value, const char* meaning) {
    on({name, ParamType::kFile, value, {}, {}, meaning}, &value);
  }
  void environment(const char* name, std::string& value, const char* meaning) {
    on({name, ParamType::kEnvironment, value, {}, {}, meaning, /*required=*/true}, &value);
  }
  void integers(const char* name, std::vector<int64_t>& value, Range range, const char* meaning) {
    on({name, ParamType::kIntegers, value, range, {}, meaning}, &value);
  }
  void reals(const char* name, std::vector<double>& value, Range range, const char* meaning) {
    on({name, ParamType::kReals, value, range, {}, meaning}, &value);
  }
  // Of two numbers that were declared before: `low` may equal `high`, but not exceed it.
  virtual void ordered(const char* low, const char* high) {
    static_cast<void>(low), static_cast<void>(high);
  }

 protected:
  using Slot = std::variant<bool*, int64_t*, double*, std::string*, std::vector<int64_t>*,
                            std::vector<double>*>;
  virtual void on(const ParamInfo& info, Slot slot) = 0;
};

// Collects what `T::fields` declares; the values are T's defaults.
class DescribeFields : public Fields {
 public:
  std::vector<ParamInfo> infos;

  void ordered(const char* low, const char* high) override {
    for (ParamInfo& info : infos) {
      if (info.name == low) info.not_above = high;
    }
  }

 protected:
  void on(const ParamInfo& info, Slot) override { infos.push_back(info); }
};

template <class T>
std::vector<ParamInfo> describe_params() {
  DescribeFields describe;
  T defaults;
  defaults.fields(describe);
  return std::move(describe.infos);
}

// Writes checked values into the members that declare them. A name that `values` lacks keeps its
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

// Precondition: every value has the type that `T::fields` declares (core/spec checks this).
template <class T>
T assign_params(const ParamValues& values) {
  T params;
  AssignFields assign(values);
  params.fields(assign);
  return params;
}

}  // namespace lea
