// bench_window: the real window on a lab with many runs, and on a grid with many cells, drawn into memory.
// bench/run_window.py calls it.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <QApplication>
#include <QEventLoop>
#include <QProcess>
#include <QStyleFactory>
#include <QTimer>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>

#include "bench/window/lab_of_runs.h"
#include "bench/window/live_grid.h"
#include "bench/window/watchdog.h"
#include "core/base/error.h"
#include "core/report/matrix_read.h"
#include "gui/view/main_window.h"
#include "gui/view/runs_page.h"

namespace lea::bench {
namespace {

using namespace gui;
using Clock = std::chrono::steady_clock;

constexpr int kPages = 50, kPivots = 5;
constexpr double kMostSeconds = 120;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Lets the window work for so long, without spinning.
void work_for(double seconds) {
  QEventLoop loop;
  QTimer::singleShot(static_cast<int>(1000 * seconds), Qt::PreciseTimer, &loop, &QEventLoop::quit);
  loop.exec();
}

// Lets the window work until something is so. Throws Error when it never is.
void work_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto start = Clock::now();
  while (!is_so()) {
    work_for(0.001);
    if (ms_since(start) > 1000 * kMostSeconds) throw Error(Exit::kInternal, "never: " + what);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The window as main() of gui/app makes it, with settings of its own.
struct Window {
  explicit Window(const std::string& folder)
      : settings(QString::fromStdString(folder + "/window.ini"), QSettings::IniFormat),
        window({messages, lab, actions, navigator, launcher}, page_entries(), settings) {
    QApplication::setPalette(light_palette());
    window.show();
  }
  RunsPage* runs() { return static_cast<RunsPage*>(window.page("runs")); }

  Messages messages;
  LabModel lab{messages};
  Launcher launcher{lab};
  ActionList actions;
  Navigator navigator;
  QSettings settings;
  MainWindow window;
};

// A row of a table is there when its cells have text.
bool has_text(const QAbstractItemModel* model, int row) {
  return !model->index(row, 1).data().toString().isEmpty();
}

double page_of_runs(TablePane* pane, int row) {
  const QAbstractItemModel* model = pane->view()->model();
  const auto start = Clock::now();
  pane->view()->scrollTo(model->index(row, 0), QAbstractItemView::PositionAtTop);
  work_until("a page of runs", [&] { return has_text(model, row); });
  return ms_since(start);
}

// From the question to the matrix on the window's thread, with nothing kept from before.
double pivot(Window& window, const std::string& experiment) {
  Ticket ticket;
  bool there = false;
  const auto start = Clock::now();
  window.lab.index().ask(
      ticket,
      [experiment](const db::Store& store, const Lane::Cancelled& cancelled) {
        report::MatrixSource source = report::brief_source(store, experiment, cancelled);
        const report::MatrixView view = report::fitted(report::brief_view(source), source);
        report::read_values(store, view, cancelled, &source);
        return report::arrange(source, view).cells.size();
      },
      [&](size_t) { there = true; });
  work_until("a pivot", [&] { return there; });
  return ms_since(start);
}

nlohmann::json look(const std::string& lab, const std::string& folder, Clock::time_point start) {
  nlohmann::json figures;
  Watchdog watchdog(std::chrono::milliseconds(1));
  Window window(folder);
  window.lab.open(lab);
  const auto* model = window.runs()->runs_pane()->view()->model();
  work_until("usable", [&] { return model->rowCount() > 0 && has_text(model, 0); });
  figures["usable_ms"] = ms_since(start);
  figures["runs"] = model->rowCount();
  work_until("up to date", [&] {
    return !window.lab.is_refreshing() && window.lab.index().lane().waiting() == 0;
  });
  figures["up_to_date_ms"] = ms_since(start);
  figures["block_at_start_ms"] = watchdog.longest();

  std::mt19937 random(1);
  std::vector<double> pages;
  for (int i = 0; i < kPages; ++i)
    pages.push_back(
        page_of_runs(window.runs()->runs_pane(),
                     static_cast<int>(random() % static_cast<unsigned>(model->rowCount()))));
  figures["page_ms"] = median(pages);
  figures["worst_page_ms"] = *std::max_element(pages.begin(), pages.end());
  for (const auto& [name, experiment] : {std::pair{"pivot_wide_ms", kWide}, {"pivot_all_ms", ""}}) {
    std::vector<double> times;
    for (int i = 0; i < kPivots; ++i) times.push_back(pivot(window, experiment));
    figures[name] = median(times);
  }
  // What a person does: other pages, other orders, a filter.
  for (const PageEntry& page : page_entries()) {
    window.window.show_page(page.id);
    work_for(1);
  }
  window.window.show_page("runs");
  const auto settled = [&] { return window.lab.index().lane().waiting() == 0; };
  for (int column = 0; column < model->columnCount(); ++column) {
    window.runs()->runs_pane()->view()->sortByColumn(column, Qt::DescendingOrder);
    work_until("sorted", settled);
  }
  window.runs()->runs_pane()->expression()->setText("framework=snqn and ndcg@20>0.05");
  work_for(1);
  work_until("filtered", settled);
  figures["longest_block_ms"] = watchdog.longest();
  figures["peak_mib"] = peak_mib();
  return figures;
}

nlohmann::json watch_grid(const std::string& program, const std::string& folder, double seconds) {
  const std::string lab = folder + "/live";
  QProcess writer;
  writer.setProcessChannelMode(QProcess::ForwardedErrorChannel);
  writer.start(QString::fromStdString(program),
               {"write-grid", "--lab", QString::fromStdString(lab), "--seconds",
                QString::number(seconds + kMostSeconds)});
  if (!writer.waitForReadyRead(60000)) throw Error(Exit::kInternal, "the grid does not begin");
  nlohmann::json figures;
  Watchdog watchdog(std::chrono::milliseconds(20));
  Window window(folder);
  window.lab.open(lab);
  work_until("the grid", [&] { return !window.runs()->grid().empty(); });
  window.runs()->tasks_pane()->view()->selectRow(0);  // a run whose curves are followed
  work_for(3);
  watchdog.longest();
  const double before = processor_seconds();
  const auto start = Clock::now();
  work_for(seconds);
  figures["share_percent"] = 100 * (processor_seconds() - before) / (ms_since(start) / 1000);
  figures["finished"] = window.runs()->grid().progress().count(lab::TaskState::kFinished);
  figures["longest_block_ms"] = watchdog.longest();
  figures["peak_mib"] = peak_mib();
  writer.kill();
  writer.waitForFinished();
  return figures;
}

}  // namespace
}  // namespace lea::bench

int main(int argc, char** argv) {
  using namespace lea;
  const auto start = std::chrono::steady_clock::now();
  CLI::App app("The window on many runs and on many cells");
  std::string lab, folder = ".";
  int64_t runs = 100000;
  double seconds = 30;
  app.require_subcommand(1);
  CLI::App* make = app.add_subcommand("make", "fill a lab with runs");
  CLI::App* look = app.add_subcommand("look", "open the window on a lab with runs");
  CLI::App* grid = app.add_subcommand("grid", "open the window on a grid at work");
  CLI::App* write = app.add_subcommand("write-grid", "write the files of a grid at work");
  for (CLI::App* command : {make, look, write}) command->add_option("--lab", lab)->required();
  for (CLI::App* command : {look, grid})
    command->add_option("--folder", folder, "for settings and temporary labs");
  for (CLI::App* command : {grid, write}) command->add_option("--seconds", seconds);
  make->add_option("--runs", runs);
  CLI11_PARSE(app, argc, argv);
  qputenv("QT_QPA_PLATFORM", "offscreen");
  try {
    if (make->parsed()) return bench::make_lab_of_runs(lab, runs), 0;
    if (write->parsed()) return bench::write_live_grid(lab, seconds), 0;
    QApplication application(argc, argv);
    QApplication::setStyle(QStyleFactory::create("Fusion"));
    const nlohmann::json figures = look->parsed() ? bench::look(lab, folder, start)
                                                  : bench::watch_grid(argv[0], folder, seconds);
    std::printf("%s\n", figures.dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
