// Draws the series of gui/model/plot_series.h into a plot, on the screen or for a file.
#pragma once

#include <vector>

#include "gui/model/plot_series.h"
#include "gui/view/plot_look.h"

namespace lea::gui {

// Removes what was drawn before, and gives the axes their first look.
void begin_plot(QCustomPlot& plot, const PlotTheme& theme);

// A bar for each row from the top, with its 95 % interval and its value; the training-free rows of a
// group as lines across its bars.
void draw_bars(QCustomPlot& plot, const PlotTheme& theme, const std::vector<BarGroup>& groups,
               const QString& metric);
// Number of lines that the bars take from the top to the bottom.
size_t bar_lines(const std::vector<BarGroup>& groups);

enum class Band { kInterval, kRange, kNone };
enum class LegendPlace { kNone, kInside, kBeside };

struct LineOptions {
  QString x, y;  // titles of the axes
  Band band = Band::kInterval;
  bool whiskers = false;     // the band as a whisker at each point
  bool log = false;          // the x axis; all x must be positive
  bool all_markers = false;  // one at each point; otherwise about a dozen a line
  bool x_ticks = false;      // at the points and nowhere else
  LegendPlace legend = LegendPlace::kNone;
};

// A line for each, whose part with fewer runs is dotted. The axes show all of them.
void draw_lines(QCustomPlot& plot, const PlotTheme& theme, const std::vector<PlotLine>& lines,
                const LineOptions& options);

// Rings around the best point of each line, and the value of the best of all.
void draw_best(QCustomPlot& plot, const PlotTheme& theme, const Sweep& sweep);

}  // namespace lea::gui
