// Shared by the tests of core/lm: the tiny models of tests/golden/lm/make_models.py, and the
// comparison of their numbers.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/lm/decoder.h"

namespace lea::lm {

inline std::string tiny_folder(const std::string& name) {
  return LEA_SOURCE_DIR "/tests/golden/lm/models/" + name;
}

inline Decoder tiny_model(const std::string& name, at::ScalarType type = at::kFloat) {
  const std::string folder = tiny_folder(name);
  return {read_config(folder), Weights(folder), type, at::kCPU};
}

inline at::Tensor floats(const nlohmann::json& values, at::IntArrayRef shape) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble).view(shape);
}

// max|a - b| / max|b|. Throws std::invalid_argument where the shapes differ.
inline double distance(const at::Tensor& ours, const at::Tensor& reference) {
  if (ours.sizes() != reference.sizes()) throw std::invalid_argument("shapes differ");
  const at::Tensor expected = reference.to(at::kDouble);
  return ((ours.to(at::kDouble) - expected).abs().max() / expected.abs().max()).item<double>();
}

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::filesystem::path& in = std::filesystem::temp_directory_path())
      : path_((in / "lea-lm-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lea::lm
