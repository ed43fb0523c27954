// The filter expressions of `lealab ls`:
//
//   framework=snqn and ndcg@10>0.07 and (seed=1 or state=finished)
//
//   expression := all ("or" all)*        all := one ("and" one)*
//   one        := "not" one | "(" expression ")" | FIELD OP VALUE
//   OP         := = != < <= > >= ~       (~: contains, ignoring case)
//   VALUE      := a number, a word, or text in single or double quotes
//
// Fields: uuid, experiment, state, seed, source, reason, created, finished, age (hours); an axis or
// slot (backbone, framework, reward, augment, ...); a dotted key of the resolved spec
// (train.learning_rate); a test metric (ndcg@10) or a validation metric (valid.ndcg@20); result.KEY
// (result.wall_seconds). `state` is the state of the run; the state slot is label.state, as
// label.AXIS is any axis. A run that lacks a field satisfies only != on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/report/measure.h"
#include "db/store/store.h"

namespace lea::report {

// What a filter, a sort key or a listing reads of a run.
struct RunView {
  db::RunRow run;
  Measured metrics;
};

// A field's value as text; numbers also as a number. Absent: `present` is false.
struct FieldValue {
  bool present = false;
  std::string text;
  std::optional<double> number;
};
FieldValue field_of(const RunView& view, const std::string& field);

// Every field that at least one of the runs has, and the fixed ones; sorted. For near misses.
std::vector<std::string> known_fields(const std::vector<RunView>& views);

class Filter {
 public:
  // An empty expression matches every run. Throws UsageError that points into the expression:
  //   filter:1:5: `framwork` is not a field, did you mean `framework`?
  Filter(const std::string& expression, const std::vector<std::string>& fields);
  ~Filter();
  bool matches(const RunView& view) const;

  struct Node;

 private:
  std::unique_ptr<Node> root_;  // null: everything
};

// Checks a field name as a filter does; `where` names the option in the message.
void check_field(const std::string& field, const std::vector<std::string>& fields,
                 const std::string& where);

}  // namespace lea::report
