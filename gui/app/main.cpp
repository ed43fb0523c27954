// The program `lealab-gui`: the window. It neither links LibTorch nor loads plugins.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QIcon>
#include <QSocketNotifier>
#include <QStyleFactory>
#include <cstdio>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/standard_streams.h"
#include "gui/app/system_theme.h"
#include "gui/model/settings.h"
#include "gui/model/text.h"
#include "gui/view/main_window.h"

namespace {

using namespace lea::gui;

int signal_ends[2] = {-1, -1};

extern "C" void on_signal(int) {
  const char byte = 1;
  [[maybe_unused]] const ssize_t count = write(signal_ends[0], &byte, 1);
}

// A request to end, from a terminal or at the end of the session, closes the window as its user
// would, so that the layout is kept.
void close_on_signals(QObject* parent) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, signal_ends) != 0) return;
  auto* notifier = new QSocketNotifier(signal_ends[1], QSocketNotifier::Read, parent);
  QObject::connect(notifier, &QSocketNotifier::activated, qApp,
                   [] { QApplication::closeAllWindows(); });
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, on_signal);
}

struct Options {
  QString lab, spec;
  QStringList plugin_dirs;
};

Options parse(const QApplication& app) {
  QCommandLineParser parser;
  parser.setApplicationDescription("The window of LEA Lab");
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption lab(
      "lab", "folder with data, runs and results (default: $LEALAB, else ./lab)", "DIR");
  const QCommandLineOption plugin_dir("plugin-dir", "one more folder with plugins (repeatable)",
                                      "DIR");
  parser.addOption(lab);
  parser.addOption(plugin_dir);
  parser.addPositionalArgument("spec", "an experiment's YAML file to open", "[SPEC]");
  parser.process(app);
  const QStringList specs = parser.positionalArguments();
  if (specs.size() > 1) {
    std::fprintf(stderr, "lealab-gui opens one spec, but %d are named\n",
                 static_cast<int>(specs.size()));
    std::exit(static_cast<int>(lea::Exit::kUsage));
  }
  return {parser.value(lab), specs.value(0), parser.values(plugin_dir)};
}

void show_theme(Theme theme, const SystemTheme& system) {
  const bool dark = theme == Theme::kDark || (theme == Theme::kSystem && system.is_dark());
  QApplication::setPalette(dark ? dark_palette() : light_palette());
}

}  // namespace

int main(int argc, char** argv) {
  lea::keep_standard_streams();
  QApplication app(argc, argv);
  QApplication::setApplicationName("lealab-gui");
  QApplication::setApplicationDisplayName("LEA Lab");
  QApplication::setApplicationVersion(LEA_VERSION);
  QApplication::setDesktopFileName("lealab-gui");
  QApplication::setWindowIcon(QIcon(":/lealab-gui.png"));
  const bool system_is_dark = is_dark(QApplication::palette());
  // The same look of all controls in both themes, whatever the desktop brings.
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  const Options options = parse(app);

  Messages messages;
  LabModel lab(messages);
  for (const QString& folder : options.plugin_dirs) lab.plugin_dirs.push_back(to_std(folder));
  Launcher launcher(lab);
  ActionList actions;
  Navigator navigator;
  QSettings settings(settings_file(), QSettings::IniFormat);
  SystemTheme system(system_is_dark);
  int code = 0;
  {
    MainWindow window({messages, lab, actions, navigator, launcher}, page_entries(), settings);
    const auto follow = [&] { show_theme(window.theme(), system); };
    QObject::connect(&window, &MainWindow::theme_changed, &window, follow);
    QObject::connect(&system, &SystemTheme::changed, &window, follow);
    follow();
    close_on_signals(&window);
    window.show();
    lab.open(to_std(options.lab));
    if (!options.spec.isEmpty()) {
      Q_EMIT navigator.spec_file(QFileInfo(options.spec).absoluteFilePath());
      window.show_page("experiment");
    }
    code = QApplication::exec();
  }
  return code;
}
