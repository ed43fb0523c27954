// Shows the progress of `lealab run`: bars that are redrawn on a terminal, otherwise plain lines.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/lab/executor.h"

namespace lea::cli {

class GridDisplay {
 public:
  // `terminal`: redraws bars. Otherwise prints a line when a run begins or ends, and the progress
  // of all runs once a minute. The arguments must outlive the display.
  GridDisplay(const spec::Experiment& experiment, const lab::Plan& plan, bool terminal);
  ~GridDisplay();

  void on_event(const lab::TaskEvent& event);
  void tick();
  // Prints a line that stays, above the bars.
  void print(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  struct Row {
    lab::TaskEvent progress;
    std::map<std::string, double> metrics, best;
    Clock::time_point started, heard;
  };

  std::string name(size_t task) const;
  std::string row_text(size_t task, const Row& row) const;
  std::string total_text() const;
  double remaining(size_t task, const Row& row) const;
  void erase();
  void draw();

  const spec::Experiment& experiment_;
  const lab::Plan& plan_;
  const bool terminal_;
  std::map<size_t, Row> rows_;
  std::vector<bool> settled_;
  size_t total_ = 0, finished_ = 0, failed_ = 0;
  double measured_seconds_ = 0, estimated_seconds_ = 0;  // of the runs that finished so far
  Clock::time_point started_ = Clock::now(), last_line_ = started_;
  int drawn_ = 0;
};

// The labels and the seed of a run: "gru4rec snqn seed 1".
std::string run_name(const spec::Experiment& experiment, const spec::PlannedRun& run);

}  // namespace lea::cli
