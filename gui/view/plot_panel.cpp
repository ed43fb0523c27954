#include "gui/view/plot_panel.h"

#include <QBuffer>
#include <QEvent>
#include <QSvgGenerator>
#include <algorithm>

#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kFileWidth = 900, kFileHeight = 540, kTallestFile = 8000;
constexpr double kImageScale = 2;

}  // namespace

PlotPanel::PlotPanel(const QString& name, const QString& title, Legend legend, QWidget* parent)
    : QWidget(parent),
      name_(name),
      legend_(legend),
      bar_(new QHBoxLayout),
      all_(new QToolButton(this)),
      stack_(new QStackedWidget(this)),
      scroll_(new QScrollArea(this)),
      plot_(new QCustomPlot),
      text_(plain_label({}, this)),
      note_(plain_label({}, this)) {
  auto* heading = plain_label(title, this);
  QFont bold = heading->font();
  bold.setBold(true);
  heading->setFont(bold);
  all_->setText("Undo the zoom");
  all_->setToolTip("Show the whole plot");
  all_->hide();
  connect(all_, &QToolButton::clicked, this, &PlotPanel::show_all);
  bar_->addWidget(heading);
  bar_->addStretch(1);
  bar_->addWidget(all_);
  plot_->setAccessibleName("Plot: " + title);
  plot_->setMinimumSize(120, 90);
  scroll_->setAccessibleName(title);
  scroll_->setWidget(plot_);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  text_->setWordWrap(true);
  text_->setAlignment(Qt::AlignCenter);
  text_->setContentsMargins(16, 8, 16, 8);
  note_->setWordWrap(true);
  note_->hide();
  stack_->addWidget(text_);
  stack_->addWidget(scroll_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  column->addLayout(bar_);
  column->addWidget(stack_, 1);
  column->addWidget(note_);
}

void PlotPanel::add_control(QWidget* control) { bar_->addWidget(control); }

void PlotPanel::set_zoomable() {
  plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
  const auto zoomed = [this] {
    zoomed_ = true;
    all_->show();
  };
  connect(plot_, &QCustomPlot::mouseWheel, this, zoomed);
  connect(plot_, &QCustomPlot::mouseMove, this, [zoomed](QMouseEvent* event) {
    if (event->buttons() != Qt::NoButton) zoomed();
  });
}

void PlotPanel::show_all() {
  zoomed_ = false;
  all_->hide();
  redraw();
}

void PlotPanel::set_plot_height(int height) {
  height_ = height;
  plot_->setMinimumHeight(std::max(height, 90));
}

void PlotPanel::show_plot(const Draw& draw, const QString& note) {
  draw_ = draw;
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
  stack_->setCurrentWidget(scroll_);
  redraw();
}

void PlotPanel::show_text(const QString& text) {
  draw_ = nullptr;
  zoomed_ = false;
  all_->hide();
  note_->hide();
  note_->clear();
  text_->setText(text);
  stack_->setCurrentWidget(text_);
}

void PlotPanel::redraw() {
  if (!draw_) return;
  const QCPRange x = plot_->xAxis->range(), y = plot_->yAxis->range();
  draw_(*plot_, theme_of(*this),
        legend_ == Legend::kAlways ? LegendPlace::kInside : LegendPlace::kNone);
  if (zoomed_) {
    plot_->xAxis->setRange(x);
    plot_->yAxis->setRange(y);
  }
  plot_->replot(QCustomPlot::rpQueuedReplot);
}

QSize PlotPanel::file_size() const {
  return {kFileWidth, std::clamp(height_ * 6 / 5, kFileHeight, kTallestFile)};
}

void PlotPanel::draw_for_file(QCustomPlot& plot) const {
  draw_(plot, paper_theme(), LegendPlace::kBeside);
  if (!zoomed_) return;
  plot.xAxis->setRange(plot_->xAxis->range());
  plot.yAxis->setRange(plot_->yAxis->range());
}

QImage PlotPanel::image() const {
  QCustomPlot plot;
  draw_for_file(plot);
  return plot.toPixmap(file_size().width(), file_size().height(), kImageScale).toImage();
}

QByteArray PlotPanel::svg(const QString& title, const QString& description) const {
  QCustomPlot plot;
  draw_for_file(plot);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(file_size());
  generator.setViewBox(QRect(QPoint(), file_size()));
  generator.setResolution(plot.logicalDpiX());
  generator.setTitle(title);
  generator.setDescription(description);
  QCPPainter painter;
  painter.begin(&generator);
  painter.setMode(QCPPainter::pmVectorized);
  painter.setMode(QCPPainter::pmNoCaching);
  plot.toPainter(&painter, file_size().width(), file_size().height());
  painter.end();
  return bytes;
}

void PlotPanel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) redraw();
  QWidget::changeEvent(event);
}

}  // namespace lea::gui
