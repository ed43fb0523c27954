#include "gui/model/plot_files.h"

#include <QDir>
#include <QFile>
#include <QImageReader>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr const char* kMark = "lealab plot ";
constexpr qsizetype kMarkLength = 12 + 16;
constexpr qint64 kSvgHead = 4096;

// Letters, digits and a few signs that every file system takes.
QString safe(const QString& text) {
  QString name;
  for (const QChar letter : text) {
    const bool plain = letter.isLetterOrNumber() || QString("._-@=+").contains(letter);
    name += plain ? letter : QChar('_');
  }
  return name.left(60);
}

}  // namespace

QString plot_file_name(const QString& experiment, const QString& plot, const QString& metric,
                       const QString& format) {
  return safe(experiment) + "-" + safe(plot) + "-" + safe(metric) + "." + format;
}

QString plot_mark(const std::string& lab, const QString& experiment) {
  return kMark + to_qt(sha256(lab + "\n" + to_std(experiment)).substr(0, 16));
}

QString mark_in(const QString& path) {
  if (path.endsWith(".png")) {
    const QString text = QImageReader(path).text("Source");
    return text.startsWith(kMark) ? text : QString();
  }
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return "";
  const QByteArray head = file.read(kSvgHead);
  const qsizetype at = head.indexOf(kMark);
  return at < 0 ? QString() : QString::fromUtf8(head.mid(at, kMarkLength));
}

PlotsWritten write_plots(const QString& folder, const QString& mark,
                         const std::vector<PlotFile>& files) {
  PlotsWritten result;
  for (const PlotFile& file : files) {
    const QString path = QDir(folder).filePath(file.name);
    if (QFile::exists(path) && mark_in(path) != mark) {
      result.kept << file.name;
      continue;
    }
    publish_file(to_std(path), {file.bytes.constData(), static_cast<size_t>(file.bytes.size())});
    result.written << file.name;
  }
  return result;
}

QString written_text(const QString& folder, const PlotsWritten& written) {
  QString text;
  if (!written.written.isEmpty()) {
    text = to_qt(counted(written.written.size(), "plot")) + " written to " + folder + ".";
  }
  if (written.kept.isEmpty()) return text;
  return text + (text.isEmpty() ? "" : " ") + "Not written, because files of these names in " +
         folder + " show something else: " + written.kept.join(", ") +
         ". Choose another folder, or remove them first.";
}

}  // namespace lea::gui
