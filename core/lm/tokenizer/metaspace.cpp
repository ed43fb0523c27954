#include "core/lm/tokenizer/metaspace.h"

#include "core/base/text.h"
#include "core/lm/tokenizer/unicode.h"

namespace lea::lm {

Metaspace read_metaspace(const JsonFields& fields) {
  Metaspace step;
  step.mark = fields.text("replacement");
  if (step.mark.empty() || code_point_at(step.mark, 0).bytes != step.mark.size()) {
    fields.fail("replacement", "must be one character, but is " + in_backticks(step.mark));
  }
  step.scheme = fields.text("prepend_scheme", "always");
  // The reference refuses this as well.
  if (!fields.boolean("add_prefix_space", true) && step.scheme != "never") {
    fields.fail("add_prefix_space", "is false, but prepend_scheme is " + in_backticks(step.scheme) +
                                        "; say the same in both: `never`, or true");
  }
  if (step.scheme != "first" && step.scheme != "always" && step.scheme != "never")
    fields.fail("prepend_scheme", in_backticks(step.scheme) + " is not supported");
  step.split = fields.boolean("split", true);
  return step;
}

}  // namespace lea::lm
