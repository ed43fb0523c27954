// How plots look: the colours of their axes in a theme, and for each line a colour, a marker and
// dashes, so that none is needed alone.
#pragma once

#include <QIcon>
#include <QPen>
#include <QWidget>

#include "gui/view/plot_library.h"

namespace lea::gui {

struct PlotTheme {
  bool dark = false;
  QColor text, base;
  QFont font;
};
PlotTheme theme_of(const QWidget& widget);
PlotTheme paper_theme();  // for files: dark on white

// Styles repeat after 32.
QPen line_pen(size_t style, const PlotTheme& theme);
QCPScatterStyle line_marker(size_t style, const PlotTheme& theme, double size = 7);
// The pen of a training-free row.
QPen floor_pen(const PlotTheme& theme, bool best = true);
// A piece of the line with its marker, for a list.
QIcon line_icon(size_t style, bool floor, const PlotTheme& theme);

void paint_axis(QCPAxis* axis, const PlotTheme& theme);
void paint_legend(QCPLegend* legend, const PlotTheme& theme);

}  // namespace lea::gui
