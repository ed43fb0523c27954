#include "core/train/adam.h"

#include <torch/torch.h>

#include "core/base/error.h"

namespace lea::train {

Adam::Adam(Group group) : group_(std::move(group)) {
  for (const Tensor& parameter : group_.parameters) {
    mean_.push_back(at::zeros_like(parameter, at::MemoryFormat::Preserve));
    square_.push_back(at::zeros_like(parameter, at::MemoryFormat::Preserve));
    steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
  }
}

void Adam::step(const Tensor& loss, double learning_rate, double weight_decay) {
  const std::vector<Tensor> gradients =
      torch::autograd::grad({loss}, group_.parameters, /*grad_outputs=*/{}, /*retain_graph=*/false,
                            /*create_graph=*/false, /*allow_unused=*/true);
  std::vector<Tensor> parameters, reached, mean, square, steps;
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;
    parameters.push_back(group_.parameters[i].detach());
    reached.push_back(gradients[i]);
    mean.push_back(mean_[i]);
    square.push_back(square_[i]);
    steps.push_back(steps_[i]);
  }
  if (parameters.empty()) return;
  torch::NoGradGuard no_grad;
  at::_foreach_add_(steps, 1);
  at::_fused_adam_(parameters, reached, mean, square, /*max_exp_avg_sqs=*/{}, steps, learning_rate,
                   /*beta1=*/0.9, /*beta2=*/0.999, weight_decay, /*eps=*/1e-8,
                   /*amsgrad=*/false,
                   /*maximize=*/false);
}

void Adam::reset() {
  for (auto* tensors : {&mean_, &square_, &steps_}) {
    for (Tensor& tensor : *tensors) tensor.zero_();
  }
}

std::map<std::string, Tensor> Adam::state() const {
  std::map<std::string, Tensor> state;
  for (size_t i = 0; i < mean_.size(); ++i) {
    const std::string number = std::to_string(i);
    state[number + "/mean"] = mean_[i];
    state[number + "/square"] = square_[i];
    state[number + "/steps"] = steps_[i];
  }
  return state;
}

void Adam::load(const std::map<std::string, Tensor>& state, const std::string& prefix) {
  for (auto& [name, tensor] : this->state()) {
    const auto found = state.find(prefix + name);
    if (found == state.end() || found->second.sizes() != tensor.sizes()) {
      throw DataError("checkpoint: no tensor " + prefix + name + " of the optimiser's shape");
    }
    tensor.copy_(found->second);
  }
}

}  // namespace lea::train
