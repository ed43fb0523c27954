#include "gui/view/plot_exporter.h"

#include <QBuffer>
#include <QTimer>

namespace lea::gui {
namespace {

constexpr const char* kSource = "plots";

QByteArray png_of(const QImage& image, const QString& mark) {
  QImage marked = image;
  marked.setText("Source", mark);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  marked.save(&buffer, "PNG");
  return bytes;
}

}  // namespace

PlotExporter::PlotExporter(const Context& context, PlotData& data, PlotGrid& plots, QObject* parent)
    : QObject(parent), context_(context), data_(data), plots_(plots) {
  connect(&data, &PlotData::busy_changed, this, [this] {
    if (is_working() && !data_.is_busy())
      QTimer::singleShot(0, this, &PlotExporter::render_when_read);
  });
}

void PlotExporter::begin(const QString& folder) {
  if (!data_.table() || is_working()) return;
  work_ = Work{folder,
               data_.experiment(),
               plot_mark(context_.lab.folder(), data_.experiment()),
               {plots_.panels().begin(), plots_.panels().end()},
               {},
               {},
               0};
  Q_EMIT changed();
  render_when_read();
}

void PlotExporter::stop() {
  if (!is_working()) return;
  work_.reset();
  Q_EMIT changed();
}

void PlotExporter::render_when_read() {
  if (!is_working() || data_.is_busy()) return;
  // What cannot be read is asked for a few times, and then left out.
  constexpr int kRounds = 3;
  if (work_->rounds++ < kRounds) Q_EMIT draw_wanted();
  if (!data_.is_busy()) render_next();
}

// One plot in each round of events, so that the window lives on.
void PlotExporter::render_next() {
  if (!is_working()) return;
  while (!work_->left.empty() && !work_->left.front()->has_plot()) work_->left.pop_front();
  if (work_->left.empty()) return write();
  const PlotPanel* panel = work_->left.front();
  work_->left.pop_front();
  const std::pair<QString, QString> names = plots_.file_names(panel);
  const auto name = [&](const char* format) {
    return plot_file_name(work_->experiment, names.first, names.second, format);
  };
  const QString title = work_->experiment + ": " + names.first + ", " + names.second;
  work_->images.emplace_back(name("png"), panel->image());
  work_->files.push_back({name("svg"), panel->svg(title, work_->mark)});
  QTimer::singleShot(0, this, &PlotExporter::render_next);
}

void PlotExporter::write() {
  const Work work = std::move(*work_);
  stop();
  if (work.files.empty())
    return context_.messages.error(kSource, "There is no plot to export yet.");
  writing_.ask(
      ticket_,
      [work](const Lane::Cancelled&) {
        std::vector<PlotFile> files = work.files;
        for (const auto& [name, image] : work.images)
          files.push_back({name, png_of(image, work.mark)});
        return written_text(work.folder, write_plots(work.folder, work.mark, files));
      },
      [this](const QString& text) { context_.messages.note(kSource, text); },
      [this](const QString& text) { context_.messages.error(kSource, text); });
}

}  // namespace lea::gui
