// How a plugin makes its artefacts: what it makes once, and many runs share.
//
//   class Vectors final : public lea::Environment {
//    public:
//     struct Params { ... };
//     static std::vector<lea::Artefact> artefacts();   // what there is to make (core/spec/artefact.h)
//     struct Maker final : lea::Preparer {             // makes it
//       explicit Maker(const Params& params);
//       void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override;
//     };
//     Vectors(const Params& params, const lea::Context& context);  // reads context.artefact("vectors")
//   };
//
// The host makes an artefact in a process of its own, before the first run that needs it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "core/base/log_level.h"
#include "core/spec/artefact.h"

namespace lea {

// What the host offers to the making of one artefact. It never gives the path of the data set, so
// that validation and test events stay out of reach. A method whose data the artefact does not
// declare in `reads` throws PluginError.
class LEA_API PrepareContext {
 public:
  virtual ~PrepareContext();

  virtual int64_t items() const = 0;    // N
  virtual int64_t history() const = 0;  // T; reads: history
  virtual c10::Device device() const = 0;

  // The training sequences, or a fraction of them in (0, 1]: at least one sequence. Smaller
  // fractions with the same seed are subsets of larger ones. Its events are numbered anew, so its
  // places are those of the runs only for the fraction 1. reads: training.
  virtual const TrainingData& training(double fraction = 1, uint64_t seed = 0) = 0;
  // See Context. reads: texts.
  virtual std::vector<std::string> texts(const std::string& column) = 0;
  virtual std::vector<std::string> text_columns() = 0;
  // int64 [E, P], see Context::pool. reads: pool.
  virtual Tensor pool() = 0;

  // The folder to write into. It holds what an earlier, interrupted attempt wrote, so that
  // `prepare` can go on from there. The host takes the checksums of all files when it returns.
  virtual std::string folder() const = 0;
  // The folder of the artefact that `Artefact::after` names.
  virtual std::string earlier() const = 0;

  // Records a figure of the artefact's quality, such as the loss that was reached. A figure with a
  // dot in its name is a detail of another one, such as `loss.error`: `lealab artefacts show` has it,
  // but not `lealab artefacts list` and the footers of tables.
  virtual void record(const std::string& name, double value) = 0;
  // Tells the progress. True: leave at once, with everything written that the next attempt needs.
  // To be called at least every few seconds.
  virtual bool stop(int64_t done, int64_t total) = 0;
  // Writes one line to the log of the artefact.
  virtual void log(LogLevel level, const std::string& message) = 0;

  // The training sequences that training(fraction, seed) leaves out, to validate what was learned
  // from those. Its events are numbered anew. Empty for the fraction 1. Larger fractions with the
  // same seed leave subsets of what smaller ones leave. reads: training.
  virtual const TrainingData& rest(double fraction, uint64_t seed) = 0;
};

// The amount of work by its sort, for an estimate of the time. The sorts that `lealab-worker
// measure` knows the pace of:
//   multiply_adds    in products of float matrices
//   bfloat16_multiply_adds   in products of bfloat16 matrices
//   values           of arrays in the cache, computed one by one, such as by an activation
//   memory_accesses  reads or writes of single numbers in no order, such as counting pairs
//   bytes            written to files that stay; `lealab plan` also counts them as disk
//   text_bytes       of texts that are split into words and counted
// And two that are no work and have no pace:
//   memory_bytes     that must be free for the making, at once, about. `lealab plan` shows it, and
//                    `lealab run` does not begin where less is available
//   state_width      the width of the environment's states that the artefact holds, or from which
//                    they follow. `lealab plan` warns where a wide state is joined as it is
using Counts = std::map<std::string, double>;

class LEA_API Preparer {
 public:
  virtual ~Preparer();

  // How much work `prepare` is. `context` also allows what those artefacts of the plugin read that
  // this one is made from, and has no folder and no earlier artefact, because none may have been made.
  // The default knows no work, and the plan then shows no estimate. Throws
  // ConfigError or DataError for what `prepare` would refuse, as far as that is seen without the
  // work: the whole plan is then refused with this message before anything is made. What else it
  // throws only leaves the plan without an estimate.
  virtual Counts count(const Artefact& artefact, PrepareContext& context);

  // Makes the artefact in context.folder(), or goes on with it. Killed at any moment and called
  // again, it must end with the same bytes. All randomness comes from the plugin's parameters.
  // Returns early after context.stop() was true.
  virtual void prepare(const Artefact& artefact, PrepareContext& context) = 0;

  // What it would compute, as at most `limit` examples in lines of text, for people: a language
  // model shows the prompts that it is sent. `context` allows what any artefact of the plugin reads,
  // and has no folder and no earlier artefact. The default shows nothing.
  virtual std::vector<std::string> show(PrepareContext& context, int64_t limit);
};

}  // namespace lea
