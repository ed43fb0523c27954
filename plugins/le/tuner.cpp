#include "plugins/le/tuner.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "plugins/le/context_length.h"
#include "plugins/le/passes.h"
#include "plugins/tuning/losses.h"

namespace lea::le {
namespace {

constexpr uint64_t kStart = 0x6c657374;  // a stream of random numbers

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The linear modules of such a model, as Decoder::for_each_linear names them, with the rows and
// columns of their matrices.
std::map<std::string, std::pair<int64_t, int64_t>> modules_of(const lm::Config& config) {
  constexpr std::string_view kSuffix = ".weight";
  std::map<std::string, std::pair<int64_t, int64_t>> modules;
  for (const auto& [name, shape] : lm::weight_shapes(config)) {
    if (shape.size() != 2 || !name.ends_with(kSuffix)) continue;
    const std::string module = name.substr(0, name.size() - kSuffix.size());
    if (module != "model.embed_tokens") modules[module] = {shape[0], shape[1]};
  }
  modules["lm_head"] = {config.vocabulary, config.width};  // a tied one has no weight of its own
  return modules;
}

// The rows of the longest prompt that the training will have.
int64_t longest_of(const Settings& settings, const std::string& tokens_folder,
                   const TrainingData& training) {
  const lm::Tokenizer tokenizer(settings.model);
  const Prompts prompts(settings, tokenizer, lm::read_config(settings.model).vocabulary,
                        begin_token(settings, tokenizer),
                        read_titles(settings, tokens_folder, training.items));
  return longest_prompt(prompts, training);
}

std::vector<int64_t> items_of(const TrainingData& training, int64_t sequence) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  return {item + first[sequence], item + first[sequence + 1]};
}

}  // namespace

lm::AdapterConfig adapter_of(const Settings& settings) {
  lm::AdapterConfig adapter;
  adapter.rank = settings.rank;
  adapter.alpha = settings.alpha;
  adapter.dropout = settings.dropout;
  adapter.targets = words_of(settings.targets);
  return adapter;
}

// LoRA would leave out a target that names no module without a word.
void require_targets(const Settings& settings, const lm::Config& config) {
  const std::vector<std::string> targets = words_of(settings.targets);
  if (targets.empty())
    throw ConfigError("le: targets: names no module. State some, such as `q_proj v_proj`");
  const auto modules = modules_of(config);
  std::set<std::string> last_parts;
  for (const auto& [module, shape] : modules)
    last_parts.insert(module.substr(module.rfind('.') + 1));
  for (const std::string& target : targets) {
    const bool known = std::any_of(modules.begin(), modules.end(), [&](const auto& entry) {
      return entry.first == target || entry.first.ends_with("." + target);
    });
    if (known) continue;
    const std::vector<std::string> names(last_parts.begin(), last_parts.end());
    throw ConfigError("le: targets: the model has no module " + in_backticks(target) +
                      did_you_mean(target, names) + " (there are: " + joined(names) + ")");
  }
}

std::vector<std::pair<int64_t, int64_t>> adapted_matrices(const Settings& settings,
                                                          const lm::Config& config) {
  const lm::AdapterConfig adapter = adapter_of(settings);
  std::vector<std::pair<int64_t, int64_t>> matrices;
  for (const auto& [module, shape] : modules_of(config)) {
    if (adapter.targets_module(module)) matrices.push_back(shape);
  }
  return matrices;
}

Tuner::Tuner(const Settings& settings, const std::string& tokens_folder,
             const TrainingData& training, at::Device device)
    : settings_(settings),
      training_(training),
      model_(open_language_model(settings, device, Purpose::kTrain,
                                 longest_of(settings, tokens_folder, training))) {
  lm::Decoder& decoder = model_->decoder;
  const lm::Config& config = decoder.config();
  tokens_ = read_item_tokens(tokens_folder, config.width).to(device);
  require_items(tokens_, training.items, tokens_folder);
  embedded_ = tokens_.to(decoder.type());
  const lm::Tokenizer& tokenizer = model_->folder.tokenizer;
  prompts_ = std::make_unique<Prompts>(settings, tokenizer, config.vocabulary,
                                       begin_token(settings, tokenizer),
                                       read_titles(settings, tokens_folder, training.items));
  const lm::AdapterConfig adapter = adapter_of(settings);
  require_targets(settings, config);
  at::manual_seed(mix(kStart, static_cast<uint64_t>(settings.seed)));
  adapter_ = lm::Adapter::make(adapter, decoder);
  adapter_->attach(decoder);
  parameters_ = adapter_->parameters();
  // As PyTorch's linear layer starts.
  const double bound = 1 / std::sqrt(static_cast<double>(config.width));
  head_.weight = at::empty({config.width}).uniform_(-bound, bound).to(device).requires_grad_();
  parameters_.push_back(head_.weight);
  if (settings.head_bias) {
    head_.bias = at::empty({1}).uniform_(-bound, bound).to(device).requires_grad_();
    parameters_.push_back(head_.bias);
  } else {
    head_.bias = at::zeros({1}).to(device);
  }
}

void Tuner::save(const std::string& folder) const {
  adapter_->save(folder + "/" + kAdapterFolder);
  write_tensors(folder + "/" + kHeadFile, {{"weight", head_.weight.detach().to(at::kCPU)},
                                           {"bias", head_.bias.detach().to(at::kCPU)}});
}

