#include "core/worker/language.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/lm/adapter.h"
#include "core/lm/memory.h"
#include "core/lm/model_folder.h"
#include "core/lm/next_token.h"
#include "core/spec/error.h"
#include "core/spec/publish.h"
#include "core/spec/text.h"
#include "core/worker/device.h"
#include "core/worker/memory_limit.h"
#include "core/worker/show_model.h"

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

// Better said before than after.
void require_memory(const LanguageOptions& options, const lm::MemoryNeed& need,
                    const MemoryLimit& limit) {
  if (need.taken() <= limit.available()) return;
  throw Error(Exit::kEnvironment,
              printable(options.folder) + ": needs " + std::to_string(need.taken() >> 20) +
                  " MiB as " + options.dtype + " (" + std::to_string(need.copied >> 20) +
                  " for copies of the weights), but " + std::to_string(limit.available() >> 20) +
                  " MiB are available. Free some, shorten the text, or use the type that the "
                  "files have (--dtype), which stays mapped.");
}

nlohmann::ordered_json compute(const LanguageOptions& options) {
  const std::string text = text_of(options);
  check_device(options.device, "--device");
  const at::Device device(options.device);
  const at::ScalarType type = options.dtype == "float32" ? at::kFloat : at::kBFloat16;
  const bool scores = options.task == "score";
  const lm::ModelFolder folder = lm::open_model(options.folder);
  const auto ids = folder.tokenizer.encode(text, printable(options.text));
  const MemoryLimit limit;
  const int64_t rows =
      std::min(folder.config.context, std::ssize(ids) + (scores ? 0 : options.new_tokens));
  if (device.is_cpu()) {
    require_memory(options,
                   need_of_text(folder.config, folder.weights, type, rows, /*cached=*/!scores),
                   limit);
  }
  lm::Decoder decoder(folder.config, folder.weights, type, device);
  if (!options.adapter.empty()) lm::Adapter::load(options.adapter, decoder).merge(decoder);
  if (scores) return {{"ids", ids}, {"logprobs", lm::score(decoder, ids)}};
  return {{"ids", lm::generate(decoder, ids, options.new_tokens)}};
}

nlohmann::ordered_json answer(const LanguageOptions& options) {
  if (options.task == "show") return show_model(options.folder);
  if (options.task != "tokenize") return compute(options);
  return {{"ids", lm::Tokenizer(options.folder).encode(text_of(options), printable(options.text))}};
}

}  // namespace

int run_language(const LanguageOptions& options) {
  nlohmann::ordered_json result;
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
