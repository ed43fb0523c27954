#include "cli/grid_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/clock.h"
#include "core/base/text.h"

namespace lea::cli {
namespace {

constexpr double kLineSeconds = 60;
constexpr double kStallSeconds = 300;
constexpr int kBarWidth = 20;

using Kind = run::GridEvent::Kind;

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

// A line for each, after a line break.
std::string warning_lines(const std::string& artefact, const std::vector<std::string>& warnings) {
  std::string lines;
  for (const std::string& warning : warnings)
    lines += "\nwarning   " + artefact + ": " + printable(warning);
  return lines;
}

std::string whole(double value) { return std::to_string(std::llround(value)); }

}  // namespace

GridDisplay::GridDisplay(const run::GridHeader& header, bool terminal)
    : header_(header), terminal_(terminal), progress_(header) {
  if (const auto created = parse_utc(header.created)) started_ = *created;
}

GridDisplay::~GridDisplay() { erase(); }

// The line that is printed when the event happens; empty for none. `seconds`: since the run began.
std::string GridDisplay::describe(const run::GridEvent& event, double seconds) const {
  const bool of_task = run::is_of_task(event.kind);
  const std::string name = of_task ? header_.name(event.task) : "";
  // As `lealab log` takes it.
  const bool artefact = of_task && !header_.tasks[event.task].artefact.empty();
  const std::string id = event.run.substr(0, artefact ? 12 : 8);
  switch (event.kind) {
    case Kind::kStarted:
      return terminal_ ? "" : "begin     " + name + (artefact ? "  (" : "  (run ") + id + ")";
    case Kind::kElsewhere:
      return "elsewhere " + name + ": " + printable(event.text) +
             " works on it; waiting for its result";
    case Kind::kFinished:
      return "finished  " + name + "  in " + duration_text(seconds) +
             warning_lines(name + " (" + id + ")", event.warnings);
    case Kind::kFailed:
      return "FAILED    " + name + ": " + printable(event.text) +
             (event.run.empty() ? "" : "\n          `lealab log " + id + "`");
    case Kind::kInterrupted:
      return "stopped   " + name + "; the next call resumes it from its checkpoint";
    case Kind::kSkipped:
      return "skipped   " + name;
    case Kind::kQueued:
      return "queued    " + name + ": it starts again";
    case Kind::kRefused:
      return "not collected: " + printable(event.text);
    case Kind::kRequest:
      return "request   " + printable(event.text);
    case Kind::kStopping:
      return "stopping  " + printable(event.text);
    case Kind::kProgress:
    case Kind::kEnded:
      break;
  }
  return "";
}

void GridDisplay::on_event(const run::GridEvent& event) {
  const bool of_task = run::is_of_task(event.kind) && event.task < progress_.tasks().size();
  const std::time_t started = of_task ? progress_.tasks()[event.task].started : 0;
  const std::string line =
      describe(event, started == 0 ? 0 : std::difftime(std::time(nullptr), started));
  on_past_event(event);
  if (!line.empty()) print(line);
}

void GridDisplay::on_past_event(const run::GridEvent& event) { progress_.on_event(event); }

std::string GridDisplay::summary() const {
  const size_t ended = progress_.ended(), failed = progress_.count(lab::TaskState::kFailed);
  return std::to_string(ended) + " of " + counted(static_cast<int64_t>(progress_.to_do()), "run") +
         (ended == 1 ? " has ended" : " have ended") +
         (failed > 0 ? ", " + std::to_string(failed) + " FAILED" : "") + ", " +
         std::to_string(progress_.at_work()) + " at work";
}

std::string GridDisplay::row_text(size_t task) const {
  const lab::TaskProgress& row = progress_.tasks()[task];
  const run::Progress& progress = row.progress;
  const bool elsewhere = row.state == lab::TaskState::kElsewhere;
  std::string text = header_.name(task);
  if (elsewhere) text += "  elsewhere (" + printable(row.text) + ")";
  if (progress.max_steps == 0) return elsewhere ? text : text + "  starting";
  const double share = static_cast<double>(progress.step) / static_cast<double>(progress.max_steps);
  text += "  " + bar(share) + " " + std::to_string(progress.step) + "/" +
          std::to_string(progress.max_steps);
  if (progress.steps_per_second > 0) text += "  " + whole(progress.steps_per_second) + " steps/s";
  if (progress.phase != "train" && progress.phase != "prepare" && !progress.phase.empty())
    text += "  " + printable(progress.phase);
  if (progress.part_total > 0)
    text += " " + std::to_string(progress.part_done) + "/" + std::to_string(progress.part_total);
  const auto& metric = header_.tasks[task].stop_on;
  const auto value = progress.valid.find(metric);
  if (value != progress.valid.end()) {
    text += "  " + metric + " " + four_digits(value->second) + " (best " +
            four_digits(row.best.at(metric)) + ")";
  }
  const double silent = std::difftime(std::time(nullptr), row.heard);
  if (silent > kStallSeconds) return text + "  STALLED: silent for " + duration_text(silent);
  return text + "  at most " + duration_text(progress_.remaining(task, std::time(nullptr)));
}

std::string GridDisplay::total_text() const {
  const size_t total = progress_.to_do(), ended = progress_.ended();
  const size_t failed = progress_.count(lab::TaskState::kFailed);
  const double done = total == 0 ? 1 : static_cast<double>(ended) / static_cast<double>(total);
  const std::time_t now = std::time(nullptr);
  return "total  " + bar(done) + " " + std::to_string(ended) + "/" +
         counted(static_cast<int64_t>(total), "run") +
         (failed > 0 ? ", " + std::to_string(failed) + " FAILED" : "") + "  after " +
         duration_text(std::difftime(now, started_)) + "  about " +
         duration_text(progress_.remaining(now)) + " left";
}

void GridDisplay::tick() {
  if (terminal_) {
    erase();
    draw();
  } else if (std::difftime(std::time(nullptr), last_line_) > kLineSeconds) {
    last_line_ = std::time(nullptr);
    for (size_t task = 0; task < progress_.tasks().size(); ++task) {
      if (lab::is_at_work(progress_.tasks()[task].state))
        std::printf("%s\n", row_text(task).c_str());
    }
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
  for (size_t task = 0; task < progress_.tasks().size(); ++task) {
    if (lab::is_at_work(progress_.tasks()[task].state)) line(row_text(task));
  }
  line(total_text());
  std::fflush(stdout);
}

std::vector<std::string> event_lines(const run::GridHeader& header, const run::GridEvent& event,
                                     std::map<size_t, int64_t>* valid_steps) {
  nlohmann::json line = {{"event", run::to_string(event.kind)}};
  if (!run::is_of_task(event.kind)) {
    line["text"] = event.text;
    if (event.kind == Kind::kEnded) line["exit"] = event.exit;
    return {line.dump()};
  }
  const run::GridTask& task = header.tasks[event.task];
  if (task.artefact.empty()) {
    line.update({{"run", event.run}, {"labels", task.labels}, {"seed", task.seed}});
  } else {
    line.update({{"artefact", event.run}, {"name", task.artefact}});
  }
  if (event.kind == Kind::kFailed) line["reason"] = event.text;
  if (event.kind == Kind::kElsewhere) line["by"] = event.text;
  if (!event.warnings.empty()) line["warnings"] = event.warnings;
  if (event.kind != Kind::kProgress) return {line.dump()};
  const run::Progress& progress = event.progress;
  std::vector<std::string> lines;
  if (!progress.valid.empty() && (*valid_steps)[event.task] != progress.valid_step) {
    (*valid_steps)[event.task] = progress.valid_step;
    nlohmann::json valid = line;
    valid.update({{"event", "valid"}, {"step", progress.valid_step}, {"metrics", progress.valid}});
    lines.push_back(valid.dump());
  }
  line.update({{"step", progress.step},
               {"max_steps", progress.max_steps},
               {"steps_per_second", progress.steps_per_second},
               {"part_done", progress.part_done},
               {"part_total", progress.part_total},
               {"phase", progress.phase}});
  lines.push_back(line.dump());
  return lines;
}

}  // namespace lea::cli