std::optional<TuningLosses> Tuner::accumulate(const std::vector<TuningRow>& rows,
                                              const at::Tensor& negatives,
                                              const std::function<bool()>& leave) {
  const int64_t count = std::ssize(rows), sampled = negatives.size(1), actions = 1 + sampled;
  const bool with_states = settings_.state_weight > 0, with_rewards = settings_.reward_weight > 0;
  const at::Device device = model_->decoder.device();
  const int32_t* item = training_.item.const_data_ptr<int32_t>();
  const int64_t* negative = negatives.const_data_ptr<int64_t>();

  std::vector<Chain> chains;
  std::vector<int64_t> logged, sequence;
  for (size_t row = 0; row < rows.size();) {
    const int64_t of = rows[row].sequence;
    std::vector<Wanted> wanted;
    for (; row < rows.size() && rows[row].sequence == of; ++row) {
      const auto number = static_cast<int64_t>(row);
      logged.push_back(item[rows[row].event]);
      sequence.push_back(of);
      Wanted one{rows[row].end, with_states ? number : -1, {}, number * actions};
      if (with_rewards) {
        one.actions.push_back(logged.back());
        one.actions.insert(one.actions.end(), negative + number * sampled,
                           negative + (number + 1) * sampled);
      }
      wanted.push_back(std::move(one));
    }
    add_chains(*prompts_, items_of(training_, of), wanted, training_.history, /*together=*/true,
               &chains);
  }

  const at::Tensor positive = at::tensor(logged, at::kLong);
  const at::Tensor others = settings_.state_negatives == "batch" ? positive : negatives.flatten();
  const at::Tensor allowed = allowed_negatives(training_, at::tensor(sequence, at::kLong), others);
  const at::Tensor counts = allowed.any(1);  // rows that have a negative
  const auto vectors = [&](const at::Tensor& items) {
    return tokens_.index_select(0, (items - 1).to(device));
  };
  const at::Tensor positive_vectors = vectors(positive), other_vectors = vectors(others);
  const auto with_negatives = counts.sum().item<double>();

  // Both losses are means over rows, so the share of each pass can be differentiated by itself.
  TuningLosses losses;
  const bool complete = for_each_pass(*prompts_, std::move(chains), [&](const Pass& pass) {
    if (leave && leave()) return false;
    const ReadVectors read = read_vectors(model_->decoder, pass, embedded_, settings_.dropout);
    at::Tensor loss = at::zeros({}, at::TensorOptions(at::kFloat).device(device));
    if (!pass.states.empty()) {
      const at::Tensor numbers = at::tensor(at::ArrayRef<int64_t>(pass.states), at::kLong);
      const auto share = counts.index_select(0, numbers).sum().item<double>();
      if (share > 0) {
        const at::Tensor part =
            state_loss(settings_, read.states, positive_vectors.index_select(0, numbers.to(device)),
                       other_vectors, allowed.index_select(0, numbers).to(device)) *
            (share / with_negatives);
        losses.state += part.item<double>();
        loss = loss + part * settings_.state_weight;
      }
    }
    if (!pass.rewards.empty()) {
      const at::Tensor rewards = head_(read.rewards).view({-1, actions});
      const at::Tensor part = reward_loss(rewards.select(1, 0), rewards.narrow(1, 1, sampled)) *
                              (static_cast<double>(rewards.size(0)) / static_cast<double>(count));
      losses.reward += part.item<double>();
      loss = loss + part * weight_of_reward_loss(settings_, count);
    }
    if (loss.requires_grad()) loss.backward();
    return true;
  });
  if (!complete) return std::nullopt;
  losses.total = settings_.reward_weight * losses.reward + settings_.state_weight * losses.state;
  return losses;
}

std::optional<TuningValidation> Tuner::validate(const TrainingData& rest,
                                                const std::function<bool()>& leave) const {
  const std::vector<ValidationPair> pairs = validation_pairs(settings_, rest);
  if (pairs.empty()) return TuningValidation{};
  std::vector<EnvironmentModel::Question> questions;
  std::vector<int64_t> logged, sampled;
  int64_t last = -1;
  for (const ValidationPair& pair : pairs) {
    if (pair.row.sequence != std::exchange(last, pair.row.sequence))
      questions.push_back({items_of(rest, last), {}, {}, /*states=*/true});
    questions.back().ends.push_back(pair.row.end);
    questions.back().actions.push_back({pair.logged, pair.sampled});
    logged.push_back(pair.logged);
    sampled.push_back(pair.sampled);
  }
  const auto found =
      answers(model_->decoder, *prompts_, embedded_, head_, questions, rest.history, leave);
  if (found.empty()) return std::nullopt;
  std::vector<at::Tensor> states, rewards;
  for (const EnvironmentModel::Answer& answer : found) {
    states.push_back(answer.states);
    rewards.push_back(answer.rewards);
  }
  const auto vectors = [&](const std::vector<int64_t>& items) {
    return tokens_.to(at::kCPU).index_select(0, at::tensor(items, at::kLong) - 1);
  };
  return validation_of(settings_, at::cat(states), at::cat(rewards).view({-1, 2}), vectors(logged),
                       vectors(sampled));
}

}  // namespace lea::le
