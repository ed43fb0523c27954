#include "gui/view/plot_look.h"

#include <QPainter>
#include <array>

#include "gui/model/look.h"

namespace lea::gui {

PlotTheme theme_of(const QWidget& widget) {
  const QPalette& palette = widget.palette();
  return {is_dark(palette), palette.color(QPalette::Text), palette.color(QPalette::Base),
          widget.font()};
}

PlotTheme paper_theme() {
  const QPalette palette = light_palette();
  return {false, palette.color(QPalette::Text), Qt::white, QFont("Sans Serif", 10)};
}

// The colours repeat after eight, and then come with other dashes.
QPen line_pen(size_t style, const PlotTheme& theme) {
  static const std::array<QVector<qreal>, 4> kDashes = {
      QVector<qreal>{}, {5, 2.5}, {1.5, 2}, {7, 2, 1.5, 2}};
  QPen pen(curve_colour(style, theme.dark), 1.6);
  const auto& dashes = kDashes[style / 8 % kDashes.size()];
  if (!dashes.isEmpty()) pen.setDashPattern(dashes);
  return pen;
}

QCPScatterStyle line_marker(size_t style, const PlotTheme& theme, double size) {
  static const std::array<QCPScatterStyle::ScatterShape, 8> kShapes = {
      QCPScatterStyle::ssDisc,
      QCPScatterStyle::ssSquare,
      QCPScatterStyle::ssTriangle,
      QCPScatterStyle::ssDiamond,
      QCPScatterStyle::ssTriangleInverted,
      QCPScatterStyle::ssCross,
      QCPScatterStyle::ssPlus,
      QCPScatterStyle::ssStar};
  const QColor colour = curve_colour(style, theme.dark);
  return {kShapes[style % kShapes.size()], QPen(colour, 1.4), QBrush(colour), size};
}

QPen floor_pen(const PlotTheme& theme, bool best) {
  QPen pen(theme.text, best ? 1.6 : 1);
  pen.setDashPattern(best ? QVector<qreal>{4, 3} : QVector<qreal>{1, 3});
  return pen;
}

QIcon line_icon(size_t style, bool floor, const PlotTheme& theme) {
  constexpr int kWidth = 30, kHeight = 14;
  constexpr double kScale = 2;
  QPixmap pixmap(QSize(kWidth, kHeight) * kScale);
  pixmap.setDevicePixelRatio(kScale);
  pixmap.fill(Qt::transparent);
  QCPPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(floor ? floor_pen(theme) : line_pen(style, theme));
  painter.drawLine(QLineF(1, kHeight / 2., kWidth - 1, kHeight / 2.));
  if (!floor) {
    const QCPScatterStyle marker = line_marker(style, theme);
    marker.applyTo(&painter, painter.pen());
    marker.drawShape(&painter, kWidth / 2., kHeight / 2.);
  }
  painter.end();
  return pixmap;
}

void paint_axis(QCPAxis* axis, const PlotTheme& theme) {
  QColor grid = theme.text;
  grid.setAlphaF(0.15);
  axis->setBasePen(theme.text);
  axis->setTickPen(theme.text);
  axis->setSubTickPen(Qt::NoPen);
  axis->setTickLabelColor(theme.text);
  axis->setLabelColor(theme.text);
  axis->grid()->setPen(grid);
  axis->grid()->setZeroLinePen(grid);
  axis->setTickLabelFont(theme.font);
  axis->setLabelFont(theme.font);
  axis->setNumberFormat("gbc");
  axis->setNumberPrecision(4);
}

void paint_legend(QCPLegend* legend, const PlotTheme& theme) {
  QColor back = theme.base;
  back.setAlphaF(0.8);
  legend->setBrush(back);
  legend->setBorderPen(Qt::NoPen);
  legend->setTextColor(theme.text);
  legend->setFont(theme.font);
}

}  // namespace lea::gui
