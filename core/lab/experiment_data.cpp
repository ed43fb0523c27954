#include "core/lab/experiment_data.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/data/import.h"
#include "core/data/split.h"
#include "core/lab/lab_folder.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;

// The smallest number of events of a sequence and of an item.
struct Least {
  int64_t sequence = 0, item = 0;
};

Least least_of(const data::Dataset& data) {
  Least least{data.events(), data.events()};
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    least.sequence =
        std::min(least.sequence, static_cast<int64_t>(data.offsets()[s + 1] - data.offsets()[s]));
  }
  std::vector<int64_t> events(static_cast<size_t>(data.items()));
  for (const uint32_t item : data.item()) ++events[item - 1];
  if (!events.empty()) least.item = *std::min_element(events.begin(), events.end());
  return least;
}

// How an import filtered the lab's data set. Empty when the data set does not record it.
std::optional<data::ImportOptions> recorded_filters(const data::Dataset& data) {
  const JsonFields description(data.description(), data.folder());
  if (!description.has("source")) return std::nullopt;
  const JsonFields source = description.object("source");
  if (!source.has("options")) return std::nullopt;
  const JsonFields fields = source.object("options");
  data::ImportOptions options;
  options.min_sequence = fields.integer("min_sequence", 0);
  options.min_item = fields.integer("min_item", 0);
  options.filter = fields.text("filter", "once");
  return options;
}

[[noreturn]] void refuse_filter(const spec::DataSection& section, const char* key,
                                const std::string& wanted, const std::string& has) {
  throw DataError("data." + std::string(key) + ": the spec wants " + wanted +
                  ", but the lab's data set " + section.name + " was imported with " + has +
                  ". Import it under another name with these filters (`lealab data import`).");
}

// Data of unknown origin has only its content to be judged by.
void refuse_content(const spec::DataSection& section, const char* key, int64_t wanted,
                    const char* what, int64_t least) {
  if (least >= wanted) return;
  throw DataError("data." + std::string(key) + ": the spec wants " + std::to_string(wanted) +
                  ", but the lab's data set " + section.name + " has " + what + " with " +
                  std::to_string(least) +
                  ". Import it under another name with these filters (`lealab data import`).");
}

// Accepts data that was imported with the spec's filters. Also accepts data of weaker filters that
// satisfies those of the spec, because they would drop nothing from it. Refuses data of stronger
// filters, because it lacks events that the spec wants.
void check_filters(const data::Dataset& data, const spec::DataSection& section) {
  // How often the filters are applied matters only when there are any.
  if (section.min_sequence == 0 && section.min_item == 0) return;
  const Least least = least_of(data);
  const auto recorded = recorded_filters(data);
  if (!recorded) {
    refuse_content(section, "min_sequence", section.min_sequence, "a sequence", least.sequence);
    refuse_content(section, "min_item", section.min_item, "an item", least.item);
    return;
  }
  const bool satisfied = least.sequence >= section.min_sequence && least.item >= section.min_item;
  const auto check = [&](const char* key, int64_t wanted, int64_t has) {
    if (wanted == 0 || wanted == has || (satisfied && has < wanted)) return;
    refuse_filter(section, key, std::to_string(wanted), std::to_string(has));
  };
  check("min_sequence", section.min_sequence, recorded->min_sequence);
  check("min_item", section.min_item, recorded->min_item);
  const bool filtered = recorded->min_sequence != 0 || recorded->min_item != 0;
  if (filtered && section.filter != recorded->filter && !(satisfied && recorded->filter == "once"))
    refuse_filter(section, "filter", section.filter, recorded->filter);
}

// The data set that the runs will use: the lab's, or the one that an import will publish.
class Source {
 public:
  Source(const std::string& lab, const spec::DataSection& section) : section_(section) {
    const auto description = data::describe_dataset(lab, section.name);
    const bool present = description.has_value();
    if (section.path.empty() || (present && !fs::exists(section.path)) ||
        (present && data::imported_by_hand(*description, section.path))) {
      if (!present) {
        throw DataError("data.name: the lab " + lab + " has no data set " +
                        printable(section.name) + ". Import it with `lealab data import " +
                        printable(section.name) + " SOURCE`, or state data.path in the spec.");
      }
      data_ = data::Dataset::open(data::dataset_folder(lab, section.name));
      check_filters(*data_, section);
      return;
    }
    data::ImportOptions options;
    options.format = section.format;
    options.min_sequence = section.min_sequence;
    options.min_item = section.min_item;
    options.filter = section.filter;
    import_.emplace(lab, section.name, section.path, options);
    missing_ = !present;
  }

