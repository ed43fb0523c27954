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

class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // Returns the ids of a text, without the frame. The text must be valid UTF-8.
  virtual std::vector<int64_t> encode(const std::string& text) const = 0;
  virtual const Frame& frame() const = 0;
  virtual int64_t size() const = 0;  // one more than the largest id
};

}  // namespace lea::lm
