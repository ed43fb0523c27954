// A tokenizer whose tokens can be read: a token for each printable letter of ASCII, and one for
// each word that a test asks for, wherever the word stands.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/lm/tokenizer/tokenizer.h"
#include "tests/lm/tiny_model.h"

namespace lea::le {

class Letters {
 public:
  explicit Letters(const std::vector<std::string>& words = {}) {
    for (char letter = ' '; letter <= '~'; ++letter) add(std::string(1, letter));
    nlohmann::json merges = nlohmann::json::array();
    for (const std::string& word : words) {
      for (size_t length = 2; length <= word.size(); ++length) {
        if (!add(word.substr(0, length))) continue;
        merges.push_back({word.substr(0, length - 1), word.substr(length - 1, 1)});
      }
    }
    const nlohmann::json model = {{"type", "BPE"},
                                  {"dropout", nullptr},
                                  {"unk_token", nullptr},
                                  {"continuing_subword_prefix", nullptr},
                                  {"end_of_word_suffix", nullptr},
                                  {"fuse_unk", false},
                                  {"byte_fallback", false},
                                  {"ignore_merges", false},
                                  {"vocab", vocabulary_},
                                  {"merges", merges}};
    std::ofstream(folder_.path() + "/tokenizer.json")
        << nlohmann::json{{"version", "1.0"},
                          {"added_tokens", nlohmann::json::array()},
                          {"normalizer", nullptr},
                          {"pre_tokenizer", nullptr},
                          {"post_processor", nullptr},
                          {"decoder", nullptr},
                          {"model", model}};
    tokenizer.emplace(folder_.path());
  }

  int64_t size() const { return std::ssize(texts_); }
  int64_t id(const std::string& text) const { return vocabulary_.at(text); }

  // What the ids are: <3> is the token of item 3.
  std::string read(const std::vector<int64_t>& ids) const {
    std::string text;
    for (const int64_t id : ids) {
      if (id < size())
        text += texts_[static_cast<size_t>(id)];
      else
        text.append("<").append(std::to_string(id - size() + 1)).append(">");
    }
    return text;
  }

 private:
  bool add(const std::string& text) {
    if (!vocabulary_.emplace(text, size()).second) return false;
    texts_.push_back(text);
    return true;
  }

  lm::TemporaryFolder folder_;
  std::map<std::string, int64_t> vocabulary_;
  std::vector<std::string> texts_;

 public:
  std::optional<lm::Tokenizer> tokenizer;
};

// Runs `body` and returns the message of the Error that it throws; "no error" otherwise.
template <class Expected, class Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const Expected& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace lea::le
