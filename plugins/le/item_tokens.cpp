#include "plugins/le/item_tokens.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <stdexcept>

#include "core/api/table.h"
#include "core/api/tensor_file.h"
#include "core/api/types.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/cross_entropy.h"
#include "core/lm/forest.h"
#include "plugins/le/lesson.h"

namespace lea::le {
namespace {

constexpr int64_t kRowsOfEmbedding = 8192;  // of the word embeddings that are widened at a time
constexpr uint64_t kRandomStream = 0x70ce;  // of the random numbers of random_tokens
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;  // PyTorch's defaults of Adam
constexpr int64_t kPatience = 20;  // iterations over which token_stop looks
constexpr std::chrono::seconds kBetweenSaves{30};

// Of the word embeddings, each a vector of the model's embedding matrix.
struct WordFigures {
  Tensor mean, deviation;  // double [D], on the CPU
  double mean_square = 0;  // mean squared length
  double centred = 0;      // mean length of the words less their mean
};

WordFigures figures_of_words(const lm::Decoder& decoder) {
  const int64_t words = decoder.config().vocabulary;
  const auto for_each_part = [&](auto body) {
    for (int64_t first = 0; first < words; first += kRowsOfEmbedding) {
      const Tensor ids = at::arange(first, std::min(words, first + kRowsOfEmbedding),
                                    at::TensorOptions(at::kLong).device(decoder.device()));
      body(decoder.embed(ids).to(at::kCPU, at::kDouble));
    }
  };
  const auto count = static_cast<double>(words);
  WordFigures figures;
  figures.mean = at::zeros({decoder.config().width}, at::kDouble);
  for_each_part([&](const Tensor& part) {
    figures.mean += part.sum(0) / count;
    figures.mean_square += part.square().sum().item<double>() / count;
  });
  Tensor variance = at::zeros_like(figures.mean);
  for_each_part([&](const Tensor& part) {
    const Tensor centred = part - figures.mean;
    variance += centred.square().sum(0) / count;
    figures.centred += centred.norm(2, 1).sum().item<double>() / count;
  });
  figures.deviation = variance.sqrt();
  return figures;
}

bool has_text(const Sentence& sentence) {
  return !sentence.before.empty() || !sentence.after.empty();
}

Items words_once(const Sentence& sentence) {
  Items ids = sentence.before;
  ids.insert(ids.end(), sentence.after.begin(), sentence.after.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// The optimiser of the tokens of one batch. All tensors are float, on the decoder's device; A is the
// number of items that have not stopped.
class Optimiser {
 public:
  Optimiser(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
            const Settings& settings, double mean_square, const Items& batch, const Tensor& start)
      : decoder_(decoder),
        sentences_(sentences),
        settings_(settings),
        penalty_(settings.token_penalty > 0 ? settings.token_penalty / mean_square : 0),
        batch_(batch),
        start_(start.to(decoder.device())),
        result_(start_.clone()),
        active_(at::arange(std::ssize(batch), start_.options().dtype(at::kLong))),
        vectors_(start_.clone()),
        moment_(at::zeros_like(start_)),
        square_(at::zeros_like(start_)),
        losses_(at::zeros({0, std::ssize(batch)}, at::kDouble)) {
    gather();
  }

  bool finished() const { return iteration_ == settings_.token_iterations || active_.size(0) == 0; }
  int64_t iteration() const { return iteration_; }

  void step() {
    const Tensor gradient = gradient_of_loss();
    ++iteration_;
    if (settings_.token_optimiser == "sgd")
      vectors_.sub_(gradient, settings_.token_learning_rate);
    else
      move_by_adam(gradient);
    if (settings_.token_stop > 0) let_items_stop();
  }

  // The vectors of the batch, [items of the batch, D] on the CPU.
  Tensor result() const {
    Tensor all = result_.index_copy(0, active_, vectors_).to(at::kCPU);
    const Tensor whole = at::isfinite(all).all(1);
    if (!whole.all().item<bool>()) {
      const int64_t bad = whole.logical_not().nonzero()[0].item<int64_t>();
      throw ConfigError("le: token_learning_rate: the token of item " +
                        std::to_string(batch_[static_cast<size_t>(bad)] + 1) +
                        " is not finite after " + counted(iteration_, "iteration") +
                        ". Lower token_learning_rate");
    }
    return all;
  }

  // `first` names the batch.
  void save(const std::string& path, int64_t first) const {
    const Tensor place =
        at::tensor(std::vector<int64_t>{first, std::ssize(batch_), iteration_}, at::kLong);
    write_tensors(path, {{"active", active_},
                         {"losses", losses_},
                         {"moment", moment_},
                         {"place", place},
                         {"result", result_},
                         {"square", square_},
                         {"vectors", vectors_}});
  }

  // Goes on with what save() wrote, if it was written for this batch.
  void resume(const std::string& path, int64_t first) {
    if (!std::filesystem::exists(path)) return;
    const auto saved = read_tensors(path);
    const auto get = [&](const char* name, at::ScalarType type) {
      return tensor_of(saved, name, type, path).to(decoder_.device());
    };
    const Tensor place = get("place", at::kLong).to(at::kCPU);
    if (place.numel() != 3 || place[0].item<int64_t>() != first ||
        place[1].item<int64_t>() != std::ssize(batch_))
      return;
    active_ = get("active", at::kLong);
    losses_ = get("losses", at::kDouble).to(at::kCPU);
    moment_ = get("moment", at::kFloat);
    result_ = get("result", at::kFloat);
    square_ = get("square", at::kFloat);
    vectors_ = get("vectors", at::kFloat);
    iteration_ = place[2].item<int64_t>();
    gather();
  }

 private:
  void move_by_adam(const Tensor& gradient) {
    moment_.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    square_.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const double first = 1 - std::pow(kBeta1, double(iteration_)),
                 second = 1 - std::pow(kBeta2, double(iteration_));
    const Tensor scale = square_.sqrt().div_(std::sqrt(second)).add_(kEpsilon);
    vectors_.addcdiv_(moment_, scale, -settings_.token_learning_rate / first);
  }

  // The sentences of the active items.
  void gather() {
    const Tensor active = active_.to(at::kCPU);
    Items items;
    for (int64_t i = 0; i < active.size(0); ++i)
      items.push_back(batch_[static_cast<size_t>(active[i].item<int64_t>())]);
    lesson_ = Lesson(sentences_, items, decoder_.config().vocabulary);
    words_ = lesson_.word_tensor(decoder_.device());
    shares_ = lesson_.share_tensor(decoder_.device());
  }

  // The sum over items of their own losses, so that no item sees how many others there are. [A, D]
  Tensor gradient_of_loss() {
    const at::AutoGradMode enable(true);
    const Tensor vectors = vectors_.detach().clone().requires_grad_();
    const Tensor hidden = lm::hidden_states(decoder_, lesson_.forest, vectors);
    std::vector<Tensor> losses;
    if (settings_.token_stop > 0) {
      losses = losses_of_items(hidden);
    } else {
      losses = {lm::cross_entropy(decoder_, hidden, words_, shares_)};
    }
    Tensor gradient = torch::autograd::grad({at::stack(losses).sum()}, {vectors})[0];
    const at::NoGradGuard no_grad;
    const Tensor moved = vectors_ - start_.index_select(0, active_);
    if (settings_.token_stop > 0) {
      const Tensor penalties = moved.square().sum(1).to(at::kDouble) * penalty_;
      remember(at::stack(losses).detach().to(at::kDouble) + penalties);
    }
    return gradient.add_(moved, 2 * penalty_);
  }

  std::vector<Tensor> losses_of_items(const Tensor& hidden) const {
    std::vector<Tensor> losses;
    int64_t first = 0;
    for (const Tensor& own : hidden.split_with_sizes(lesson_.counts)) {
      const int64_t count = own.size(0);
      losses.push_back(lm::cross_entropy(decoder_, own, words_.narrow(0, first, count),
                                         shares_.narrow(0, first, count)));
      first += count;
    }
    return losses;
  }

  // Keeps the losses of the last iterations, the oldest first. [at most kPatience + 1, A]
  void remember(const Tensor& losses) {
    const int64_t kept = std::min(losses_.size(0), kPatience);
    losses_ = at::cat(
        {losses_.narrow(0, losses_.size(0) - kept, kept), losses.to(at::kCPU).unsqueeze(0)});
  }

  void let_items_stop() {
    if (losses_.size(0) <= kPatience) return;
    const Tensor before = losses_[0], now = losses_[kPatience];
    const Tensor goes_on = (before - now) >= before * settings_.token_stop;
    if (goes_on.all().item<bool>()) return;
    result_.index_copy_(0, active_, vectors_);
    const Tensor kept = goes_on.nonzero().squeeze(1);
    losses_ = losses_.index_select(1, kept);
    const Tensor rows = kept.to(active_.device());
    for (Tensor* tensor : {&active_, &vectors_, &moment_, &square_})
      *tensor = tensor->index_select(0, rows);
    gather();
  }

  const lm::Decoder& decoder_;
  const std::vector<Sentence>& sentences_;
  const Settings& settings_;
  const double penalty_;
  const Items batch_;
  const Tensor start_;                // [items of the batch, D]
  Tensor result_;                     // [items of the batch, D]: final for items that stopped
  Tensor active_;                     // int64 [A], places in the batch
  Tensor vectors_, moment_, square_;  // [A, D]; the last two are Adam's
  Tensor losses_;                     // double [iterations, A], on the CPU
  int64_t iteration_ = 0;
  Lesson lesson_;
  Tensor words_, shares_;  // of the lesson
};

std::string table_path(const std::string& folder) { return folder + "/" + kPartialTokens; }
std::string batch_path(const std::string& folder) { return table_path(folder) + ".batch"; }

}  // namespace

at::Tensor closed_form(const lm::Decoder& decoder, const std::vector<Sentence>& sentences) {
  const at::NoGradGuard no_grad;
  const WordFigures figures = figures_of_words(decoder);
  std::vector<double> sentences_with(static_cast<size_t>(decoder.config().vocabulary));
  Items texts;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (has_text(sentences[i])) texts.push_back(static_cast<int64_t>(i));
    for (const int64_t id : words_once(sentences[i])) ++sentences_with[static_cast<size_t>(id)];
  }
  Tensor tokens = figures.mean.to(at::kFloat).repeat({std::ssize(sentences), 1});
  if (texts.empty()) return tokens;
  Tensor means = at::empty({std::ssize(texts), tokens.size(1)}, at::kFloat);
  for (size_t i = 0; i < texts.size(); ++i) {
    const Items ids = words_once(sentences[static_cast<size_t>(texts[i])]);
    std::vector<double> weights;
    for (const int64_t id : ids) {
      weights.push_back(std::log((1 + static_cast<double>(texts.size())) /
                                 (1 + sentences_with[static_cast<size_t>(id)])) +
                        1);
    }
    const Tensor weight = at::tensor(weights, at::kDouble);
    const Tensor rows =
        decoder.embed(at::tensor(ids, at::kLong).to(decoder.device())).to(at::kCPU, at::kDouble);
    means[static_cast<int64_t>(i)] = at::mv(rows.t(), weight) / weight.sum();
  }
  means -= means.mean(0, false, at::kDouble).to(at::kFloat);
  const double length = means.norm(2, 1).mean().item<double>();
  // Equal texts have no direction of their own, only rounding.
  if (length > 1e-6 * figures.centred) means *= figures.centred / length;
  tokens.index_add_(0, at::tensor(texts, at::kLong), means);
  return tokens;
}

at::Tensor random_tokens(const lm::Decoder& decoder, int64_t items, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const WordFigures figures = figures_of_words(decoder);
  const int64_t width = decoder.config().width;
  Tensor tokens = at::empty({items, width}, at::kFloat);
  const double* mean = figures.mean.const_data_ptr<double>();
  const double* deviation = figures.deviation.const_data_ptr<double>();
  float* token = tokens.mutable_data_ptr<float>();
  for (int64_t item = 0; item < items; ++item, token += width) {
    for (int64_t d = 0; d < width; ++d) {
      // Box and Muller's method: a pair of coordinates shares a radius and an angle.
      const auto bits = [&](uint64_t which) {
        return mix(seed, kRandomStream, static_cast<uint64_t>(item),
                   2 * static_cast<uint64_t>(d / 2) + which);
      };
      const double radius = std::sqrt(-2 * std::log(1 - unit(bits(0)))),
                   angle = 2 * std::numbers::pi * unit(bits(1));
      const double normal = radius * (d % 2 == 0 ? std::cos(angle) : std::sin(angle));
      token[d] = static_cast<float>(mean[d] + deviation[d] * normal);
    }
  }
  return tokens;
}

bool optimise_tokens(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
                     const Settings& settings, const std::string& folder, at::Tensor& tokens,
                     const std::function<bool(int64_t, int64_t)>& stop) {
  if (tokens.sizes() != at::IntArrayRef({std::ssize(sentences), decoder.config().width}))
    throw std::invalid_argument("optimise_tokens: the start must have a row for each sentence");
  const at::NoGradGuard no_grad;
  const WordFigures figures = figures_of_words(decoder);
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (!has_text(sentences[i])) tokens[static_cast<int64_t>(i)].copy_(figures.mean);
  }
  const Items items = by_length(sentences, items_with_words(sentences));
  const int64_t iterations = settings.token_iterations;
  if (iterations == 0 || items.empty()) return true;
  const int64_t total = rows_of(sentences, items) * iterations;

