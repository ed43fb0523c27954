// A count of one stands before a singular: "1 run", not "1 runs".
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

// The argument of std::to_string in `text` that ends before `end`, where `+` follows. Empty when
// something else stands there.
std::string number_before(const std::string& text, size_t end) {
  const size_t close = text.find_last_not_of(" \n+", end);
  if (close == std::string::npos || text[close] != ')') return "";
  size_t open = close;
  for (int depth = 1; depth > 0 && open > 0;) {
    --open;
    depth += text[open] == ')' ? 1 : text[open] == '(' ? -1 : 0;
  }
  const std::string name = "to_string";
  if (open < name.size() || text.compare(open - name.size(), name.size(), name) != 0) return "";
  return text.substr(open + 1, close - open - 1);
}

TEST(Wording, ACountAndItsNounAreWrittenByOneFunction) {
  const std::regex plural(
      R"re(\+\s*" (bad |whole |test |validation |training |trained )?(runs|rows|problems|events|items|sequences|files|lines|values|tokens|steps|seeds|cells|columns|interactions|pairs|prompts|layers|artefacts|tasks|workers|experiments|splits|texts|words|numbers|tensors|heads|vectors|candidates|labels|dimensions|ids|iterations|records|ties)\b)re");
  // A limit of the program is never one.
  const std::regex limit(R"re((\w+::)*k[A-Z]\w*)re");
  size_t files = 0;
  for (const char* room : {"core", "cli", "db", "gui", "plugins"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(LEA_SOURCE_DIR) / room)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      ++files;
      std::ifstream file(entry.path());
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      for (std::sregex_iterator found(text.begin(), text.end(), plural), none; found != none;
           ++found) {
        const std::string number = number_before(text, static_cast<size_t>(found->position()));
        EXPECT_TRUE(number.empty() || std::regex_match(number, limit))
            << entry.path() << ": std::to_string(" << number << ") " << found->str()
            << "...: counted() of core/base/counted.h writes both";
      }
    }
  }
  EXPECT_GT(files, 300u);
}

}  // namespace
