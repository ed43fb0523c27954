#include "core/worker/language.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/lm/adapter.h"
#include "core/lm/memory.h"
#include "core/lm/model_folder.h"
#include "core/lm/next_token.h"
#include "core/worker/device.h"
#include "core/worker/memory_limit.h"
#include "core/worker/show_model.h"

namespace lea::worker {
namespace {

constexpr size_t kTextLimit = size_t{64} << 20;

void require_memory(const LanguageOptions& options, const lm::MemoryNeed& need) {
  std::string advice = "Free some";
  if (need.copied > 0) advice += ", use the type that the files have (--dtype), which stays mapped";
  advice += options.task == "generate" ? ", or lower --max-new-tokens." : ", or shorten the text.";
  lm::require_memory(options.folder, options.dtype, need, advice);
}

nlohmann::ordered_json compute(const LanguageOptions& options) {
  const std::string text = read_input(options.text, kTextLimit), where = printable(options.text);
  check_device(options.device, "--device");
  const at::Device device(options.device);
  const at::ScalarType type = options.dtype == "float32" ? at::kFloat : at::kBFloat16;
  const bool scores = options.task == "score";
  const lm::ModelFolder folder = lm::open_model(options.folder);
  const auto& [config, tokenizer, weights] = folder;
  const auto ids = tokenizer.encode(text, where);
  const int64_t rows = std::min(config.context, std::ssize(ids)),
                more = std::min(config.context - rows, options.new_tokens);
  lm::MemoryNeed need = scores ? need_of_score(config, weights, type, rows)
                               : need_of_generation(config, weights, type, rows, more);
  if (device.is_cpu()) require_memory(options, need);
  lm::Decoder decoder(config, weights, type, device);
  if (!options.adapter.empty()) {
    const lm::Adapter adapter = lm::Adapter::load(options.adapter, decoder);
    // Merging copies mapped weights. Weights that are copies already are replaced one by one.
    need.copied = need.mapped > 0 ? adapter.bytes_merged(type) : 0;
    if (device.is_cpu()) require_memory(options, need);
    adapter.merge(decoder);
  }
  if (scores) return {{"ids", ids}, {"logprobs", lm::score(decoder, ids, where)}};
  const auto more_ids = lm::generate(decoder, ids, options.new_tokens, where);
  return {{"ids", more_ids}, {"text", tokenizer.decode(more_ids)}};
}

nlohmann::ordered_json answer(const LanguageOptions& options) {
  if (options.task == "show") return show_model(options.folder);
  if (options.task != "tokenize") return compute(options);
  return {{"ids", lm::Tokenizer(options.folder)
                      .encode(read_input(options.text, kTextLimit), printable(options.text))}};
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
  // A damaged SentencePiece model can give text that is not UTF-8.
  std::string line = result.dump(-1, ' ', /*ensure_ascii=*/false,
                                 nlohmann::ordered_json::error_handler_t::replace);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  return 0;
}

}  // namespace lea::worker
