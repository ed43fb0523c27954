// The filter expressions of `lealab ls`:
//
//   framework=snqn and ndcg@10>0.07 and (seed=1 or state=finished)
//
//   expression := all ("or" all)*        all := one ("and" one)*
//   one        := "not" one | "(" expression ")" | FIELD OP VALUE
//   OP         := = != < <= > >= ~       (~: contains, ignoring case)
//   VALUE      := a number, a word, or text in single or double quotes
//
// Fields:
//   uuid, experiment, state, seed, source, reason, created, finished
//   age                  hours since the run was created
//   backbone, reward ... label of a slot or of another axis
//   label.AXIS           the same for any axis; label.state is the slot, `state` the run's state
//   train.learning_rate  dotted key of the resolved spec
//   ndcg@10              test metric
//   valid.ndcg@20        validation metric
//   result.wall_seconds  key of result.json
//
// A run without the field satisfies only !=.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/report/run_view.h"

namespace lea::report {

// The value of a field.
struct FieldValue {
  bool present = false;  // false: the run lacks the field
  std::string text;
  std::optional<double> number;  // empty when the value is not a number
};
FieldValue field_of(const RunView& view, const std::string& field);

// The names of all fields that some of the runs have, sorted. Filters accept these and no others.
std::vector<std::string> known_fields(const std::vector<RunView>& views);

class Filter {
 public:
  // An empty expression matches every run. Throws UsageError that points into the expression:
  //   filter:1:1: `framwork` is not a field of any run, did you mean `framework`?
  //     framwork=snqn
  //     ^
  Filter(const std::string& expression, const std::vector<std::string>& fields);
  ~Filter();
  Filter(Filter&& other) noexcept;
  Filter& operator=(Filter&& other) noexcept;
  bool matches(const RunView& view) const;
  // The same for anything that has fields by name, such as a row of a table.
  bool matches(const std::function<FieldValue(const std::string&)>& field) const;
  // Whether it matches everything, because the expression was empty.
  bool empty() const { return root_ == nullptr; }
  // The names of the fields that it reads, sorted.
  std::vector<std::string> fields() const;

  struct Node;

 private:
  std::unique_ptr<Node> root_;  // null: matches every run
};

// Throws UsageError when `field` is not one of `fields`. `where` names the option in the message.
void check_field(const std::string& field, const std::vector<std::string>& fields,
                 const std::string& where);

}  // namespace lea::report
