#include "core/data/summary.h"

#include <algorithm>
#include <limits>

#include "core/base/json_field.h"
#include "core/data/table_reader.h"

namespace lea::data {
namespace {

void add_lengths(const Dataset& data, Summary& summary) {
  std::vector<uint64_t> lengths;
  lengths.reserve(static_cast<size_t>(data.sequences()));
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    lengths.push_back(data.offsets()[s + 1] - data.offsets()[s]);
  }
  std::sort(lengths.begin(), lengths.end());
  const size_t middle = lengths.size() / 2;
  summary.shortest = static_cast<int64_t>(lengths.front());
  summary.longest = static_cast<int64_t>(lengths.back());
  summary.mean_length = static_cast<double>(summary.events) / static_cast<double>(lengths.size());
  summary.median_length = lengths.size() % 2 == 1
                              ? static_cast<double>(lengths[middle])
                              : static_cast<double>(lengths[middle - 1] + lengths[middle]) / 2;
}

void add_duplicates(const Dataset& data, Summary& summary) {
  // By item: the last sequence (from 1) that held it; 0 while there is none.
  std::vector<uint32_t> met(static_cast<size_t>(data.items()) + 1);
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    const uint64_t begin = data.offsets()[s];
    bool repeats = false;
    for (uint64_t e = begin; e < data.offsets()[s + 1]; ++e) {
      const bool again = std::exchange(met[data.item()[e]], static_cast<uint32_t>(s + 1)) == s + 1;
      summary.repeats += again;
      repeats |= again;
      if (e == begin) continue;
      summary.immediate_repeats += data.item()[e] == data.item()[e - 1];
      summary.equal_times += data.time()[e] == data.time()[e - 1];
    }
    summary.sequences_with_repeats += repeats;
  }
}

double share(int64_t part, int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

}  // namespace

Summary summarize(const Dataset& data) {
  Summary summary;
  summary.items = data.items();
  summary.sequences = data.sequences();
  summary.events = data.events();
  summary.time_is_position = data.time_is_position();
  const auto [first, last] = std::minmax_element(data.time().begin(), data.time().end());
  summary.first_time = *first;
  summary.last_time = *last;
  add_lengths(data, summary);
  add_duplicates(data, summary);
  for (const std::string& name : data.behaviours()) summary.behaviours.emplace_back(name, 0);
  for (const uint8_t behaviour : data.behaviour()) ++summary.behaviours[behaviour].second;
  return summary;
}

std::optional<TextSummary> summarize_texts(const Dataset& data) {
  const std::string path = data.items_file();
  if (path.empty()) return std::nullopt;
  TextSummary summary;
  summary.items = data.items();
  const JsonFields description(data.description(), data.folder());
  if (description.has("text_rows_without_item"))
    summary.rows_without_item = description.integer("text_rows_without_item");
  BadRows bad(0);
  TableReader table(path, bad);
  const std::vector<std::string>& header = table.header();
  for (size_t c = 1; c < header.size(); ++c) summary.columns.emplace_back(header[c], 0);
  while (table.next()) {
    bool some = false;
    for (size_t c = 1; c < header.size(); ++c) {
      const bool filled = !table.fields()[c].empty();
      summary.columns[c - 1].second += filled;
      some |= filled;
    }
    summary.with_text += some;
  }
  bad.finish();
  return summary;
}

Leakage leakage(const Dataset& data, const Split& split, Part part) {
  std::vector<bool> trained(static_cast<size_t>(data.items()) + 1);
  double newest = -std::numeric_limits<double>::infinity();
  for (size_t e = 0; e < split.part.size(); ++e) {
    if (split.part[e] != static_cast<uint8_t>(Part::kTrain)) continue;
    trained[data.item()[e]] = true;
    newest = std::max(newest, data.time()[e]);
  }
  Leakage result;
  int64_t older = 0;
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    const uint64_t begin = data.offsets()[s];
    // Training events come first in a sequence, so its first event shows whether it has any.
    const bool trains = split.part[begin] == static_cast<uint8_t>(Part::kTrain);
    for (uint64_t e = begin; e < data.offsets()[s + 1]; ++e) {
      if (split.part[e] != static_cast<uint8_t>(part)) continue;
      ++result.events;
      result.unseen += !trained[data.item()[e]];
      older += data.time()[e] < newest;
      result.in_training_sequences += trains;
    }
  }
  if (!data.time_is_position()) result.older = older;
  return result;
}

nlohmann::json to_json(const Summary& summary) {
  nlohmann::json behaviours = nlohmann::json::object();
  for (const auto& [name, events] : summary.behaviours) behaviours[name] = events;
  return {{"items", summary.items},
          {"sequences", summary.sequences},
          {"events", summary.events},
          {"length",
           {{"mean", summary.mean_length},
            {"median", summary.median_length},
            {"min", summary.shortest},
            {"max", summary.longest}}},
          {"repeats", summary.repeats},
          {"sequences_with_repeats", summary.sequences_with_repeats},
          {"immediate_repeats", summary.immediate_repeats},
          {"equal_times", summary.equal_times},
          {"time_is_position", summary.time_is_position},
          {"first_time", summary.first_time},
          {"last_time", summary.last_time},
          {"behaviours", behaviours}};
}

nlohmann::json to_json(const TextSummary& texts) {
  nlohmann::json columns = nlohmann::json::object();
  for (const auto& [name, items] : texts.columns) columns[name] = items;
  nlohmann::json result = {{"columns", columns},
                           {"items_with_text", texts.with_text},
                           {"items_without_text", texts.items - texts.with_text},
                           {"rows_without_item", nullptr}};
  if (texts.rows_without_item) result["rows_without_item"] = *texts.rows_without_item;
  return result;
}

nlohmann::json to_json(const Leakage& leakage) {
  nlohmann::json result = {{"events", leakage.events},
                           {"unseen_in_training", leakage.unseen},
                           {"unseen_in_training_share", share(leakage.unseen, leakage.events)},
                           {"older_than_newest_training", nullptr},
                           {"older_than_newest_training_share", nullptr},
                           {"in_training_sequences", leakage.in_training_sequences}};
  if (leakage.older) {
    result["older_than_newest_training"] = *leakage.older;
    result["older_than_newest_training_share"] = share(*leakage.older, leakage.events);
  }
  return result;
}

}  // namespace lea::data
