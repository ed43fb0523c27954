// Draws the pages of the window into PNG files, for the README: tools/screenshots calls it.
//
// gui_screenshots FOLDER       made from the runs of experiments/industry_*
#include <QApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QImage>
#include <QImageWriter>
#include <QPushButton>
#include <QStyleFactory>
#include <cstdio>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/temporary_folder.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/pack.h"
#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"
#include "gui/model/text.h"
#include "gui/view/main_window.h"
#include "gui/view/runs_page.h"

namespace {

namespace fs = std::filesystem;
using namespace lea;
using namespace lea::gui;
using Kind = run::GridEvent::Kind;

constexpr qint64 kMostBytes = 150000;
constexpr const char* kStudy = "experiments/industry_baselines";

void work_for(int milliseconds) {
  QElapsedTimer timer;
  timer.start();
  while (timer.elapsed() < milliseconds)
    QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 20);
}

// Imports the packs of the studies of Industry.
void import_runs(const std::string& lab) {
  lab::open_lab(lab);
  for (const auto& study : fs::directory_iterator(fs::path(LEA_SOURCE_DIR) / "experiments")) {
    if (study.is_directory() && study.path().filename().string().starts_with("industry_"))
      lab::import_packs(lab, {study.path().string()});
  }
  lab::collect(lab);
}

// A grid of the runs of a study: most have finished, some are at work, the others wait.
std::unique_ptr<run::LiveGrid> grid_of(const std::string& lab) {
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  const std::string study = fs::path(kStudy).filename();
  run::GridHeader header;
  std::vector<std::string> uuids;
  header.experiment = study;
  header.jobs = 2;
  for (const db::RunRow& run : store.runs(study)) {
    run::GridTask task;
    task.hash = run.run_hash;
    task.seed = run.seed;
    task.labels = run.labels;
    task.seconds = 600;
    task.measured = true;
    header.axes = run.axes;
    header.tasks.push_back(task);
    uuids.push_back(run.uuid);
  }
  auto grid = std::make_unique<run::LiveGrid>(lab, header);
  const size_t finished = uuids.size() * 7 / 10;
  for (size_t task = 0; task < std::min(finished + 2, uuids.size()); ++task) {
    run::append_event(grid->folder(), {Kind::kStarted, task, uuids[task]});
    if (task < finished) run::append_event(grid->folder(), {Kind::kFinished, task, uuids[task]});
  }
  return grid;
}

// Throws StoreError when the file cannot be written or is too large.
void write_png(const QImage& image, const QString& path) {
  QImageWriter writer(path, "png");
  writer.setCompression(100);
  // Few colours are used, and a table of them makes a small file.
  if (!writer.write(image.convertToFormat(QImage::Format_Indexed8, Qt::ThresholdDither)))
    throw StoreError(to_std(path + ": cannot be written: " + writer.errorString()));
  const qint64 bytes = QFileInfo(path).size();
  std::printf("%s: %lld bytes\n", qPrintable(path), static_cast<long long>(bytes));
  if (bytes > kMostBytes) throw StoreError(to_std(path) + ": is larger than 150 kB");
}

void draw(const std::string& folder, const std::string& lab_path) {
  Messages messages;
  LabModel lab(messages);
  Launcher launcher(lab);
  ActionList actions;
  Navigator navigator;
  QSettings settings(to_qt(lab_path + "/../window.ini"), QSettings::IniFormat);
  QApplication::setPalette(light_palette());
  MainWindow window({messages, lab, actions, navigator, launcher}, page_entries(), settings);
  window.show();
  const auto grid = grid_of(lab_path);
  lab.open(lab_path);
  for (const auto& file : fs::directory_iterator(fs::path(LEA_SOURCE_DIR) / kStudy)) {
    if (file.path().extension() == ".yaml") Q_EMIT navigator.spec_file(to_qt(file.path().string()));
  }
  work_for(3000);
  auto* runs = static_cast<RunsPage*>(window.page("runs"));
  runs->tasks_pane()->view()->selectRow(0);  // a run with curves
  for (const PageEntry& page : page_entries()) {
    window.show_page(page.id);
    work_for(3000);
    for (const Message& message : std::vector(messages.current())) messages.dismiss(message.source);
    work_for(200);
    write_png(window.grab().toImage(), to_qt(folder) + "/" + page.id + ".png");
  }
  QApplication::setPalette(dark_palette());
  window.show_page("runs");
  work_for(500);
  write_png(window.grab().toImage(), to_qt(folder) + "/runs-dark.png");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: gui_screenshots FOLDER\n"), 2;
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  const std::string work = make_temporary_folder("lea-screenshots");
  int code = 0;
  try {
    import_runs(work + "/lab");
    draw(argv[1], work + "/lab");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    code = 1;
  }
  fs::remove_all(work);
  return code;
}
