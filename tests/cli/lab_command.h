// A folder with a small data set, and `lealab` called in it as a user calls it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/lab/process.h"

namespace lea {

class LabCommand : public testing::Test {
 protected:
  LabCommand() {
    folder_ = (std::filesystem::temp_directory_path() / "lea-command-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    write_interactions(/*seed=*/1);
  }
  ~LabCommand() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }

  // interactions.tsv: 120 sequences of 10, 40 items; every item is followed by the next one, three
  // times in four.
  void write_interactions(unsigned seed) const {
    std::string text = "user_id\titem_id\ttimestamp\n";
    std::mt19937 random(seed);
    for (int user = 0; user < 120; ++user) {
      unsigned item = random() % 40;
      for (int t = 0; t < 10; ++t) {
        text += "u" + std::to_string(user) + "\ti" + std::to_string(item) + "\t" +
                std::to_string(t) + "\n";
        item = random() % 4 == 0 ? random() % 40 : (item + 1) % 40;
      }
    }
    write("interactions.tsv", text);
  }

  lab::ProcessResult lealab(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = through_;
    command.insert(command.end(), {LEALAB_PROGRAM, "--lab", path("lab")});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return lab::run_process(command, 300);
  }

  std::string folder_;
  std::vector<std::string> through_;  // a program that starts `lealab`, with its arguments
};

}  // namespace lea
