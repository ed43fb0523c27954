// Compares encoders with PyTorch (tests/golden/gru, tests/golden/sasrec).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

std::shared_ptr<Backbone> make(const std::string& file, const nlohmann::json& document,
                               ParamValues values) {
  TestContext context;
  context.item_count = document.at("N");
  context.positions = document.at("T");
  values["width"] = document.at("D").get<int64_t>();
  values["dropout"] = 0.0;
  return load_plugin(file).backbone(values, context);
}

void expect_golden(Backbone& backbone, const nlohmann::json& document,
                   const nlohmann::json& expected) {
  const auto history = make_history(document.at("items").get<std::vector<std::vector<int64_t>>>(),
                                    document.at("length").get<std::vector<int64_t>>());
  const int64_t rows = history.items.size(0), width = document.at("D");
  set_parameters(backbone, expected.at("weights"));
  const Tensor states = backbone.encode(history);
  const Tensor wanted = floats(expected.at("states"), {rows, width});
  // A few units in the last place of the largest value: processors sum in different orders.
  EXPECT_LE((states - wanted).abs().max().item<double>(),
            1e-6 * (1 + wanted.abs().max().item<double>()))
      << states << wanted;

  const Tensor factor = at::arange(rows * width, at::kFloat).view({rows, width}) / 10;
  (states * factor).sum().backward();
  for (const auto& parameter : backbone.named_parameters()) {
    const Tensor slope =
        floats(expected.at("gradient").at(parameter.key()), parameter.value().sizes());
    EXPECT_LE((parameter.value().grad() - slope).abs().max().item<double>(),
              1e-5 * (1 + slope.abs().max().item<double>()))
        << parameter.key();
  }
}

TEST(Gru4Rec, EqualsPyTorchsGruOnEachHistoryAlone) {
  const auto document = golden("gru/gru.json");
  ASSERT_EQ(document.at("cases").size(), 2u);
  for (const auto& expected : document.at("cases")) {
    const auto backbone =
        make("gru4rec", document, {{"layers", expected.at("layers").get<int64_t>()}});
    expect_golden(*backbone, document, expected);
  }
}

TEST(SasRec, EqualsAPlainComputationOfThePublishedBlocks) {
  const auto document = golden("sasrec/sasrec.json");
  ASSERT_EQ(document.at("cases").size(), 4u);
  for (const auto& expected : document.at("cases")) {
    const auto backbone = make("sasrec", document,
                               {{"blocks", expected.at("blocks").get<int64_t>()},
                                {"heads", expected.at("heads").get<int64_t>()}});
    expect_golden(*backbone, document, expected);
  }
}

TEST(SasRec, RefusesAWidthThatHeadsDoNotDivide) {
  TestContext context;
  EXPECT_THROW(
      load_plugin("sasrec").backbone({{"width", int64_t{6}}, {"heads", int64_t{4}}}, context),
      ConfigError);
}

class EveryBackbone : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryBackbone, IgnoresWhatIsInPaddingAndInOtherRows) {
  TestContext context;
  const auto backbone = load_plugin(GetParam()).backbone({}, context);
  backbone->eval();
  const auto clean = make_history({{0, 0, 0, 0}, {3, 0, 0, 0}, {2, 7, 0, 0}}, {0, 1, 2});
  const auto dirty = make_history({{5, 1, 4, 2}, {3, 6, 6, 6}, {2, 7, 1, 3}}, {0, 1, 2});
  EXPECT_TRUE(at::equal(backbone->encode(clean), backbone->encode(dirty)));
  const auto alone = make_history({{2, 7, 5, 5}}, {2});
  EXPECT_TRUE(at::allclose(backbone->encode(alone)[0], backbone->encode(clean)[2], 1e-5, 1e-6));
}

TEST_P(EveryBackbone, ShortensAHistoryAsTheFullOneWouldBeRead) {
  TestContext context;
  const auto backbone = load_plugin(GetParam()).backbone({}, context);
  backbone->eval();
  const auto wide = make_history({{2, 7, 0, 0}}, {2});
  const auto narrow = make_history({{2, 7}}, {2});
  EXPECT_TRUE(at::allclose(backbone->encode(wide), backbone->encode(narrow), 1e-5, 1e-6));
}

INSTANTIATE_TEST_SUITE_P(Bundled, EveryBackbone, ::testing::Values("gru4rec", "sasrec"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lea::testing
