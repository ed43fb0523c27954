// TF-IDF vectors against those of scikit-learn (tests/golden/graph_text), and the texts of items.
#include "core/api/tfidf.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/api/interaction_columns.h"
#include "core/base/error.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

using Texts = std::vector<std::string>;

const nlohmann::json& expected() {
  static const nlohmann::json all = golden("graph_text/graph_text.json");
  return all;
}

void expect_vectors(const std::string& name, const TfidfOptions& options) {
  const nlohmann::json& wanted = expected().at("tfidf").at(name);
  const TfidfMatrix found = tfidf(expected().at("texts").get<Texts>(), options);
  EXPECT_EQ(found.terms, wanted.at("terms").get<Texts>());
  ASSERT_EQ(found.columns, std::ssize(found.terms));
  ASSERT_EQ(found.rows(), std::ssize(wanted.at("rows")));
  for (int64_t r = 0; r < found.rows(); ++r) {
    std::vector<double> row(found.columns, 0);
    found.add_row(r, 1, row.data());
    for (int64_t c = 0; c < found.columns; ++c)
      EXPECT_NEAR(row[c], wanted.at("rows")[r][c].get<double>(), 1e-7)
          << "text " << r << ", " << found.terms[c];
  }
}

TEST(Tfidf, EqualsScikitLearnForWordsAndPairsInAnyScript) {
  TfidfOptions options;
  options.min_documents = 1;
  expect_vectors("all", options);
}

TEST(Tfidf, LeavesOutWhatOneTextAloneHas) { expect_vectors("of two texts", {}); }

TEST(Tfidf, KeepsTheMostFrequentFeatures) {
  TfidfOptions options;
  options.max_features = expected().at("most").get<int64_t>();
  expect_vectors("most frequent", options);
}

TEST(Tfidf, CountsPlainlyAndWordsAloneOnRequest) {
  TfidfOptions options;
  options.pairs = options.sublinear = false;
  expect_vectors("words, plain counts", options);
}

TEST(Tfidf, KeepsTheFirstTermsAmongEquallyFrequentOnes) {
  TfidfOptions options;
  options.pairs = false;
  options.min_documents = 1;
  options.max_features = 2;
  EXPECT_EQ(tfidf({"dd bb aa cc", "cc"}, options).terms, (Texts{"aa", "cc"}));
}

TEST(Tfidf, OfTextsWithoutAFeatureIsZero) {
  const TfidfMatrix found = tfidf({"", "a b", "once"});
  EXPECT_EQ(found.rows(), 3);
  EXPECT_EQ(found.columns, 0);
  EXPECT_EQ(found.dot(0, 2), 0);
  EXPECT_EQ(tfidf({}).rows(), 0);
}

TEST(Tfidf, ReplacesBytesThatAreNotUtf8) {
  const TfidfMatrix found =
      tfidf({"steel\xff"
             "bolt",
             "steel bolt"});
  EXPECT_EQ(found.terms, (Texts{"bolt", "steel", "steel bolt"}));
}

TEST(SparseRows, MultipliesRowsAndTransposes) {
  const TfidfMatrix matrix = tfidf(expected().at("texts").get<Texts>());
  const SparseRows across = matrix.transposed();
  ASSERT_EQ(across.rows(), matrix.columns);
  ASSERT_EQ(across.columns, matrix.rows());
  for (int64_t a = 0; a < matrix.rows(); ++a) {
    std::vector<double> row(matrix.columns, 0), products(matrix.rows(), 0);
    matrix.add_row(a, 1, row.data());
    for (int64_t c = 0; c < matrix.columns; ++c) across.add_row(c, row[c], products.data());
    for (int64_t b = 0; b < matrix.rows(); ++b) {
      EXPECT_NEAR(matrix.dot(a, b), products[b], 1e-12);
      EXPECT_EQ(matrix.dot(a, b), matrix.dot(b, a));
    }
    const bool zero = matrix.offset[a] == matrix.offset[a + 1];
    EXPECT_NEAR(matrix.dot(a, a), zero ? 0 : 1, 1e-6);
  }
}

