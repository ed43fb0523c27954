#include "core/data/read_sums.h"

#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/data/split.h"
#include "core/spec/section_json.h"

namespace lea::data {
namespace {

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

std::string sum_of_training(const Dataset& data, std::span<const uint8_t> parts) {
  Sha256 sum;
  const auto number = [&](uint64_t value) {
    sum.add(bytes_of(std::span<const uint64_t>(&value, 1)));
  };
  number(static_cast<uint64_t>(data.items()));
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    const uint64_t begin = data.offsets()[s];
    const uint64_t end = training_end(data, parts, s);
    if (end == begin) continue;
    number(end - begin);
    sum.add(bytes_of(data.item().subspan(begin, end - begin)));
    if (!data.behaviour().empty()) sum.add(bytes_of(data.behaviour().subspan(begin, end - begin)));
  }
  for (const std::string& behaviour : data.behaviours()) sum.add(behaviour + "\n");
  return sum.hex();
}

std::string sum_of_texts(const Dataset& data) {
  const JsonFields description(data.description(), data.folder());
  if (data.items_file().empty()) return "";
  return description.object("files").object("items.tsv").text("sha256");
}

}  // namespace

spec::ReadSums read_sums(const Dataset& data, std::span<const uint8_t> parts,
                         const spec::RunSpec& run) {
  const std::string training = sum_of_training(data, parts);
  nlohmann::json pool = spec::section_json(run.negatives);
  pool.erase("count");  // how many of the pool a step draws
  const bool has_pool = run.negatives.from == "pool";
  return {{"training", training},
          {"texts", sum_of_texts(data)},
          {"history", sha256(std::to_string(run.data.history))},
          {"pool", has_pool ? sha256(training + pool.dump()) : ""}};
}

}  // namespace lea::data
