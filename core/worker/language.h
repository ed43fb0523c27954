// What `lealab lm` asks of a language model.
#pragma once

#include <cstdint>
#include <string>

namespace lea::worker {

struct LanguageOptions {
  std::string task;    // show, tokenize, score, generate
  std::string folder;  // a Hugging Face folder
  std::string text;    // a file of UTF-8, read as it is
  std::string dtype = "float32";
  std::string device = "cpu";
  std::string adapter;      // a folder of PEFT's; none where empty
  int64_t new_tokens = 64;  // generate: at most
};

// Prints one JSON line: {"ids": [...]}, of score also {"logprobs": [...]}; of show what
// show_model() tells. Throws lea::Error.
int run_language(const LanguageOptions& options);

}  // namespace lea::worker
