// The ready wordings in experiments/presets can be used with the columns of their data sets.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "plugins/le/prompts.h"
#include "plugins/le/selection_prompts.h"
#include "plugins/le/wording.h"
#include "tests/le/letters.h"

namespace lea::le {
namespace {

struct Preset {
  const char* name;
  std::vector<std::string> columns;  // that its item sentence names
};

class PresetsOfWordings : public testing::TestWithParam<Preset> {};

TEST_P(PresetsOfWordings, CanBeUsed) {
  const YAML::Node stated = YAML::LoadFile(std::string(LEA_SOURCE_DIR "/experiments/presets/") +
                                           GetParam().name)["environments"]["le"]["le"];
  ParamValues values = {{"labels", "1|2|3|4|5"}};
  for (const auto& setting : stated)
    values[setting.first.as<std::string>()] = setting.second.as<std::string>();
  std::vector<std::string> known;
  for (const ParamInfo& info : describe_params<Settings>()) known.push_back(info.name);
  for (const auto& [name, value] : values)
    EXPECT_NE(std::find(known.begin(), known.end(), name), known.end()) << name;

  auto settings = assign_params<Settings>(values);
  const Letters letters;
  for (const char* order : {"paper", "hoisted"}) {
    settings.order = order;
    EXPECT_NO_THROW(Prompts(settings, *letters.tokenizer, letters.size(), -1, {}));
    const SelectionPrompts selections(settings, *letters.tokenizer, letters.size(), -1, {});
    EXPECT_EQ(selections.labels().size(), 5U);
  }
  std::vector<std::string> columns;
  for (const Piece& piece : parse_wording(settings.item_sentence, "item_sentence")) {
    if (!piece.place.empty() && piece.place != "item") columns.push_back(piece.place);
  }
  EXPECT_EQ(columns, GetParam().columns);
  EXPECT_EQ(parse_wording(settings.title, "title")[0].place, columns[0]);
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, PresetsOfWordings,
    testing::Values(Preset{"le_products.yaml", {"title", "category", "brand", "description"}},
                    Preset{"le_music.yaml", {"title", "artist"}},
                    Preset{"le_films.yaml", {"movie_title", "release_year", "class"}}),
    [](const auto& preset) {
      const std::string name = preset.param.name;
      return name.substr(0, name.find('.'));
    });

TEST(PresetOfProducts, StatesTheDefaults) {
  const YAML::Node stated = YAML::LoadFile(
      LEA_SOURCE_DIR "/experiments/presets/le_products.yaml")["environments"]["le"]["le"];
  for (const ParamInfo& info : describe_params<Settings>()) {
    if (!stated[info.name]) continue;
    EXPECT_EQ(stated[info.name].as<std::string>(), std::get<std::string>(info.default_value));
  }
}

}  // namespace
}  // namespace lea::le
