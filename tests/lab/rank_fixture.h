// A lab with a small data set, split by last_one, and CSV files of ranks beside it.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "core/data/import.h"
#include "core/data/split.h"
#include "core/lab/imported_run.h"
#include "core/lab/rank_reader.h"
#include "tests/lab/fixture.h"

namespace lea::lab {

class RankTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream file(lab_.beside("interactions.tsv"));
    file << "user_id\titem_id\ttimestamp\n";
    for (int user = 0; user < 4; ++user) {
      for (int i = 0; i < 5; ++i)
        file << "=u" << user << "\ti" << (user + i) % 6 << "\t" << i << "\n";
    }
    file.close();
    data_ = data::import_dataset(lab_.path(), "toy", lab_.beside("interactions.tsv"), {});
    split_section_.by = "last_one";
    split_ = data::make_split(*data_, split_section_);
  }
  std::string csv(const std::string& rows, const std::string& header = "sequence,position,rank") {
    const std::string path = lab_.beside("ranks.csv");
    std::ofstream(path) << header << "\n" << rows;
    return path;
  }
  // Gives each test event a rank; =u3's is 6.
  std::string whole() const { return "=u0,4,1\n=u1,4,2\n=u2,4,3\n=u3,4,6\n"; }
  std::string refusal(const std::string& rows,
                      const std::string& header = "sequence,position,rank") {
    const std::string path = csv(rows, header);
    return message_of([&] { read_foreign_ranks(path, *data_, split_, true); });
  }
  ImportedRun run() const {
    ImportedRun run{"study", "theirs", 0, {}};
    run.protocol.data.name = "toy";
    run.protocol.split = split_section_;
    return run;
  }

  TemporaryLab lab_;
  std::shared_ptr<const data::Dataset> data_;
  spec::SplitSection split_section_;
  data::Split split_;
};

}  // namespace lea::lab
