// Compares every framework's loss and gradient with NumPy (tests/golden/losses).
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <set>

#include "tests/api/host.h"

namespace lea::testing {
namespace {

ParamValues values_of(const PluginEntry& entry, const nlohmann::json& params) {
  ParamValues values;
  for (const auto& [name, value] : params.items()) {
    const auto info = std::find_if(entry.params.begin(), entry.params.end(),
                                   [&, key = name](const ParamInfo& p) { return p.name == key; });
    if (info == entry.params.end()) throw std::runtime_error("no parameter " + name);
    if (info->type == ParamType::kBool)
      values[name] = value.get<bool>();
    else if (info->type == ParamType::kInteger)
      values[name] = value.get<int64_t>();
    else if (info->type == ParamType::kReal)
      values[name] = value.get<double>();
    else
      values[name] = value.get<std::string>();
  }
  return values;
}

class LossGolden : public ::testing::TestWithParam<nlohmann::json> {
 protected:
  LossGolden() : test_case(GetParam()), file(document()) {
    const auto& sizes = file.at("sizes");
    N = sizes.at("N"), D = sizes.at("D"), S = sizes.at("S"), T = sizes.at("T"), B = sizes.at("B");
  }

  static const nlohmann::json& document() {
    static const nlohmann::json file = golden("losses/losses.json");
    return file;
  }

  std::shared_ptr<Framework> framework() {
    context.item_count = N;
    context.positions = T;
    context.backbone = [this] { return std::make_shared<TableBackbone>(N, D); };
    const auto items = file.at("batch").at("training").get<std::vector<int32_t>>();
    context.data = training_data(N, T, {items});
    if (const auto& state = test_case.at("state"); !state.is_null()) {
      context.state = {S, state.at("project").get<int64_t>(), state.at("replace").get<bool>()};
    }
    if (const auto& augment = test_case.at("augment"); !augment.is_null()) {
      context.augment = {augment.at(0).get<double>(), augment.at(1).get<double>()};
    }
    const std::string file = test_case.at("framework");
    const PluginEntry& entry = load_plugin(file);
    auto made = entry.framework(values_of(entry, test_case.at("params")), context);
    set_parameters(*made, test_case.at("weights"));
    return made;
  }

  Tensor integers(const char* name, at::IntArrayRef shape) const {
    std::vector<int64_t> flat;
    const auto add = [&](auto&& self, const nlohmann::json& value) -> void {
      if (!value.is_array()) return flat.push_back(value.get<int64_t>());
      for (const auto& element : value) self(self, element);
    };
    add(add, file.at("batch").at(nlohmann::json::json_pointer(std::string("/") + name)));
    return at::tensor(flat, at::kLong).view(shape);
  }

  Transition transition() const {
    const auto& batch = file.at("batch");
    const auto K = test_case.at("negatives").get<int64_t>();
    const std::string k = std::to_string(K);
    Transition t;
    const Tensor event = at::arange(B, at::kLong);
    t.history = {integers("items", {B, T}), integers("length", {B}), event};
    t.next = {integers("next_items", {B, T}), integers("next_length", {B}), event};
    t.action = integers("action", {B});
    t.negatives = integers(("negatives/" + k).c_str(), {B, K});
    t.reward = floats(batch.at("reward"), {B});
    t.negative_reward = floats(batch.at("negative_reward").at(k), {B, K});
    const auto done = batch.at("done").get<std::vector<bool>>();
    t.done = at::zeros({B}, at::kBool);
    for (int64_t b = 0; b < B; ++b) t.done[b] = static_cast<bool>(done[b]);
    if (!test_case.at("augment").is_null()) {
      t.proposed = integers("proposed", {B});
      t.proposed_reward = floats(batch.at("proposed_reward"), {B});
    }
    if (!test_case.at("state").is_null()) {
      t.state = floats(batch.at("state"), {B, S});
      t.next_state = floats(batch.at("next_state"), {B, S});
    }
    return t;
  }

