// A model and its tokenizer, as the commands use them.
#pragma once

#include <string>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"
#include "core/lm/tokenizer/tokenizer.h"

namespace lea::lm {

class LEA_LM_API LanguageModel {
 public:
  // Throws DataError for what is missing, damaged or not supported.
  // With the adapter in folder `adapter`, unless that is empty, merged into the weights.
  LanguageModel(const std::string& folder, at::ScalarType type, at::Device device,
                const std::string& adapter = "");

  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Decoder& decoder() const { return decoder_; }

  // The natural-log probability of each id given those before it: one fewer than ids. Throws
  // DataError for more ids than the model's context.
  std::vector<double> score(const std::vector<int64_t>& ids) const;

  // At most `count` ids, each the most probable one after what stands before it, up to an end id,
  // which is the last.
  std::vector<int64_t> generate(const std::vector<int64_t>& prompt, int64_t count) const;

 private:
  void require_fit(int64_t ids) const;

  Config config_;
  Tokenizer tokenizer_;
  at::Device device_;
  Decoder decoder_;
};

}  // namespace lea::lm