  TableWriter writer(table_path(folder), std::ssize(items), tokens.size(1));
  int64_t done = rows_of(sentences, {items.begin(), items.begin() + writer.done()}) * iterations;
  const int64_t most_rows = decoder.device().is_cuda() ? kRowsOnGpu : kRowsOfBatch;
  while (writer.done() < std::ssize(items)) {
    const int64_t first = writer.done();
    const Items batch = batch_at(sentences, items, first, most_rows);
    const int64_t rows = rows_of(sentences, batch);
    Optimiser optimiser(decoder, sentences, settings, figures.mean_square, batch,
                        tokens.index_select(0, at::tensor(batch, at::kLong)));
    optimiser.resume(batch_path(folder), first);
    auto saved = std::chrono::steady_clock::now();
    while (!optimiser.finished()) {
      const bool leave = stop(done + rows * optimiser.iteration(), total);
      const auto now = std::chrono::steady_clock::now();
      if (leave || now - saved > kBetweenSaves) {
        optimiser.save(batch_path(folder), first);
        saved = now;
      }
      if (leave) return false;
      optimiser.step();
    }
    writer.append(optimiser.result());
    done += rows * iterations;
  }
  writer.finish();
  tokens.index_copy_(0, at::tensor(items, at::kLong), Table(table_path(folder)).values());
  return true;
}

void remove_partial_tokens(const std::string& folder) {
  std::vector<std::filesystem::path> partial;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(kPartialTokens))
      partial.push_back(entry.path());
  }
  std::error_code none;
  for (const auto& path : partial) std::filesystem::remove(path, none);
}

}  // namespace lea::le
