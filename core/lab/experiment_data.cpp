#include "core/lab/experiment_data.h"

#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/data/import.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

// Throws DataError unless the lab's data set was imported with the filters in the spec, because
// other filters give other numbers.
void check_filters(const std::string& lab, const spec::DataSection& section) {
  const auto data = data::Dataset::open(data::dataset_folder(lab, section.name));
  const JsonFields description(data->description(), data->folder());
  if (!description.has("source")) return;
  const JsonFields source = description.object("source");
  if (!source.has("options")) return;
  const JsonFields options = source.object("options");
  const auto differs = [&](const char* key, const std::string& wanted, const std::string& has) {
    if (wanted == has) return;
    throw DataError("data." + std::string(key) + ": the spec wants " + wanted +
                    ", but the lab's data set " + section.name + " was imported with " + has +
                    ". Import it under another name with these filters (`lealab data import`).");
  };
  const auto number = [&](const char* key, int64_t wanted) {
    if (wanted != 0) differs(key, std::to_string(wanted), std::to_string(options.integer(key, 0)));
  };
  number("min_sequence", section.min_sequence);
  number("min_item", section.min_item);
  // How often the filters are applied matters only when there are any.
  if (section.min_sequence != 0 || section.min_item != 0)
    differs("filter", section.filter, options.text("filter", "once"));
}

}  // namespace

void check_data(const std::string&, const spec::Experiment&) {}

void import_data(const std::string& lab, const spec::Experiment& experiment,
                 const std::function<void(const spec::DataSection&)>& on_import) {
  std::set<std::string> seen;
  for (const spec::PlannedRun& run : experiment.runs) {
    const spec::DataSection& section = run.run.data;
    if (!seen.insert(section.name).second) continue;
    const bool present = data::describe_dataset(lab, section.name).has_value();
    if (section.path.empty() || (present && !fs::exists(section.path))) {
      if (!present) {
        throw DataError("data.name: the lab " + lab + " has no data set " +
                        printable(section.name) + ". Import it with `lealab data import " +
                        printable(section.name) + " SOURCE`, or state data.path in the spec.");
      }
      check_filters(lab, section);
      continue;
    }
    if (!present) on_import(section);
    data::ImportOptions options;
    options.format = section.format;
    options.min_sequence = section.min_sequence;
    options.min_item = section.min_item;
    options.filter = section.filter;
    // Does nothing when the lab has the same data set.
    data::import_dataset(lab, section.name, section.path, options);
  }
}

}  // namespace lea::lab
