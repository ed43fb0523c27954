#include "core/spec/plugin_info.h"

#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

struct Params {
  int64_t blocks = 2;
  double dropout = 0.5;
  bool twin = true;
  std::string note = "a \"b\"", target = "double", file = "x.tsv", of;
  std::vector<int64_t> k = {5, 10};
  std::vector<double> ratios = {0.8, 0.2};
  void fields(Fields& f) {
    f.integer("blocks", blocks, {1, 16}, "self-attention blocks");
    f.real("dropout", dropout, {0, std::numeric_limits<double>::infinity()}, "rate");
    f.boolean("twin", twin, "two networks");
    f.text("note", note, "words");
    f.choice("target", target, {"double", "plain"}, "targets");
    f.file("file", file, "a file");
    f.environment("of", of, "whose rewards");
    f.integers("k", k, {1, 100}, "cuts");
    f.reals("ratios", ratios, {0, 1}, "shares");
  }
};

std::string error_of(const json& params) {
  try {
    to_values(describe_params<Params>(), params, "run.yaml: backbone");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

const json kEnvironment = {{"id", "lea.le"}, {"params", json::object()}};

TEST(PluginInfo, SurvivesTheWayThroughJson) {
  PluginInfo info = small_catalogue().all().front();
  info.params = describe_params<Params>();
  info.params[0].not_above = info.params[1].name;
  info.uses = {"train"};
  info.min_negatives = 3;
  info.gives_state = true;
  info.sha256 = "ab";
  const json document = to_json(info);
  const PluginInfo back = plugin_from_json(json::parse(document.dump()));
  EXPECT_EQ(to_json(back), document);
  EXPECT_EQ(std::get<int64_t>(back.params[0].default_value), 2);
  EXPECT_EQ(std::get<std::vector<double>>(back.params[8].default_value),
            (std::vector<double>{0.8, 0.2}));
  EXPECT_TRUE(std::isinf(back.params[1].range.max));
}

TEST(PluginInfo, RefusesADescriptionThatIsNotOne) {
  const json document = to_json(*small_catalogue().find("backbone", "gru4rec"));
  const auto reason = [](const json& bad) -> std::string {
    try {
      plugin_from_json(bad);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(reason(json::array()), "the description of a plugin must be an object");
  json bad = document;
  bad.erase("uses");
  EXPECT_EQ(reason(bad), "the description of a plugin lacks `uses`");
  bad = document;
  bad["uses"] = {1};
  EXPECT_EQ(reason(bad), "the description of a plugin `uses` must be a list of texts");
  bad = document;
  bad["min_negatives"] = -1;
  EXPECT_EQ(reason(bad),
            "the description of a plugin `min_negatives` must be an integer of at least 0");
  bad = document;
  bad["params"].at(0)["not_above"] = "height";
  EXPECT_EQ(reason(bad),
            "the description of a plugin orders `width` and `height`, which are not both declared "
            "as numbers");
  bad = document;
  bad["params"] = {{{"name", "x"}, {"type", "complex"}}};
  EXPECT_EQ(reason(bad), "the description of a parameter has the unknown type `complex`");
  bad = document;
  bad["params"].at(0)["default"] = 4097;
  EXPECT_EQ(
      reason(bad),
      "the description of a parameter `width` has a wrong default: it must be an integer from 1 to "
      "4096, but is 4097");
}

TEST(Catalogue, FindsByFullIdAndByAUniqueLastPart) {
  const PluginCatalogue catalogue = small_catalogue();
  ASSERT_NE(catalogue.find("framework", "snqn"), nullptr);
  EXPECT_EQ(catalogue.find("framework", "snqn"), catalogue.find("framework", "lea.snqn"));
  EXPECT_EQ(catalogue.find("backbone", "snqn"), nullptr) << "another kind";
  EXPECT_EQ(catalogue.find("backbone", "other.twice")->id, "other.twice");
}

TEST(Catalogue, RefusesAnAmbiguousShortName) {
  try {
    small_catalogue().find("backbone", "twice");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "`twice` is ambiguous: it can be lea.twice, other.twice; write the full id");
  }
}

TEST(ToValues, ConvertsEveryType) {
  const ParamValues values = to_values(describe_params<Params>(),
                                       {{"blocks", 3},
                                        {"dropout", 1},
                                        {"twin", false},
                                        {"note", "n"},
                                        {"target", "plain"},
                                        {"file", {{"path", "/a"}, {"sha256", "00"}}},
                                        {"of", kEnvironment},
                                        {"k", {1}},
                                        {"ratios", {1, 0.5}}},
                                       "x");
  const Params params = assign_params<Params>(values);
  EXPECT_EQ(params.blocks, 3);
  EXPECT_EQ(params.dropout, 1.0);
  EXPECT_FALSE(params.twin);
  EXPECT_EQ(params.target, "plain");
  EXPECT_EQ(params.file, "/a");
  EXPECT_EQ(params.of, R"({"id":"lea.le","params":{}})");
  EXPECT_EQ(params.k, std::vector<int64_t>{1});
  EXPECT_EQ(params.ratios, (std::vector<double>{1, 0.5}));
}

TEST(ToValues, RefusesUnknownNamesWrongTypesAndRanges) {
  const std::string where = "run.yaml: backbone: ";
  EXPECT_EQ(
      error_of({{"of", kEnvironment}, {"block", 1}}),
      where +
          "block: unknown parameter, did you mean `blocks`? (it has blocks, dropout, twin, note, "
          "target, file, of, k, ratios)");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", 17}}),
            where + "blocks: must be an integer from 1 to 16, but is 17");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", 1.9}}),
            where + "blocks: must be an integer from 1 to 16, but is 1.9");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"blocks", uint64_t{1} << 63}}),
            where + "blocks: must be an integer from 1 to 16, but is 9223372036854775808");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"dropout", -1}}),
            where + "dropout: must be a number of at least 0, but is -1");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"twin", 1}}),
            where + "twin: must be true or false, but is 1");
  EXPECT_EQ(
      error_of({{"of", kEnvironment}, {"target", "duoble"}}),
      where + "target: must be one of double, plain, but is \"duoble\", did you mean `double`?");
  EXPECT_EQ(error_of({{"of", kEnvironment}, {"k", {0}}}),
            where + "k: must be a list of integers, each from 1 to 100, but is [0]");
  EXPECT_EQ(error_of({{"of", "le"}}),
            where + "of: must be the name of an environment, but is \"le\"");
  EXPECT_EQ(error_of(json::object()), where + "of: is required (whose rewards)");
  EXPECT_EQ(error_of(json::array()), "run.yaml: backbone: must be an object of parameters");
}

}  // namespace
}  // namespace lea::spec
