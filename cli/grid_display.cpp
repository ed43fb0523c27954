#include "cli/grid_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"

namespace lea::cli {
namespace {

constexpr double kLineSeconds = 60;
constexpr double kStallSeconds = 300;
constexpr int kBarWidth = 20;

double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

std::string bar(double share) {
  std::string text(kBarWidth + 2, '.');
  text.front() = '[';
  text.back() = ']';
  const auto full =
      static_cast<size_t>(std::clamp(std::lround(share * kBarWidth), 0L, long{kBarWidth}));
  std::fill_n(text.begin() + 1, full, '#');
  return text;
}

std::string four_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

std::string whole(double value) { return std::to_string(std::llround(value)); }

}  // namespace

std::string run_name(const spec::Experiment& experiment, const spec::PlannedRun& run) {
  std::string name;
  for (const std::string& axis : experiment.axes) {
    const auto label = run.labels.find(axis);
    if (label != run.labels.end()) name += printable(label->second) + " ";
  }
  return name + "seed " + std::to_string(run.run.seed);
}

GridDisplay::GridDisplay(const spec::Experiment& experiment, const lab::Plan& plan, bool terminal)
    : experiment_(experiment),
      plan_(plan),
      terminal_(terminal),
      settled_(plan.tasks.size(), false),
      total_(plan.to_do()) {
  for (size_t i = 0; i < plan.tasks.size(); ++i) {
    settled_[i] = !lab::needs_work(plan.tasks[i].status);
  }
}

GridDisplay::~GridDisplay() { erase(); }

std::string GridDisplay::name(size_t task) const {
  return run_name(experiment_, experiment_.runs[plan_.tasks[task].index]);
}

void GridDisplay::on_event(const lab::TaskEvent& event) {
  using Kind = lab::TaskEvent::Kind;
  Row& row = rows_[event.task];
  row.heard = Clock::now();
  switch (event.kind) {
    case Kind::kStarted:
      row.started = row.heard;
      if (!terminal_)
        print("begin     " + name(event.task) + "  (run " + event.folder.uuid().substr(0, 8) + ")");
      return;
    case Kind::kProgress:
      row.progress = event;
      return;
    case Kind::kValidated:
      row.metrics = event.metrics;
      for (const auto& [metric, value] : event.metrics) {
        row.best[metric] = std::max(row.best[metric], value);
      }
      return;
    case Kind::kFinished:
      ++finished_;
      measured_seconds_ += since(row.started);
      estimated_seconds_ += plan_.tasks[event.task].seconds;
      print("finished  " + name(event.task) + "  in " + lab::duration_text(since(row.started)));
      break;
    case Kind::kFailed:
      ++failed_;
      print("FAILED    " + name(event.task) + ": " + printable(event.reason) + "\n          " +
            event.folder.file(run::kLogFile));
      break;
    case Kind::kInterrupted:
      print("stopped   " + name(event.task) + "; the next call resumes it from its checkpoint");
      break;
  }
  settled_[event.task] = true;
  rows_.erase(event.task);
}

// Seconds until the run ends. Early stopping ends most runs before max_steps, so this is an upper
// bound unless the estimate comes from earlier runs.
double GridDisplay::remaining(size_t task, const Row& row) const {
  const double elapsed = since(row.started);
  const lab::TaskEvent& progress = row.progress;
  double by_steps = plan_.tasks[task].seconds - elapsed;
  if (progress.steps_per_second > 0) {
    by_steps = static_cast<double>(progress.max_steps - progress.step) / progress.steps_per_second;
  }
  if (!plan_.tasks[task].measured) return std::max(by_steps, 0.0);
  return std::max(std::min(by_steps, plan_.tasks[task].seconds - elapsed), 0.0);
}

std::string GridDisplay::row_text(size_t task, const Row& row) const {
  const lab::TaskEvent& progress = row.progress;
  if (progress.max_steps == 0) return name(task) + "  starting";
  const double share = static_cast<double>(progress.step) / static_cast<double>(progress.max_steps);
  std::string text = name(task) + "  " + bar(share) + " " + std::to_string(progress.step) + "/" +
                     std::to_string(progress.max_steps);
  if (progress.steps_per_second > 0) text += "  " + whole(progress.steps_per_second) + " steps/s";
  if (progress.phase != "train" && !progress.phase.empty()) text += "  " + progress.phase;
  const auto& metric = experiment_.runs[plan_.tasks[task].index].run.train.stop_on;
  const auto value = row.metrics.find(metric);
  if (value != row.metrics.end()) {
    text += "  " + metric + " " + four_digits(value->second) + " (best " +
            four_digits(row.best.at(metric)) + ")";
  }
  if (since(row.heard) > kStallSeconds) {
    text += "  STALLED: silent for " + lab::duration_text(since(row.heard));
  } else {
    text += "  at most " + lab::duration_text(remaining(task, row));
  }
  return text;
}

std::string GridDisplay::total_text() const {
  // The finished runs show how far the estimates are off.
  const double ratio = estimated_seconds_ > 0 ? measured_seconds_ / estimated_seconds_ : 1;
  double seconds = 0;
  for (size_t i = 0; i < settled_.size(); ++i) {
    if (settled_[i]) continue;
    const auto row = rows_.find(i);
    seconds += row == rows_.end() ? plan_.tasks[i].seconds * ratio : remaining(i, row->second);
  }
  const auto workers = static_cast<double>(std::max<int64_t>(plan_.jobs, 1));
  const double done =
      total_ == 0 ? 1 : static_cast<double>(finished_ + failed_) / static_cast<double>(total_);
  return "total  " + bar(done) + " " + std::to_string(finished_ + failed_) + "/" +
         std::to_string(total_) + " runs" +
         (failed_ > 0 ? ", " + std::to_string(failed_) + " FAILED" : "") + "  after " +
         lab::duration_text(since(started_)) + "  about " + lab::duration_text(seconds / workers) +
         " left";
}

void GridDisplay::tick() {
  if (terminal_) {
    erase();
    draw();
  } else if (since(last_line_) > kLineSeconds) {
    last_line_ = Clock::now();
    for (const auto& [task, row] : rows_) std::printf("%s\n", row_text(task, row).c_str());
    std::printf("%s\n", total_text().c_str());
    std::fflush(stdout);
  }
}

void GridDisplay::print(const std::string& line) {
  erase();
  std::printf("%s\n", line.c_str());
  if (terminal_) draw();
  std::fflush(stdout);
}

void GridDisplay::erase() {
  if (drawn_ > 0) std::printf("\x1b[%dA\x1b[J", drawn_);
  drawn_ = 0;
}

void GridDisplay::draw() {
  const size_t width = terminal_width() - 1;
  const auto line = [&](const std::string& text) {
    std::printf("%s\n", text.substr(0, width).c_str());
    ++drawn_;
  };
  for (const auto& [task, row] : rows_) line(row_text(task, row));
  line(total_text());
  std::fflush(stdout);
}

}  // namespace lea::cli
