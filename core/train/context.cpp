#include "core/train/context.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/item_texts.h"
#include "core/spec/plugin_info.h"
#include "core/train/named_plugins.h"
#include "core/train/plugin_call.h"
#include "core/train/sampler.h"

namespace lea::train {
namespace {

ParamValues values_of(const PluginEntry& entry, const spec::PluginUse& use) {
  return spec::to_values(entry.params, use.params, entry.kind + " " + use.id);
}

std::unordered_map<std::string, int64_t> index_of(const std::vector<std::string>& ids) {
  std::unordered_map<std::string, int64_t> index;
  index.reserve(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) index.emplace(ids[i], static_cast<int64_t>(i));
  return index;
}

}  // namespace

class HostContext::OfPlugin final : public Context {
 public:
  OfPlugin(const HostContext& host, std::string plugin_kind, spec::PluginUse use)
      : host_(host), plugin_kind_(std::move(plugin_kind)), use_(std::move(use)) {}

  int64_t items() const override { return host_.items(); }
  int64_t history() const override { return host_.history(); }
  uint64_t seed() const override { return host_.seed(); }
  c10::Device device() const override { return host_.device(); }
  std::shared_ptr<Backbone> make_backbone() const override { return host_.make_backbone(); }
  std::shared_ptr<Environment> environment(const std::string& value) const override {
    return host_.environment(value);
  }
  const TrainingData& training() const override { return host_.training(); }
  int64_t item_of(const std::string& original_id) const override {
    return host_.item_of(original_id);
  }
  int64_t sequence_of(const std::string& original_id) const override {
    return host_.sequence_of(original_id);
  }
  std::vector<std::string> texts(const std::string& column) const override {
    return host_.texts(column);
  }
  std::vector<std::string> text_columns() const override { return host_.text_columns(); }
  const Tensor& pool() const override { return host_.pool(); }
  std::string artefact(const std::string& kind) const override {
    return host_.artefact_of(plugin_kind_, use_, kind);
  }
  StateUse state_use() const override { return host_.state_use(); }
  AugmentUse augment_use() const override { return host_.augment_use(); }
  void log(LogLevel level, const std::string& message) const override {
    lea::log(level, use_.id, message);
  }
  int64_t candidates() const override { return host_.candidates(); }

