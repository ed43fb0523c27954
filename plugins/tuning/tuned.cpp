#include "plugins/tuning/tuned.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "core/api/tensor_file.h"
#include "core/base/error.h"

namespace lea {
namespace {

constexpr const char *kSteps = "steps", *kDiverged = "diverged";

std::string path_in(const std::string& folder) { return folder + "/" + kFiguresFile; }

}  // namespace

void write_tuned(const std::string& folder, const Tuned& tuned) {
  std::map<std::string, double> numbers = tuned.figures;
  numbers[kSteps] = static_cast<double>(tuned.steps);
  numbers[kDiverged] = tuned.diverged ? 1 : 0;
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, value] : numbers) tensors[name] = at::full({1}, value, at::kDouble);
  write_tensors(path_in(folder), tensors);
}

std::optional<Tuned> read_tuned(const std::string& folder) {
  const std::string path = path_in(folder);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto tensors = read_tensors(path);
  std::map<std::string, double> numbers;
  for (const auto& [name, tensor] : tensors) {
    if (tensor_of(tensors, name, at::kDouble, path).numel() != 1)
      throw DataError(path + ": " + name + " must be one number. Remove the file");
    numbers[name] = tensor.item<double>();
  }
  if (!numbers.contains(kSteps) || !numbers.contains(kDiverged))
    throw DataError(path + ": has no steps or no diverged. Remove the file");
  Tuned tuned{static_cast<int64_t>(numbers[kSteps]), numbers[kDiverged] != 0, {}};
  numbers.erase(kSteps);
  numbers.erase(kDiverged);
  tuned.figures = std::move(numbers);
  return tuned;
}

}  // namespace lea
