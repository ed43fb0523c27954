// What a plugin can ask the host for. The host passes it to the plugin's constructor.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "core/base/log_level.h"

namespace lea {

class Backbone;
class Environment;

class LEA_API Context {
 public:
  virtual ~Context();

  virtual int64_t items() const = 0;    // N
  virtual int64_t history() const = 0;  // T
  virtual uint64_t seed() const = 0;    // the seed of the run
  virtual c10::Device device() const = 0;

  // A new backbone, as the spec names it, with trainable parameters of its own. A framework calls
  // it once, or twice for twin networks. Throws PluginError when the plugin is no framework.
  virtual std::shared_ptr<Backbone> make_backbone() const = 0;

  // The environment that a parameter of type environment names. `value` is the parameter's value.
  virtual std::shared_ptr<Environment> environment(const std::string& value) const = 0;

  virtual const TrainingData& training() const = 0;

  // For plugins that read a user's file, which has the original ids of the data set: the item, 0
  // when no item has this id; and the training sequence, -1 when none has.
  virtual int64_t item_of(const std::string& original_id) const = 0;
  virtual int64_t sequence_of(const std::string& original_id) const = 0;

  // A column of the item texts, such as "title": the text of item j + 1 stands at j. Throws
  // ConfigError when the data set has no item texts, or none with this column.
  virtual std::vector<std::string> texts(const std::string& column) const;
  // The columns of the item texts in the order of the file; empty without item texts.
  virtual std::vector<std::string> text_columns() const;

  // The sampled items of the pool, int64 [E, P]: the run's negatives of training event e are drawn
  // from row e. Undefined unless the spec states `negatives: {from: pool}`.
  virtual const Tensor& pool() const;

  // The folder of an artefact that the plugin declares, by its kind. It is complete, and its files
  // have been checked against their checksums. Empty when the run does not need it in the slots
  // where the plugin stands. Throws PluginError for a kind that the plugin does not declare.
  virtual std::string artefact(const std::string& kind) const;

  // How the environment's state s' joins the hidden state h, Eq. (4).
  struct StateUse {
    int64_t width = 0;     // S; 0 when the run has no environment in its state slot
    int64_t project = 0;   // s' is projected to this width; 0: it is not
    bool replace = false;  // the state is s' alone instead of s' || h
  };
  virtual StateUse state_use() const = 0;

  // The weights of the augmented losses, Eq. (16). Both are 0 without an augmenter.
  struct AugmentUse {
    double supervised_weight = 0;  // w_ap
    double q_weight = 0;           // w_aq
  };
  virtual AugmentUse augment_use() const = 0;

  // Writes one line to the log of the run, with the id of the plugin. Any thread may call it while
  // the plugin exists. A line below the level that the user chose is dropped, and a log that cannot
  // be written is no error. What every step would repeat belongs to Loss::metrics.
  virtual void log(LogLevel level, const std::string& message) const = 0;

  // The number C of candidates that the run's augmenter is given. 0 when the run has no augmenter.
  virtual int64_t candidates() const;
};

}  // namespace lea