 private:
  const HostContext& host_;
  const std::string plugin_kind_;
  const spec::PluginUse use_;
};

TrainingEvents training_events(const data::Dataset& data, const data::Split& split,
                               int64_t history) {
  TrainingEvents events;
  std::vector<int64_t> offset = {0};
  const auto offsets = data.offsets();
  for (int64_t s = 0; s < data.sequences(); ++s) {
    const int64_t begin = offsets[s];
    const auto end =
        static_cast<int64_t>(data::training_end(data, split.part, static_cast<size_t>(s)));
    if (end == begin) continue;
    events.first_event.push_back(begin);
    events.sequence.push_back(static_cast<uint32_t>(s));
    offset.push_back(offset.back() + end - begin);
  }
  const int64_t total = offset.back(), sequences = std::ssize(events.first_event);
  TrainingData& training = events.data;
  training.items = data.items();
  training.history = history;
  training.item = at::empty({total}, at::kInt);
  training.offset = at::tensor(offset, at::kLong);
  int32_t* item = training.item.mutable_data_ptr<int32_t>();
  uint8_t* behaviour = nullptr;
  if (!data.behaviour().empty()) {
    training.behaviour = at::empty({total}, at::kByte);
    training.behaviours = data.behaviours();
    behaviour = training.behaviour.mutable_data_ptr<uint8_t>();
  }
  for (int64_t s = 0; s < sequences; ++s) {
    const int64_t count = offset[s + 1] - offset[s], first = events.first_event[s];
    std::copy_n(data.item().begin() + first, count, item + offset[s]);
    if (behaviour) std::copy_n(data.behaviour().begin() + first, count, behaviour + offset[s]);
  }
  return events;
}

HostContext::HostContext(const spec::RunSpec& run, std::shared_ptr<const data::Dataset> data,
                         std::shared_ptr<const data::Split> split, PluginLookup lookup,
                         Artefacts artefacts)
    : run_(run),
      data_(std::move(data)),
      split_(std::move(split)),
      lookup_(std::move(lookup)),
      device_(run.train.device),
      events_(training_events(*data_, *split_, run.data.history)),
      artefacts_(std::move(artefacts)) {
  if (events_.data.events() == 0)
    throw DataError("data " + run.data.name + ": the split leaves no training event");
  if (run.reads_negatives && data_->items() < 2)
    throw DataError("data " + run.data.name + ": negatives need at least two items");
  if (run.negatives.from == "pool") pool_ = draw_pool(run.negatives, events_.data);
}

template <class Factory>
auto HostContext::made(const std::string& kind, const spec::PluginUse& use,
                       Factory PluginEntry::*factory) const {
  const PluginEntry& entry = lookup_(kind, use.id);
  const ParamValues values = values_of(entry, use);
  const Context& given = given_to(kind, use);
  return call_plugin(kind + " " + use.id, "its constructor",
                     [&] { return (entry.*factory)(values, given); });
}

std::shared_ptr<Backbone> HostContext::make_backbone() const {
  if (!making_framework_) throw PluginError("only a framework may make backbones");
  if (run_.backbone.none()) {
    throw PluginError("framework " + run_.framework.id +
                      " asks for a backbone, which its `uses` does not name");
  }
  auto backbone =
      with_named_calls(made("backbone", run_.backbone, &PluginEntry::backbone), run_.backbone.id);
  if (backbone) backbone_width_ = backbone->width();
  return backbone;
}

std::shared_ptr<Environment> HostContext::environment(const std::string& value) const {
  std::shared_ptr<Environment>& known = environments_[value];
  if (!known) {
    const auto document = nlohmann::json::parse(value);
    const spec::PluginUse use{document.at("id").get<std::string>(), document.at("params")};
    known = with_named_calls(made("environment", use, &PluginEntry::environment), use.id);
  }
  return known;
}

std::shared_ptr<Environment> HostContext::slot(const spec::PluginUse& use) const {
  if (use.none()) return nullptr;
  return environment(nlohmann::json{{"id", use.id}, {"params", use.params}}.dump());
}

std::shared_ptr<Augmenter> HostContext::augmenter() const {
  if (run_.augment.none()) return nullptr;
  return with_named_calls(made("augmenter", run_.augment, &PluginEntry::augmenter),
                          run_.augment.id);
}

std::shared_ptr<Framework> HostContext::make_framework() {
  making_framework_ = true;
  auto framework = made("framework", run_.framework, &PluginEntry::framework);
  making_framework_ = false;
  return framework;
}

int64_t HostContext::item_of(const std::string& original_id) const {
  if (item_index_.empty()) item_index_ = index_of(data_->item_ids());
  const auto found = item_index_.find(original_id);
  return found == item_index_.end() ? 0 : found->second + 1;
}

int64_t HostContext::sequence_of(const std::string& original_id) const {
  if (sequence_index_.empty()) {
    const auto& ids = data_->sequence_ids();
    for (size_t s = 0; s < events_.sequence.size(); ++s) {
      sequence_index_.emplace(ids[events_.sequence[s]], static_cast<int64_t>(s));
    }
  }
  const auto found = sequence_index_.find(original_id);
  return found == sequence_index_.end() ? -1 : found->second;
}

std::vector<std::string> HostContext::texts(const std::string& column) const {
  return data::item_texts(*data_, column);
}

std::vector<std::string> HostContext::text_columns() const { return data::text_columns(*data_); }

std::string HostContext::artefact_of(const std::string& plugin_kind, const spec::PluginUse& use,
                                     const std::string& kind) const {
  for (const RunArtefact& artefact : artefacts_) {
    if (artefact.plugin_kind == plugin_kind && artefact.use.id == use.id &&
        artefact.use.params == use.params && artefact.kind == kind)
      return artefact.folder;
  }
  for (const Artefact& declared : lookup_(plugin_kind, use.id).artefacts) {
    if (declared.kind == kind) return "";
  }
  throw PluginError(plugin_kind + " " + use.id + " asks for its artefact `" + kind +
                    "`, which it does not declare");
}

Context::StateUse HostContext::state_use() const {
  const auto environment = state();
  if (!environment) return {};
  return {environment->state_width(), run_.state_use.project, run_.state_use.combine == "replace"};
}

Context::AugmentUse HostContext::augment_use() const {
  if (run_.augment.none()) return {};
  return {run_.augment_use.supervised_weight, run_.augment_use.q_weight};
}

void HostContext::log(LogLevel level, const std::string& message) const {
  lea::log(level, "plugin", message);
}

int64_t HostContext::candidates() const {
  return run_.augment.none() ? 0 : std::min(run_.augment_use.candidates, items());
}

const Context& HostContext::given_to(const std::string& plugin_kind,
                                     const spec::PluginUse& use) const {
  std::unique_ptr<Context>& given = given_[plugin_kind + " " + use.id + use.params.dump()];
  if (!given) given = std::make_unique<OfPlugin>(*this, plugin_kind, use);
  return *given;
}

}  // namespace lea::train
