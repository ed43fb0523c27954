// What the host gives a plugin when it makes it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>

#include "core/api/types.h"

namespace lea {

class Backbone;
class Environment;

class LEA_API Context {
 public:
  virtual ~Context();

  virtual int64_t items() const = 0;    // N
  virtual int64_t history() const = 0;  // T
  virtual uint64_t seed() const = 0;    // of the run
  virtual c10::Device device() const = 0;

  // A fresh backbone as the spec names it, with its own parameters. Frameworks call it once, or
  // twice for twin networks. Throws PluginError when the caller is not a framework.
  virtual std::shared_ptr<Backbone> make_backbone() const = 0;

  // The environment that a parameter of type environment names.
  virtual std::shared_ptr<Environment> environment(const std::string& value) const = 0;

  virtual const TrainingData& training() const = 0;

  // Original ids of the data set: item_id(i) for item i; for plugins that read a user's file.
  virtual int64_t item_of(const std::string& original_id) const = 0;  // 0 when unknown
  virtual int64_t sequence_of(
      const std::string& original_id) const = 0;  // training sequence, -1 when none

  // How the state slot is used; width 0 without one. Eq. (4).
  struct StateUse {
    int64_t width = 0;     // S
    int64_t project = 0;   // width of the projected s'; 0: as it is
    bool replace = false;  // s' alone instead of s' || h
  };
  virtual StateUse state_use() const = 0;

  // Weights of the augmented losses, Eq. (16); both 0 without an augmenter.
  struct AugmentUse {
    double supervised_weight = 0;  // w_ap
    double q_weight = 0;           // w_aq
  };
  virtual AugmentUse augment_use() const = 0;
};

}  // namespace lea
