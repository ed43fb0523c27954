// The implementation inside a Tokenizer: one for tokenizer.json and one for tokenizer.model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::lm {

// The ids that are added before and behind those of a text.
struct Frame {
  std::vector<int64_t> before, behind;
};

// How many ids a tokenizer has.
struct IdCount {
  int64_t all = 0;       // one more than the largest id
  int64_t ordinary = 0;  // one more than the largest id of a token that is not an added one
};

class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // Returns the ids of a text, without the frame. The text must be valid UTF-8.
  virtual std::vector<int64_t> encode(const std::string& text) const = 0;
  // Returns the text of ids without special tokens. An id that no token has adds nothing.
  virtual std::string decode(const std::vector<int64_t>& ids) const = 0;
  virtual const Frame& frame() const = 0;
  virtual IdCount id_count() const = 0;
};

}  // namespace lea::lm