class ItemDocuments : public ::testing::Test {
 protected:
  ItemDocuments() {
    context_.item_count = 2;
    context_.columns = {
        {"brand", {"", "Ümlaut"}}, {"size:3", {"x", "y"}}, {"title", {"red lamp", "chair"}}};
  }
  Texts of(const std::string& recipe) { return item_documents(context_, recipe, "here"); }
  std::string refusal(const std::string& recipe) {
    try {
      of(recipe);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing thrown";
  }
  TestContext context_;
};

TEST_F(ItemDocuments, TakeColumnsManyTimesAndInPart) {
  EXPECT_EQ(of("title*2, brand:2"), (Texts{"red lamp red lamp", "chair chair Üm"}));
  EXPECT_EQ(of("brand:1*3,title:4"), (Texts{"red ", "Ü Ü Ü chai"}));
}

TEST_F(ItemDocuments, TakeAColumnWhoseNameLooksLikeALimit) {
  EXPECT_EQ(of("size:3"), (Texts{"x", "y"}));
}

TEST_F(ItemDocuments, TakeTheTitleTwiceAndTheStartOfOtherColumnsByDefault) {
  EXPECT_EQ(of("auto"), (Texts{"red lamp red lamp x", "chair chair Ümlaut y"}));
  context_.columns = {{"name", {std::string(400, 'n'), ""}}};
  EXPECT_EQ(of("auto"), (Texts{std::string(300, 'n'), ""}));
  EXPECT_EQ(context_.logged, Texts());
}

TEST_F(ItemDocuments, LeaveOutColumnsOfInteractionsByDefaultAndSaySo) {
  context_.columns["Sales-Rank"] = {"12", "7"};
  context_.columns["also_buy"] = {"chair", "red lamp"};
  EXPECT_EQ(of("auto"), (Texts{"red lamp red lamp x", "chair chair Ümlaut y"}));
  EXPECT_EQ(context_.logged,
            (Texts{"here: `auto` leaves out the columns Sales-Rank, also_buy, because they come "
                   "from interactions, also those of the test part. A column that is stated is "
                   "read"}));
}

TEST_F(ItemDocuments, ReadAColumnOfInteractionsThatIsStated) {
  context_.columns["also_buy"] = {"chair", "red lamp"};
  EXPECT_EQ(of("title, also_buy"), (Texts{"red lamp chair", "chair red lamp"}));
  EXPECT_EQ(context_.logged, Texts());
}

TEST_F(ItemDocuments, AreEmptyByDefaultWhereAllColumnsComeFromInteractions) {
  context_.columns.clear();
  context_.columns["rank"] = {"1", "2"};
  EXPECT_EQ(of("auto"), (Texts{"", ""}));
  ASSERT_EQ(context_.logged.size(), 1u);
  EXPECT_EQ(context_.logged[0].substr(0, 42), "here: `auto` leaves out all columns, rank,");
}

TEST(InteractionColumns, AreKnownByTheirNamesInAnySpelling) {
  for (const char* name :
       {"also_buy", "alsoBuy", "Also Buy", "also_view", "also_bought", "also-viewed",
        "bought_together", "buy_after_viewing", "similar_item", "similar_items", "rank",
        "salesRank", "sales_rank", "popularity", "num_reviews", "rating_count", "rating_number",
        "average_rating", "reviews"}) {
    EXPECT_TRUE(comes_from_interactions(name)) << name;
  }
  for (const char* name : {"", "title", "brand", "category", "description", "price", "also",
                           "ranking", "rating", "buy"}) {
    EXPECT_FALSE(comes_from_interactions(name)) << name;
  }
}

TEST_F(ItemDocuments, RefuseColumnsThatAreNotThere) {
  EXPECT_EQ(refusal("tite"),
            "here: the item texts have no column `tite`, did you mean `title`? (there are: brand, "
            "size:3, title)");
  EXPECT_EQ(refusal("title*2, price:300"),
            "here: the item texts have no column `price` (there are: brand, size:3, title)");
}

TEST_F(ItemDocuments, RefuseARecipeThatCannotBeRead) {
  for (const char* recipe : {"", "title,", "title*0", "title*101", "title:0", "*2"}) {
    EXPECT_EQ(refusal(recipe),
              "here: must be `auto`, or columns of the item texts between commas, such as "
              "`title*2, description:300` (twice; 300 characters), but is `" +
                  std::string(recipe) + "`");
  }
}

TEST_F(ItemDocuments, RefuseADataSetWithoutTexts) {
  context_.columns.clear();
  EXPECT_EQ(refusal("auto"),
            "here: the data set has no item texts. Put an items.tsv beside its interactions and "
            "import it again");
}

}  // namespace
}  // namespace lea::testing
