#include "plugins/le/environment_model.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lm/memory.h"
#include "core/lm/random_weights.h"
#include "plugins/le/passes.h"
#include "plugins/le/tuner.h"

namespace lea::le {
namespace {

at::ScalarType type_of(const Settings& settings) {
  return settings.dtype == "float32" ? at::kFloat : at::kBFloat16;
}

at::Tensor matrix_of(const std::string& path, const std::string& name, at::IntArrayRef shape) {
  if (!std::filesystem::exists(path))
    throw DataError(path + ": is missing. The artefact must be made anew");
  const at::Tensor tensor = tensor_of(read_tensors(path), name, at::kFloat, path);
  bool fits = tensor.dim() == std::ssize(shape);
  for (int64_t d = 0; fits && d < tensor.dim(); ++d)
    fits = shape[static_cast<size_t>(d)] < 0 || tensor.size(d) == shape[static_cast<size_t>(d)];
  if (!fits || !at::isfinite(tensor).all().item<bool>())
    throw DataError(path + ": " + name +
                    " has another shape than the model asks for, or holds a value that is not "
                    "finite. The artefact must be made anew");
  return tensor;
}

}  // namespace

at::Tensor ScoreHead::operator()(const at::Tensor& hidden) const {
  return at::mv(hidden.to(at::kFloat), weight) + bias;
}

lm::MemoryNeed need_of_model(const Settings& settings, const lm::Config& config,
                             const lm::Weights& weights, Purpose purpose, int64_t longest) {
  const at::ScalarType type = type_of(settings);
  const int64_t prompt = std::min({config.context, kRowsOfPass, longest});
  const auto need_of = purpose == Purpose::kTrain ? lm::need_of_training
                       : purpose == Purpose::kTokens && settings.token_iterations > 0
                           ? lm::need_of_input_gradient
                           : lm::need_of_inference;
  lm::MemoryNeed need = need_of(config, weights, type, kRowsOfPass, prompt);
  const auto bytes_of = [&](int64_t out, int64_t in) {
    return static_cast<uint64_t>(out) * static_cast<uint64_t>(in) * c10::elementSize(type);
  };
  if (settings.weights == "random") {  // drawn into memory, instead of each that is mapped
    need.mapped = need.copied = 0;
    for (const auto& [name, shape] : lm::weight_shapes(config))
      need.copied += bytes_of(shape[0], shape.size() == 2 ? shape[1] : 1);
  } else if (purpose == Purpose::kAsk && need.mapped > 0) {  // copies are merged one by one
    for (const auto& [out, in] : adapted_matrices(settings, config))
      need.copied += bytes_of(out, in);
  }
  return need;
}

std::unique_ptr<OpenModel> open_language_model(const Settings& settings, at::Device device,
                                               Purpose purpose, int64_t longest) {
  lm::ModelFolder folder = lm::open_model(settings.model);
  if (device.is_cpu()) {
    lm::require_memory(settings.model, settings.dtype,
                       need_of_model(settings, folder.config, folder.weights, purpose, longest),
                       "Free some, or name a smaller model.");
  }
  lm::Decoder decoder(folder.config, folder.weights, type_of(settings), device);
  if (settings.weights == "random") lm::draw_weights(decoder, static_cast<uint64_t>(settings.seed));
  return std::make_unique<OpenModel>(OpenModel{std::move(folder), std::move(decoder)});
}

int64_t begin_token(const Settings& settings, const lm::Tokenizer& tokenizer) {
  return settings.begin_token ? lm::begin_token(settings.model, tokenizer) : -1;
}

at::Tensor read_item_tokens(const std::string& folder, int64_t width) {
  return matrix_of(folder + "/" + kTokensFile, "tokens", {-1, width});
}

void require_items(const at::Tensor& tokens, int64_t items, const std::string& folder) {
  if (tokens.size(0) == items) return;
  throw DataError(folder + "/" + kTokensFile + ": has " + counted(tokens.size(0), "item") +
                  ", but the data has " + std::to_string(items) +
                  ". The artefact must be made anew");
}

std::vector<std::string> read_titles(const Settings& settings, const std::string& folder,
                                     int64_t items) {
  if (settings.items != "titles") return {};
  const std::string path = folder + "/" + kTitlesFile;
  const auto document = read_json(path);
  const auto is_text = [](const nlohmann::json& value) { return value.is_string(); };
  if (!document || !document->is_array() || std::ssize(*document) != items ||
      !std::all_of(document->begin(), document->end(), is_text)) {
    throw DataError(printable(path) + ": must be a list of " + counted(items, "text") +
                    ". The artefact must be made anew");
  }
  return document->get<std::vector<std::string>>();
}

ScoreHead read_head(const std::string& folder, int64_t width, at::Device device) {
  const std::string path = folder + "/" + kHeadFile;
  return {matrix_of(path, "weight", {width}).to(device), matrix_of(path, "bias", {1}).to(device)};
}

EnvironmentModel::EnvironmentModel(const Settings& settings, const std::string& folder,
                                   at::Device device)
    : settings_(settings), folder_(folder), model_(open_language_model(settings, device)) {
  lm::Decoder& decoder = model_->decoder;
  const lm::Config& config = decoder.config();
  tokens_ = read_item_tokens(folder, config.width).to(device, decoder.type());
  head_ = read_head(folder, config.width, device);
  lm::Adapter::load(folder + "/" + kAdapterFolder, decoder).merge(decoder);
  const lm::Tokenizer& tokenizer = model_->folder.tokenizer;
  prompts_ = std::make_unique<Prompts>(settings, tokenizer, config.vocabulary,
                                       begin_token(settings, tokenizer),
                                       read_titles(settings, folder, tokens_.size(0)));
}

const SelectionPrompts& EnvironmentModel::selections() const {
  if (!selections_) {
    const lm::Tokenizer& tokenizer = model_->folder.tokenizer;
    selections_ = std::make_unique<SelectionPrompts>(
        settings_, tokenizer, model_->decoder.config().vocabulary,
        begin_token(settings_, tokenizer), read_titles(settings_, folder_, tokens_.size(0)));
  }
  return *selections_;
}

int64_t EnvironmentModel::width() const { return model_->decoder.config().width; }

std::vector<EnvironmentModel::Answer> EnvironmentModel::ask(
    const std::vector<Question>& questions, int64_t window,
    const std::function<bool()>& leave) const {
  return answers(model_->decoder, *prompts_, tokens_, head_, questions, window, leave);
}

at::Tensor EnvironmentModel::label_scores(const std::vector<std::vector<int64_t>>& histories,
                                          const std::vector<std::vector<int64_t>>& lists) const {
  const at::NoGradGuard no_grad;
  const at::Device device = model_->decoder.device();
  const SelectionPrompts& prompts = selections();
  const at::Tensor labels = index_on(prompts.labels(), device);
  // The rows of the head that belong to the labels. In the model's own type, bfloat16 say, logits
  // would often be equal.
  const at::Tensor head = model_->decoder.head().weight.index_select(0, labels).to(at::kFloat).t();
  const auto count = std::ssize(lists);
  size_t longest = 0;
  for (const auto& list : lists) longest = std::max(longest, list.size());
  const auto width = static_cast<int64_t>(longest);
  if (width > labels.size(0))
    throw std::invalid_argument("label_scores: a list has more candidates than there are labels");
  const at::Tensor scores =
      at::full({count, width}, -std::numeric_limits<float>::infinity(), at::kFloat);
  // Prompts share their header alone. Those of a sequence could share their histories too, but the
  // list and the text around it, which follow, are most of a prompt: of the paper's prompts about
  // histories of up to ten items of Industry one row in nine would be saved.
  std::vector<int64_t> order(lists.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return histories[static_cast<size_t>(a)].size() < histories[static_cast<size_t>(b)].size();
  });
  lm::Forest forest;
  std::vector<int64_t> rows;
  const auto pass = [&] {
    if (rows.empty()) return;
    const at::Tensor hidden = lm::hidden_states(model_->decoder, forest, tokens_);
    const at::Tensor logits = at::mm(hidden.to(at::kFloat), head).to(at::kCPU);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto candidates = std::ssize(lists[static_cast<size_t>(rows[i])]);
      scores[rows[i]]
          .narrow(0, 0, candidates)
          .copy_(logits[static_cast<int64_t>(i)].narrow(0, 0, candidates));
    }
    forest = {};
    rows.clear();
  };
  for (const int64_t row : order) {
    const auto& history = histories[static_cast<size_t>(row)];
    const auto& list = lists[static_cast<size_t>(row)];
    if (list.empty()) continue;
    if (history.empty()) {
      scores[row].narrow(0, 0, std::ssize(list)).zero_();
      continue;
    }
    prompts.read(forest, prompts.add_history(forest, history).back(), list);
    rows.push_back(row);
    if (forest.rows() >= kRowsOfPass) pass();
  }
  pass();
  return scores;
}

}  // namespace lea::le
