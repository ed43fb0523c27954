#include "core/run/test_reads.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/json_field.h"
#include "core/base/records.h"

namespace lea::run {
namespace {

constexpr double kLockSeconds = 30;

}  // namespace

void record_test_read(const std::string& lab, const TestRead& read) {
  const std::string path = test_reads_file(lab);
  const FileLock lock(path + ".lock", kLockSeconds, "the ledger of test parts that were read");
  // A process that was killed while it appended leaves part of a line.
  cut_unfinished_line(path);
  append_record(path, {{"at", utc_now()},
                       {"run", read.run},
                       {"experiment", read.experiment},
                       {"data_fingerprint", read.data_fingerprint},
                       {"split_fingerprint", read.split_fingerprint}});
}

std::vector<TestRead> test_reads(const std::string& lab) {
  const std::string path = test_reads_file(lab);
  std::vector<TestRead> reads;
  for (const nlohmann::json& record : read_sound_records(path)) {
    try {
      const JsonFields fields(record, path);
      reads.push_back({fields.text("run"), fields.text("experiment", ""),
                       fields.text("data_fingerprint"), fields.text("split_fingerprint"),
                       fields.text("at")});
    } catch (const DataError&) {
      // A record of another program.
    }
  }
  return reads;
}

}  // namespace lea::run
