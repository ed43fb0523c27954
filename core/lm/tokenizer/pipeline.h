// What runs inside a Tokenizer: one kind for each file that a folder states its tokenizer in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::lm {

// The ids that stand around those of a text.
struct Frame {
  std::vector<int64_t> before, behind;
};

class Pipeline {
 public:
  virtual ~Pipeline() = default;
  // The ids of a text that is valid UTF-8, without the frame.
  virtual std::vector<int64_t> encode(const std::string& text) const = 0;
  virtual const Frame& frame() const = 0;
  virtual int64_t size() const = 0;  // one more than the largest id
};

}  // namespace lea::lm
