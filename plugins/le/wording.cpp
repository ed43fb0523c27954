#include "plugins/le/wording.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::le {
namespace {

constexpr size_t kDigitsOfCap = 6;
constexpr int64_t kMostCap = 100000;

std::string in_braces(const std::string& place) {
  std::string text = "{";
  return text.append(printable(place)).append("}");
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw ConfigError(where + ": " + what);
}

void append_text(std::vector<Piece>& pieces, char letter) {
  if (pieces.empty() || !pieces.back().place.empty()) pieces.push_back({});
  pieces.back().text += letter;
}

// `inside` is what stands between the braces: "title" or "title:20".
Piece place_of(const std::string& inside, const std::string& where) {
  Piece piece{{}, inside, 0};
  const size_t colon = inside.rfind(':');
  if (colon != std::string::npos) {
    const std::string digits = inside.substr(colon + 1);
    if (digits.empty() || digits.size() > kDigitsOfCap ||
        digits.find_first_not_of("0123456789") != std::string::npos ||
        (piece.cap = std::stoll(digits)) < 1 || piece.cap > kMostCap) {
      fail(where, in_braces(inside) + " has no number of tokens from 1 to " +
                      std::to_string(kMostCap) + " after the colon");
    }
    piece.place.resize(colon);
  }
  if (piece.place.empty()) fail(where, in_braces(inside) + " names nothing");
  return piece;
}

}  // namespace

std::vector<Piece> parse_wording(const std::string& wording, const std::string& where) {
  std::vector<Piece> pieces;
  for (size_t at = 0; at < wording.size(); ++at) {
    const char letter = wording[at];
    const bool doubled = at + 1 < wording.size() && wording[at + 1] == letter;
    if (letter != '{' && letter != '}') {
      append_text(pieces, letter);
      continue;
    }
    if (doubled) {
      append_text(pieces, letter);
      ++at;
      continue;
    }
    const size_t end = letter == '{' ? wording.find_first_of("{}", at + 1) : std::string::npos;
    if (end == std::string::npos || wording[end] == '{') {
      fail(where, std::string("the `") + letter + "` at byte " + std::to_string(at) +
                      " has no partner; a brace of the text itself is written twice");
    }
    pieces.push_back(place_of(wording.substr(at + 1, end - at - 1), where));
    at = end;
  }
  return pieces;
}

void require_places(const std::vector<Piece>& pieces, const std::vector<std::string>& places,
                    const std::string& where, const std::vector<std::string>& optional) {
  std::vector<std::string> known = places;
  known.insert(known.end(), optional.begin(), optional.end());
  const auto times = [&](const std::string& place) {
    return std::count_if(pieces.begin(), pieces.end(),
                         [&](const Piece& piece) { return piece.place == place; });
  };
  for (const Piece& piece : pieces) {
    if (piece.place.empty()) continue;
    if (std::find(known.begin(), known.end(), piece.place) == known.end()) {
      std::vector<std::string> names;
      for (const std::string& name : known) names.push_back(in_braces(name));
      fail(where, "has no place " + in_braces(piece.place) + did_you_mean(piece.place, known) +
                      " (there are: " + joined(names) + ")");
    }
    if (piece.cap > 0) {
      fail(where,
           in_braces(piece.place) + " takes no number of tokens; only columns of item texts do");
    }
    if (times(piece.place) > 1) {
      fail(where, "must hold " + in_braces(piece.place) + " once, but holds it " +
                      std::to_string(times(piece.place)) + " times");
    }
  }
  for (const std::string& place : places) {
    if (times(place) == 0) fail(where, "must hold " + in_braces(place) + " once, but does not");
  }
}

std::vector<std::string> texts_around(const std::string& wording,
                                      const std::vector<std::string>& places,
                                      const std::string& where) {
  const std::vector<Piece> pieces = parse_wording(wording, where);
  require_places(pieces, places, where);
  std::vector<std::string> texts(1), found;
  for (const Piece& piece : pieces) {
    if (piece.place.empty()) {
      texts.back() += piece.text;
    } else {
      texts.emplace_back();
      found.push_back(piece.place);
    }
  }
  if (found != places)
    fail(where, "must hold " + in_braces(found[1]) + " before " + in_braces(found[0]));
  return texts;
}

}  // namespace lea::le