  int64_t items() const { return data_ ? data_->items() : import_->items(); }
  data::Sequences sequences() const {
    return data_ ? data::sequences_in(*data_) : import_->sequences();
  }
  const spec::DataSection& section() const { return section_; }
  // Whether the lab lacks the data set. Then publish() imports it.
  bool missing() const { return missing_; }
  // Precondition: missing().
  const std::vector<std::string>& notes() const { return import_->notes(); }
  void publish() { import_->publish(); }

 private:
  spec::DataSection section_;
  std::shared_ptr<const data::Dataset> data_;
  std::optional<data::PreparedImport> import_;
  bool missing_ = false;
};

// The events of each part, and those of them that are not the first of their sequence.
struct Events {
  std::array<int64_t, 3> all{}, later{};
};

Events count_events(const data::Sequences& sequences, const spec::SplitSection& section) {
  const std::vector<uint8_t> parts = data::parts_of(sequences, section);
  Events events;
  for (const uint8_t part : parts) ++events.all[part];
  events.later = events.all;
  for (size_t s = 0; s < sequences.count(); ++s) --events.later[parts[sequences.offsets[s]]];
  return events;
}

// A split may leave a part empty on request, but not one that the run needs.
void check_part(const spec::RunSpec& run, const Events& events, data::Part part,
                const char* needed_for) {
  const auto index = static_cast<size_t>(part);
  const std::string name = data::name_of(part);
  if (events.all[index] == 0) {
    throw DataError("split: leaves no interaction for " + name + ", which is needed to " +
                    needed_for + ". Give that part a share of split.ratios.");
  }
  if (run.evaluate.first_event || events.later[index] > 0) return;
  throw DataError("evaluate.first_event: is false, but each interaction of " + name +
                  " is the first of its sequence, so there is nothing to rank. Set it to true, or "
                  "split the data in another way.");
}

void check_run(const spec::RunSpec& run, const Events& events, int64_t items) {
  if (run.evaluate.test) check_part(run, events, data::Part::kTest, "measure a run");
  if (run.reads_train) check_part(run, events, data::Part::kValid, "select the best step");
  if (!run.evaluate.test)
    check_part(run, events, data::Part::kValid, "measure a run whose test part is closed");
  if (run.reads_negatives && items < 2)
    throw DataError("data " + run.data.name + ": negatives need at least two items");
}

using Sources = std::map<std::string, Source>;  // by the name of the data set

SplitSizes checked(const std::string& lab, const spec::Experiment& experiment, Sources* sources) {
  std::map<std::string, Events> known;  // by split_key
  SplitSizes sizes;
  std::optional<size_t> cell;
  for (const spec::PlannedRun& planned : experiment.runs) {
    if (cell == planned.cell) continue;
    cell = planned.cell;
    const spec::RunSpec& run = planned.run;
    auto source = sources->find(run.data.name);
    if (source == sources->end()) source = sources->try_emplace(run.data.name, lab, run.data).first;
    const std::string key = split_key(run);
    auto events = known.find(key);
    if (events == known.end()) {
      events = known.emplace(key, count_events(source->second.sequences(), run.split)).first;
      const auto& all = events->second.all;
      sizes[key] = {source->second.items(), all[0], all[1], all[2]};
    }
    check_run(run, events->second, source->second.items());
  }
  return sizes;
}

}  // namespace

std::string split_key(const spec::RunSpec& run) {
  const spec::SplitSection& split = run.split;
  std::string key =
      run.data.name + "|" + split.by + "|" + std::to_string(split.seed) + "|" + split.path;
  // The shortest text that gives the same number, unlike std::to_string.
  const auto add = [&](double value) { key += "|" + nlohmann::json(value).dump(); };
  add(split.valid_from);
  add(split.test_from);
  for (const double ratio : split.ratios) add(ratio);
  return key;
}

SplitSizes check_data(const std::string& lab, const spec::Experiment& experiment) {
  Sources sources;
  return checked(lab, experiment, &sources);
}

SplitSizes import_data(const std::string& lab, const spec::Experiment& experiment,
                       const OnImport& on_import) {
  Sources sources;
  SplitSizes sizes = checked(lab, experiment, &sources);
  for (auto& [name, source] : sources) {
    if (!source.missing()) continue;
    open_lab(lab);
    on_import(source.section(), source.notes());
    source.publish();
  }
  return sizes;
}

}  // namespace lea::lab
