// The two paths of float32 products compute the same: our own AVX-512 loops and LibTorch's products,
// each forced in turn. And dropout draws the numbers that LibTorch draws.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <limits>

#include "core/api/dropout.h"
#include "core/api/heads.h"
#include "core/api/linear.h"
#include "core/api/recurrent.h"
#include "core/base/wide_products.h"

namespace lea {
namespace {

using Tensors = std::vector<Tensor>;

class Paths : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_use_wide_products()) GTEST_SKIP() << "this processor has no AVX-512";
  }
  void TearDown() override {
    force_products(Products::kByMachine);
    at::set_num_threads(1);
  }

  static Tensors by(Products path, const std::function<Tensors()>& compute) {
    force_products(path);
    return compute();
  }

  // Both paths, and ours with two threads, which must give the same bits as with one.
  static void expect_equal_paths(const std::string& what, double tolerance,
                                 const std::function<Tensors()>& compute) {
    at::set_num_threads(1);
    const Tensors library = by(Products::kLibTorch, compute), ours = by(Products::kWide, compute);
    at::set_num_threads(2);
    const Tensors two = by(Products::kWide, compute);
    ASSERT_EQ(library.size(), ours.size());
    for (size_t i = 0; i < ours.size(); ++i) {
      const double scale = library[i].abs().max().item<double>();
      EXPECT_LE((ours[i] - library[i]).abs().max().item<double>(), tolerance * (1e-30 + scale))
          << what << ", tensor " << i;
      EXPECT_TRUE(at::equal(ours[i], two[i])) << what << ", tensor " << i << ", two threads";
    }
  }
};

