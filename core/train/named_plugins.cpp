#include "core/train/named_plugins.h"

#include <torch/torch.h>

#include <utility>

#include "core/train/plugin_call.h"

namespace lea::train {
namespace {

class NamedBackbone final : public Backbone {
 public:
  NamedBackbone(std::shared_ptr<Backbone> inner, const std::string& id)
      : inner_(std::move(inner)), name_("backbone " + id) {
    for (const auto& item : inner_->named_parameters(/*recurse=*/false))
      register_parameter(item.key(), item.value(), item.value().requires_grad());
    for (const auto& item : inner_->named_buffers(/*recurse=*/false))
      register_buffer(item.key(), item.value());
    for (const auto& item : inner_->named_children()) register_module(item.key(), item.value());
  }

  int64_t width() const override {
    return call_plugin(name_, "width()", [&] { return inner_->width(); });
  }
  Tensor encode(const History& history) override {
    return call_plugin_for(name_, "encode()", {history.items.size(0), inner_->width()}, at::kFloat,
                           [&] { return inner_->encode(history); });
  }
  Tensor item_embedding() const override {
    return call_plugin(name_, "item_embedding()", [&] { return inner_->item_embedding(); });
  }

  // The inner module asks itself whether it trains, and may keep tensors that it has not registered.
  void train(bool on = true) override {
    Backbone::train(on);
    inner_->train(on);
  }
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override {
    inner_->to(device, dtype, non_blocking);
  }
  void to(torch::Dtype dtype, bool non_blocking = false) override {
    inner_->to(dtype, non_blocking);
  }
  void to(torch::Device device, bool non_blocking = false) override {
    inner_->to(device, non_blocking);
  }

 private:
  std::shared_ptr<Backbone> inner_;
  std::string name_;
};

class NamedEnvironment : public Environment {
 public:
  NamedEnvironment(std::shared_ptr<Environment> inner, const std::string& id)
      : inner_(std::move(inner)), name_("environment " + id) {}

  int64_t state_width() const override {
    return call_plugin(name_, "state_width()", [&] { return inner_->state_width(); });
  }
  Tensor state(const History& history) override {
    // The default of an environment without states says so.
    if (state_width() == 0)
      return call_plugin(name_, "state()", [&] { return inner_->state(history); });
    return call_plugin_for(name_, "state()", {history.items.size(0), state_width()}, at::kFloat,
                           [&] { return inner_->state(history); });
  }
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    return call_plugin_for(name_, "reward()", actions.sizes(), at::kFloat,
                           [&] { return inner_->reward(history, actions, roles); });
  }

 protected:
  const std::string& name() const { return name_; }

 private:
  std::shared_ptr<Environment> inner_;
  std::string name_;
};

class NamedChooser final : public NamedEnvironment, public Chooser {
 public:
  NamedChooser(std::shared_ptr<Environment> inner, Chooser& chooser, const std::string& id)
      : NamedEnvironment(std::move(inner), id), chooser_(chooser) {}

  int64_t longest_list() const override {
    return call_plugin(name(), "longest_list()", [&] { return chooser_.longest_list(); });
  }
  Tensor list_scores(const History& history, const Tensor& lists) override {
    return call_plugin_for(name(), "list_scores()", lists.sizes(), at::kFloat,
                           [&] { return chooser_.list_scores(history, lists); });
  }
  Tensor state_scores(const History& history, const Tensor& items) override {
    return call_plugin_for(name(), "state_scores()", items.sizes(), at::kFloat,
                           [&] { return chooser_.state_scores(history, items); });
  }

 private:
  Chooser& chooser_;  // part of the inner environment
};

class NamedAugmenter : public Augmenter {
 public:
  NamedAugmenter(std::shared_ptr<Augmenter> inner, const std::string& id)
      : inner_(std::move(inner)), name_("augmenter " + id) {}

  Tensor propose(const History& history, const Tensor& candidates) override {
    return call_plugin_for(name_, "propose()", {candidates.size(0)}, at::kLong,
                           [&] { return inner_->propose(history, candidates); });
  }

 protected:
  const std::string& name() const { return name_; }

 private:
  std::shared_ptr<Augmenter> inner_;
  std::string name_;
};

class NamedLister final : public NamedAugmenter, public ListReader {
 public:
  NamedLister(std::shared_ptr<Augmenter> inner, ListReader& reader, const std::string& id)
      : NamedAugmenter(std::move(inner), id), reader_(reader) {}

  Tensor lists(const History& history, const Tensor& candidates) override {
    return call_plugin_for(name(), "lists()", candidates.sizes(), at::kLong,
                           [&] { return reader_.lists(history, candidates); });
  }

 private:
  ListReader& reader_;  // part of the inner augmenter
};

}  // namespace

std::shared_ptr<Backbone> with_named_calls(std::shared_ptr<Backbone> backbone,
                                           const std::string& id) {
  if (!backbone) return nullptr;
  return std::make_shared<NamedBackbone>(std::move(backbone), id);
}

std::shared_ptr<Environment> with_named_calls(std::shared_ptr<Environment> environment,
                                              const std::string& id) {
  if (!environment) return nullptr;
  if (auto* chooser = dynamic_cast<Chooser*>(environment.get()))
    return std::make_shared<NamedChooser>(std::move(environment), *chooser, id);
  return std::make_shared<NamedEnvironment>(std::move(environment), id);
}

std::shared_ptr<Augmenter> with_named_calls(std::shared_ptr<Augmenter> augmenter,
                                            const std::string& id) {
  if (!augmenter) return nullptr;
  if (auto* reader = dynamic_cast<ListReader*>(augmenter.get()))
    return std::make_shared<NamedLister>(std::move(augmenter), *reader, id);
  return std::make_shared<NamedAugmenter>(std::move(augmenter), id);
}

}  // namespace lea::train
