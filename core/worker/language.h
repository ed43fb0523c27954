// The worker's part of `lealab lm`: computes with a language model.
#pragma once

#include <cstdint>
#include <string>

namespace lea::worker {

struct LanguageOptions {
  std::string task;    // show, tokenize, score, generate
  std::string folder;  // a Hugging Face folder
  std::string text;    // path of a UTF-8 file, which is read unchanged
  std::string dtype = "float32";
  std::string device = "cpu";
  std::string adapter;      // a folder with a LoRA adapter in PEFT's format; empty: no adapter
  int64_t new_tokens = 64;  // generate: the most tokens to add
};

// Does the task and prints its result as one line of JSON on stdout:
//
//   show                the object of show_model()
//   tokenize            {"ids": [...]}
//   score               {"ids": [...], "logprobs": [...]}
//   generate            {"ids": [...], "text": "..."}, of what continues the text
//
// Returns the exit code. Throws lea::Error.
int run_language(const LanguageOptions& options);

}  // namespace lea::worker