std::string text(std::initializer_list<int64_t> sizes) {
  std::string text;
  for (const int64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

Tensors gradients_of(const Tensor& value, const Tensors& inputs) {
  return torch::autograd::grad({value}, inputs);
}

TEST_F(Paths, OfALinearLayerAgree) {
  for (const auto& [rows, depth, columns] : std::vector<std::array<int64_t, 3>>{
           {1, 1, 1}, {5, 3, 7}, {17, 64, 64}, {100, 129, 33}, {700, 64, 192}, {300, 300, 1000}}) {
    at::manual_seed(1);
    const Tensor input = at::randn({rows, depth}).requires_grad_(),
                 weight = at::randn({columns, depth}).requires_grad_(),
                 bias = at::randn({columns}).requires_grad_(), outer = at::randn({rows, columns});
    expect_equal_paths(text({rows, depth, columns}), 3e-6, [&] {
      const Tensor output = apply_linear(input, weight, bias);
      Tensors all = gradients_of((output * outer).sum(), {input, weight, bias});
      all.push_back(output.detach());
      all.push_back(apply_linear(input.detach(), weight.detach()));
      return all;
    });
  }
}

TEST_F(Paths, TakeAnyShapeOfInput) {
  at::manual_seed(2);
  const Tensor weight = at::randn({6, 4});
  for (const Tensor& input : {at::randn({4}), at::randn({2, 3, 4}), at::randn({4, 3}).t(),
                              at::randn({0, 4}), at::randn({3, 2, 4}).transpose(0, 1)}) {
    force_products(Products::kWide);
    EXPECT_TRUE(at::allclose(apply_linear(input, weight), at::linear(input, weight), 1e-5, 1e-6));
  }
  EXPECT_TRUE(at::allclose(apply_linear(at::ones({2, 4}, at::kDouble), weight.to(at::kDouble)),
                           at::linear(at::ones({2, 4}, at::kDouble), weight.to(at::kDouble))));
}

struct Shape {
  int64_t rows, items, width, targets;
  Activation activation;
};

// 40,003 items with 300 rows are several groups of panels.
const std::vector<Shape> kShapes = {
    {1, 1, 1, 1, Activation::kNone},        {15, 119, 5, 1, Activation::kRelu},
    {17, 120, 16, 2, Activation::kNone},    {64, 121, 64, 1, Activation::kNone},
    {100, 4344, 64, 2, Activation::kRelu},  {130, 1000, 72, 1, Activation::kRelu},
    {300, 40003, 24, 2, Activation::kNone},
};

TEST_F(Paths, OfTheCrossEntropyAgree) {
  for (const Shape& shape : kShapes) {
    at::manual_seed(3);
    ItemHead head(shape.width, shape.items, shape.activation);
    {
      const at::NoGradGuard no_grad;
      head.weight.normal_();
      head.bias.normal_();
    }
    const Tensor hidden = at::randn({shape.rows, shape.width}).requires_grad_();
    Tensor target = at::randint(0, shape.items + 1, {shape.rows, shape.targets}, at::kLong);
    const Tensor weight = at::rand({shape.rows, shape.targets});
    expect_equal_paths(text({shape.rows, shape.items, shape.width}), 2e-5, [&] {
      const CrossEntropy entropy = cross_entropy(head, hidden, target, weight);
      Tensors all = gradients_of(entropy.value, {hidden, head.weight, head.bias});
      all.push_back(entropy.rows);
      const at::NoGradGuard no_grad;
      all.push_back(cross_entropy(head, hidden, target, weight).rows);
      return all;
    });
  }
}

TEST_F(Paths, OfTheValuesOfAFewActionsAgree) {
  for (const Shape& shape : kShapes) {
    at::manual_seed(4);
    ItemHead head(shape.width, shape.items, shape.activation);
    const Tensor state = at::randn({shape.rows, shape.width}).requires_grad_();
    const Tensor action = at::randint(0, shape.items + 1, {shape.rows, 11}, at::kLong);
    const Tensor factor = at::randn({shape.rows, 11});
    expect_equal_paths(text({shape.rows, shape.items, shape.width}), 3e-6, [&] {
      const Tensor value = q_values(head, state, action);
      Tensors all = gradients_of((value * factor).sum(), {state, head.weight, head.bias});
      all.push_back(value.detach());
      return all;
    });
  }
}

TEST_F(Paths, PickTheSameBestActions) {
  for (const Shape& shape : kShapes) {
    at::manual_seed(5);
    ItemHead head(shape.width, shape.items);
    const at::NoGradGuard no_grad;
    head.bias.normal_();
    const Tensor state = at::randn({shape.rows, shape.width});
    expect_equal_paths(text({shape.rows, shape.items, shape.width}), 3e-6, [&] {
      const Tensor best = best_action(head, state).unsqueeze(1);
      return Tensors{head.forward(state).gather(1, best - 1)};
    });
  }
}

TEST_F(Paths, PickTheFirstOfEqualActions) {
  ItemHead head(3, 500);
  const at::NoGradGuard no_grad;
  head.weight.zero_();
  head.bias.index_fill_(0, at::tensor({130, 131, 499}, at::kLong), 1.0);
  Tensor state = at::ones({70, 3});
  state[1].fill_(std::numeric_limits<float>::quiet_NaN());
  for (const Products path : {Products::kLibTorch, Products::kWide}) {
    force_products(path);
    const Tensor best = best_action(head, state);
    EXPECT_EQ(best[0].item<int64_t>(), 131);
    EXPECT_EQ(best[1].item<int64_t>(), 1);
    EXPECT_EQ(best[69].item<int64_t>(), 131);
  }
}

TEST_F(Paths, SurviveLogitsFarApartAndShowANan) {
  force_products(Products::kWide);
  ItemHead head(1, 130);
  const at::NoGradGuard no_grad;
  head.weight.zero_();
  head.bias.zero_();
  head.bias[0] = 1e4;
  head.bias[125] = -1e4;
  Tensor hidden = at::ones({3, 1});
  hidden[2][0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor rows =
      cross_entropy(head, hidden, at::tensor({1, 126, 1}, at::kLong).view({3, 1})).rows;
  EXPECT_EQ(rows[0][0].item<double>(), 0);
  EXPECT_EQ(rows[1][0].item<double>(), 2e4);
  EXPECT_TRUE(std::isnan(rows[2][0].item<double>()));
}

TEST_F(Paths, OfAGruAgree) {
  for (const int64_t width : {5, 64}) {
    at::manual_seed(6);
    torch::nn::GRU gru(torch::nn::GRUOptions(width, width).num_layers(2).batch_first(true));
    History history{at::randint(1, 50, {90, 7}, at::kLong), at::randint(0, 8, {90}, at::kLong), {}};
    const PackedHistory packed = pack(history);
    const Tensor table = at::randn({50, width}).requires_grad_();
    const Tensor outer = at::randn({packed.items.size(0), width});
    Tensors inputs = gru->parameters();
    inputs.push_back(table);
    expect_equal_paths("width " + std::to_string(width), 1e-5, [&] {
      const Tensor output = run_gru(*gru, table.index_select(0, packed.items), packed);
      Tensors all = gradients_of((output * outer).sum(), inputs);
      all.push_back(output.detach());
      return all;
    });
  }
}

TEST(WideProducts, PayOnlyWhereTheUnitsAreOfFullWidthAndMklDoesNotUseThem) {
  EXPECT_TRUE(wide_products_pay("AuthenticAMD", 26, true));    // Zen 5
  EXPECT_FALSE(wide_products_pay("AuthenticAMD", 25, true));   // Zen 4: half as wide
  EXPECT_FALSE(wide_products_pay("AuthenticAMD", 26, false));  // hidden by a hypervisor
  EXPECT_FALSE(wide_products_pay("GenuineIntel", 6, true));    // MKL uses them
  EXPECT_FALSE(wide_products_pay("", 0, false));
}

TEST(Dropout, DrawsTheNumbersOfLibTorch) {
  for (const double rate : {0.1, 0.5, 1.0 / 3}) {
    for (const int64_t count : {1, 311, 312, 313, 5000, 100000}) {
      const Tensor input = at::randn({count}) + 3;
      at::manual_seed(9);
      at::rand({5});  // the generator stands anywhere
      const Tensor expected = at::dropout(input, rate, true), after = at::rand({3});
      at::manual_seed(9);
      at::rand({5});
      const Tensor found = apply_dropout(input, rate, true);
      EXPECT_TRUE(at::equal(found, expected)) << rate << ", " << count;
      EXPECT_TRUE(at::equal(at::rand({3}), after)) << rate << ", " << count;
    }
  }
  const Tensor input = at::ones({4});
  EXPECT_TRUE(at::equal(apply_dropout(input, 0.5, false), input));
  EXPECT_TRUE(at::equal(apply_dropout(input, 0, true), input));
  EXPECT_TRUE(at::equal(apply_dropout(input, 1, true), at::zeros({4})));
}

}  // namespace
}  // namespace lea
