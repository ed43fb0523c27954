#include "core/api/interaction_columns.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/base/letter_case.h"

namespace lea {
namespace {

using namespace std::string_view_literals;

// In lower case, without spaces, underscores and dashes.
constexpr std::array kNames = {
    // What the same users bought or viewed. `related` holds these lists in Amazon's data of 2014.
    "alsobought"sv, "alsobuy"sv, "alsoview"sv, "alsoviewed"sv, "boughttogether"sv,
    "frequentlyboughttogether"sv, "buyafterviewing"sv, "related"sv, "similaritem"sv,
    "similaritems"sv,
    // How many users there were.
    "rank"sv, "salesrank"sv, "bestsellerrank"sv, "bestsellersrank"sv, "popularity"sv,
    "numreviews"sv, "numberofreviews"sv, "reviewcount"sv, "reviewscount"sv, "numratings"sv,
    "numberofratings"sv, "ratingcount"sv, "ratingscount"sv, "ratingnumber"sv, "numvotes"sv,
    "numberofvotes"sv, "votecount"sv,
    // What they thought of the item.
    "averagerating"sv, "avgrating"sv, "meanrating"sv, "voteaverage"sv, "reviews"sv};

}  // namespace

bool comes_from_interactions(std::string_view column) {
  std::string name = lower(column);
  std::erase_if(name, [](char c) { return c == ' ' || c == '_' || c == '-'; });
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace lea
