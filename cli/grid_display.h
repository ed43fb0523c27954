// Shows what a grid does: bars that are redrawn on a terminal, otherwise plain lines.
#pragma once

#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "core/lab/grid_progress.h"
#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"

namespace lea::cli {

class GridDisplay {
 public:
  // `terminal`: redraws bars. Otherwise prints a line when a run begins or ends, and the progress
  // of all runs once a minute. The header must outlive the display.
  GridDisplay(const run::GridHeader& header, bool terminal);
  ~GridDisplay();

  void on_event(const run::GridEvent& event);
  // Takes an event of the past into account without printing it.
  void on_past_event(const run::GridEvent& event);
  void tick();
  // Prints a line that stays, above the bars.
  void print(const std::string& line);
  // "12 of 40 runs have ended, 1 FAILED, 2 at work".
  std::string summary() const;

 private:
  std::string describe(const run::GridEvent& event, double seconds) const;
  std::string row_text(size_t task) const;
  std::string total_text() const;
  void erase();
  void draw();

  const run::GridHeader& header_;
  const bool terminal_;
  lab::GridProgress progress_;
  std::time_t started_ = std::time(nullptr), last_line_ = started_;
  int drawn_ = 0;
};

// The event as one line of JSON for scripts. `valid_steps` remembers the last validation of each
// task, so that every validation is an event of its own.
std::vector<std::string> event_lines(const run::GridHeader& header, const run::GridEvent& event,
                                     std::map<size_t, int64_t>* valid_steps);

}  // namespace lea::cli