  const nlohmann::json& test_case;
  const nlohmann::json& file;
  int64_t N, D, S, T, B;
  TestContext context;
};

TEST_P(LossGolden, EqualsNumPyInValuePartsAndGradient) {
  const auto made = framework();
  const auto trained = test_case.at("trained").get<std::string>();
  Step step = step_for(trained == "first", test_case.at("step").get<int64_t>());
  const Loss loss = made->loss(transition(), step);
  const auto& expected = test_case.at("expected");
  EXPECT_EQ(loss.group, test_case.at("group").get<std::string>());
  const auto value = expected.at("value").get<double>();
  EXPECT_NEAR(loss.value.item<double>(), value, 2e-6 * std::abs(value) + 2e-6);

  std::map<std::string, double> parts;
  for (const auto& [name, metric] : loss.metrics) {
    EXPECT_FALSE(metric.requires_grad()) << name;
    parts[name] = metric.item<double>();
  }
  ASSERT_GT(expected.at("parts").size(), 0u);
  for (const auto& [name, part] : expected.at("parts").items()) {
    ASSERT_TRUE(parts.contains(name)) << name;
    EXPECT_NEAR(parts[name], part.get<double>(), 1e-5 * std::abs(part.get<double>()) + 1e-5)
        << name;
  }

  for (auto& parameter : made->parameters()) parameter.mutable_grad() = Tensor();
  loss.value.backward();
  size_t compared = 0;
  for (const auto& parameter : made->named_parameters()) {
    const std::string& name = parameter.key();
    const Tensor gradient = parameter.value().grad();
    if (name.rfind(trained + ".", 0) != 0) {
      EXPECT_FALSE(gradient.defined()) << name << " is not of the trained network";
      continue;
    }
    const auto& slope = expected.at("gradient").at(name.substr(trained.size() + 1));
    const Tensor wanted = floats(slope, parameter.value().sizes());
    const Tensor found = gradient.defined() ? gradient : at::zeros_like(wanted);
    ++compared;
    EXPECT_LE((found - wanted).abs().max().item<double>(),
              2e-5 * (1 + wanted.abs().max().item<double>()))
        << name << "\nexpected\n"
        << wanted << "\nfound\n"
        << found;
  }
  EXPECT_EQ(compared, expected.at("gradient").size());
}

// Neither twin's Adam may touch the other's parameters.
TEST_P(LossGolden, NamesAGroupOfTheTrainedNetworkAlone) {
  const auto made = framework();
  const auto trained = test_case.at("trained").get<std::string>();
  std::vector<const void*> own;
  for (const auto& parameter : made->named_parameters()) {
    if (parameter.key().rfind(trained + ".", 0) == 0) {
      own.push_back(parameter.value().unsafeGetTensorImpl());
    }
  }
  for (const Group& group : made->groups()) {
    if (group.name != test_case.at("group").get<std::string>()) continue;
    std::vector<const void*> members;
    for (const Tensor& parameter : group.parameters)
      members.push_back(parameter.unsafeGetTensorImpl());
    EXPECT_EQ(members, own);
    return;
  }
  FAIL() << "no group " << test_case.at("group");
}

std::vector<nlohmann::json> all_cases() {
  const nlohmann::json file = golden("losses/losses.json");
  return file.at("cases").get<std::vector<nlohmann::json>>();
}

TEST(LossGoldens, HoldEveryTrainedFramework) {
  std::set<std::string> frameworks;
  for (const nlohmann::json& one : all_cases()) frameworks.insert(one.at("framework"));
  EXPECT_EQ(frameworks, (std::set<std::string>{"supervised", "sqn", "snqn", "sac", "sa2c"}));
}

INSTANTIATE_TEST_SUITE_P(Numpy, LossGolden, ::testing::ValuesIn(all_cases()), [](const auto& info) {
  return info.param.at("name").template get<std::string>();
});

}  // namespace
}  // namespace lea::testing
