#include "core/worker/language.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/lm/language_model.h"
#include "core/spec/error.h"
#include "core/spec/publish.h"
#include "core/spec/text.h"
#include "core/worker/device.h"
#include "core/worker/memory_limit.h"

namespace lea::worker {
namespace {

constexpr size_t kTextLimit = size_t{64} << 20;

std::string text_of(const LanguageOptions& options) {
  try {
    return read_file(options.text, kTextLimit);
  } catch (const StoreError& error) {
    throw DataError(error.what());  // the user named it
  }
}

// Weights of another type than they are stored in are copied; better said before than after.
void require_memory(const LanguageOptions& options, at::ScalarType type, const MemoryLimit& limit) {
  const uint64_t needed = lm::Weights(options.folder).bytes_as(type);
  if (needed <= limit.available()) return;
  throw Error(Exit::kEnvironment,
              printable(options.folder) + ": needs " + std::to_string(needed >> 20) + " MiB as " +
                  options.dtype + ", but " + std::to_string(limit.available() >> 20) +
                  " MiB are available. Free some, or use the type that the files have (--dtype), "
                  "which stays mapped.");
}

nlohmann::json answer(const LanguageOptions& options) {
  const std::string text = text_of(options);
  if (options.task == "tokenize")
    return {{"ids", lm::Tokenizer(options.folder).encode(text, printable(options.text))}};
  check_device(options.device, "--device");
  lm::read_config(options.folder);  // says what is no model before its weights are looked at
  const at::ScalarType type = options.dtype == "float32" ? at::kFloat : at::kBFloat16;
  const MemoryLimit limit;
  require_memory(options, type, limit);
  const lm::LanguageModel model(options.folder, type, at::Device(options.device), options.adapter);
  const auto ids = model.tokenizer().encode(text, printable(options.text));
  if (options.task == "score") return {{"ids", ids}, {"logprobs", model.score(ids)}};
  return {{"ids", model.generate(ids, options.new_tokens)}};
}

}  // namespace

int run_language(const LanguageOptions& options) {
  nlohmann::json result;
  try {
    result = answer(options);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    throw Error(Exit::kEnvironment,
                "memory ran out while the model was computed. Free some, or shorten the text.");
  }
  const std::string line = result.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  return 0;
}

}  // namespace lea::worker
