#include "core/train/adam.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/base/error.h"

namespace lea::train {
namespace {

Tensor quadratic(const Tensor& x, const Tensor& y) {
  return (x * x * 3 + x).sum() + (y - 2).pow(4).sum();
}

TEST(Adam, TakesTheStepsOfLibTorchsOwnOptimiser) {
  torch::manual_seed(1);
  const Tensor start_x = torch::randn({5, 3}), start_y = torch::randn({4});
  Tensor x = start_x.clone().requires_grad_(), y = start_y.clone().requires_grad_();
  Tensor peer_x = start_x.clone().requires_grad_(), peer_y = start_y.clone().requires_grad_();
  Adam adam({"all", {x, y}});
  torch::optim::Adam peer(std::vector<Tensor>{peer_x, peer_y}, torch::optim::AdamOptions(0.01));
  for (int step = 0; step < 50; ++step) {
    adam.step(quadratic(x, y), 0.01);
    peer.zero_grad();
    quadratic(peer_x, peer_y).backward();
    peer.step();
  }
  EXPECT_TRUE(x.allclose(peer_x, 1e-5, 1e-6));
  EXPECT_TRUE(y.allclose(peer_y, 1e-5, 1e-6));
}

TEST(Adam, DecaysWeightsAsLibTorchsOwnOptimiserDoes) {
  torch::manual_seed(2);
  const Tensor start = torch::randn({6});
  Tensor x = start.clone().requires_grad_(), peer_x = start.clone().requires_grad_();
  Tensor unused = torch::ones({2}).requires_grad_();
  Adam adam({"all", {x, unused}});
  torch::optim::Adam peer(std::vector<Tensor>{peer_x},
                          torch::optim::AdamOptions(0.01).weight_decay(0.3));
  for (int step = 0; step < 30; ++step) {
    adam.step(quadratic(x, x), 0.01, 0.3);
    peer.zero_grad();
    quadratic(peer_x, peer_x).backward();
    peer.step();
  }
  EXPECT_TRUE(x.allclose(peer_x, 1e-5, 1e-6));
  EXPECT_TRUE(unused.equal(torch::ones({2}))) << "a weight that the loss does not reach is kept";
}

TEST(Adam, StepsItsGroupAndNothingElse) {
  Tensor inside = torch::ones({3}).requires_grad_(), outside = torch::ones({3}).requires_grad_();
  Adam adam({"inside", {inside}});
  adam.step((inside * outside).sum(), 0.1);
  EXPECT_TRUE(outside.equal(torch::ones({3})));
  EXPECT_FALSE(outside.grad().defined());
  EXPECT_TRUE(inside.allclose(torch::full({3}, 0.9)));
}

TEST(Adam, LeavesParametersThatTheLossDoesNotReach) {
  Tensor used = torch::ones({2}).requires_grad_(), unused = torch::ones({2}).requires_grad_();
  Adam adam({"both", {used, unused}});
  adam.step(used.sum(), 0.1);
  EXPECT_TRUE(unused.equal(torch::ones({2})));
  EXPECT_EQ(adam.state().at("1/steps").item<float>(), 0);
  EXPECT_EQ(adam.state().at("0/steps").item<float>(), 1);
}

TEST(Adam, GoesOnFromASavedStateBitForBit) {
  const auto run = [](int stop_at) {
    Tensor x = torch::full({4}, 2.0).requires_grad_();
    Adam adam({"x", {x}});
    for (int step = 0; step < 10; ++step) {
      if (step == stop_at) {
        std::map<std::string, Tensor> saved;
        for (const auto& [name, tensor] : adam.state()) saved["p/" + name] = tensor.clone();
        adam = Adam({"x", {x}});
        adam.load(saved, "p/");
      }
      adam.step(quadratic(x, x), 0.05);
    }
    return x.detach().clone();
  };
  EXPECT_TRUE(run(-1).equal(run(6)));
}

TEST(Adam, ResetForgetsTheMoments) {
  Tensor x = torch::ones({2}).requires_grad_();
  Adam adam({"x", {x}});
  adam.step(x.sum() * 5, 0.1);
  ASSERT_EQ(adam.state().size(), 3u);
  for (const auto& [name, tensor] : adam.state()) EXPECT_TRUE(tensor.any().item<bool>()) << name;
  adam.reset();
  for (const auto& [name, tensor] : adam.state()) EXPECT_FALSE(tensor.any().item<bool>()) << name;
}

TEST(Adam, RefusesAStateOfAnotherShape) {
  Tensor x = torch::ones({2}).requires_grad_(), longer = torch::ones({3}).requires_grad_();
  Adam adam({"x", {x}}), other({"x", {longer}});
  const auto refuses = [&](const Adam& from, const char* prefix) {
    std::map<std::string, Tensor> saved;
    for (const auto& [name, tensor] : from.state()) saved["p/" + name] = tensor;
    try {
      adam.load(saved, prefix);
    } catch (const DataError&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refuses(Adam({"x", {x}}), "p/"));
  EXPECT_TRUE(refuses(other, "p/"));
  EXPECT_TRUE(refuses(Adam({"x", {x}}), "q/")) << "of no state at all";
}

}  // namespace
}  // namespace lea::train
