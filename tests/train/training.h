// The training of the toy framework, and what its loss sees.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/train/trainer.h"
#include "tests/train/toy.h"

namespace lea::train {

class TrainerTest : public ToyTest {
 protected:
  Outcome train() { return train::train(run_, data_, split_, lookup(), paths(), listener_); }
  // The weight before each step and after the last.
  std::vector<double> weights(const std::function<Loss(ToyFramework&, int64_t step)>& loss) {
    std::vector<double> weights;
    prepare_ = [&](ToyFramework& framework) {
      framework.on_loss = [&](ToyFramework& f, const Transition&, const Step& step) {
        weights.push_back(f.w.item<double>());
        return loss(f, step.index);
      };
    };
    train();
    weights.push_back(framework_->w.item<double>());
    return weights;
  }
  std::string failure() {
    try {
      train();
    } catch (const PluginError& error) {
      return error.what();
    }
    return "nothing failed";
  }

  Listener listener_;
};

}  // namespace lea::train
