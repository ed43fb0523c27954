// The host's implementation of lea::Context: the data, plugins and slots of one run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/api/plugin.h"
#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/spec/run_spec.h"

namespace lea::train {

// Finds a plugin by kind and full id; throws PluginError.
using PluginLookup =
    std::function<const PluginEntry&(const std::string& kind, const std::string& id)>;

// The training part of a split, as plugins see it. E counts its events, and S its sequences: those
// that have at least one training event.
struct TrainingEvents {
  TrainingData data;
  std::vector<int64_t> first_event;  // [S] number of the sequence's first event in the data set
  std::vector<uint32_t> sequence;    // [S] number of the sequence in the data set
};
TrainingEvents training_events(const data::Dataset& data, const data::Split& split,
                               int64_t history);

// An artefact that the run uses: its files are in `folder`.
struct RunArtefact {
  std::string plugin_kind;
  spec::PluginUse use;
  std::string kind, folder;
  std::string sha256;  // of all files together
};
using Artefacts = std::vector<RunArtefact>;

// Keeps a reference to `run`, which must outlive it, as it must outlive the plugins. The constructor
// throws DataError when the split has no training event, when negatives are needed and there is only
// one item, and when negatives.exclude leaves no item for the pool.
class HostContext final : public Context {
 public:
  HostContext(const spec::RunSpec& run, std::shared_ptr<const data::Dataset> data,
              std::shared_ptr<const data::Split> split, PluginLookup lookup,
              Artefacts artefacts = {});

  int64_t items() const override { return data_->items(); }
  int64_t history() const override { return run_.data.history; }
  uint64_t seed() const override { return static_cast<uint64_t>(run_.seed); }
  c10::Device device() const override { return device_; }
  std::shared_ptr<Backbone> make_backbone() const override;
  std::shared_ptr<Environment> environment(const std::string& value) const override;
  const TrainingData& training() const override { return events_.data; }
  int64_t item_of(const std::string& original_id) const override;
  int64_t sequence_of(const std::string& original_id) const override;
  std::vector<std::string> texts(const std::string& column) const override;
  std::vector<std::string> text_columns() const override;
  const Tensor& pool() const override { return pool_; }
  StateUse state_use() const override;
  AugmentUse augment_use() const override;
  void log(LogLevel level, const std::string& message) const override;
  int64_t candidates() const override;

  const TrainingEvents& events() const { return events_; }

  // The plugins in the run's slots. Null when the slot is empty.
  std::shared_ptr<Framework> make_framework();
  std::shared_ptr<Environment> reward() const { return slot(run_.reward); }
  std::shared_ptr<Environment> state() const { return slot(run_.state); }
  std::shared_ptr<Augmenter> augmenter() const;

  // Of the backbones that the framework has made; 0 before, and where it makes none.
  int64_t backbone_width() const { return backbone_width_; }

 private:
  class OfPlugin;

  std::shared_ptr<Environment> slot(const spec::PluginUse& use) const;
  // What the plugin makes with this factory of its entry.
  template <class Factory>
  auto made(const std::string& kind, const spec::PluginUse& use,
            Factory PluginEntry::*factory) const;
  // What a plugin is given: this context, whose log names the plugin.
  const Context& given_to(const std::string& plugin_kind, const spec::PluginUse& use) const;
  std::string artefact_of(const std::string& plugin_kind, const spec::PluginUse& use,
                          const std::string& kind) const;

  const spec::RunSpec& run_;
  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Split> split_;
  PluginLookup lookup_;
  c10::Device device_;
  TrainingEvents events_;
  Tensor pool_;
  bool making_framework_ = false;
  mutable int64_t backbone_width_ = 0;
  Artefacts artefacts_;
  mutable std::map<std::string, std::unique_ptr<Context>> given_;             // by kind, id, params
  mutable std::map<std::string, std::shared_ptr<Environment>> environments_;  // by id and params
  mutable std::unordered_map<std::string, int64_t> item_index_, sequence_index_;
};

}  // namespace lea::train
