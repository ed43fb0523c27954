#include "gui/view/plot_drawing.h"

#include <algorithm>
#include <cmath>

#include "gui/model/look.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kLongestName = 42;
constexpr size_t kMostValues = 400;  // bars whose values are written
constexpr size_t kMarkers = 12;

QString short_name(const std::string& name) {
  const QString text = shown(name);
  if (text.size() <= kLongestName) return text;
  return text.left(kLongestName * 2 / 3) + "…" + text.right(kLongestName / 3 - 1);
}

QString value_text(const report::Summary& summary) {
  const QString mean = to_qt(report::fixed(summary.mean));
  return summary.half_width ? mean + " ± " + to_qt(report::fixed(*summary.half_width)) : mean;
}

void add_line(QCustomPlot& plot, const QPen& pen, const QPointF& from, const QPointF& to) {
  auto* line = new QCPItemLine(&plot);
  line->setPen(pen);
  line->start->setCoords(from);
  line->end->setCoords(to);
}

QCPItemText* add_text(QCustomPlot& plot, const PlotTheme& theme, const QString& text,
                      Qt::Alignment alignment) {
  auto* item = new QCPItemText(&plot);
  item->setText(text);
  item->setFont(theme.font);
  item->setColor(theme.text);
  item->setPositionAlignment(alignment);
  item->setPadding(QMargins(2, 0, 2, 0));
  return item;
}

void draw_bar(QCustomPlot& plot, const PlotTheme& theme, const Bar& bar, double place,
              bool with_value) {
  auto* bars = new QCPBars(plot.yAxis, plot.xAxis);
  const QColor colour = curve_colour(bar.style, theme.dark);
  bars->setPen(QPen(colour));
  bars->setBrush(colour);
  bars->setWidth(0.62);
  bars->setName(shown(bar.name));
  bars->addData(place, bar.summary.mean);
  if (bar.summary.half_width) {
    auto* interval = new QCPErrorBars(plot.yAxis, plot.xAxis);
    interval->setErrorType(QCPErrorBars::etValueError);
    interval->setDataPlottable(bars);
    interval->addData(*bar.summary.half_width);
    interval->setPen(QPen(theme.text, 1.3));
    interval->setWhiskerWidth(6);
    interval->setSymbolGap(0);
  }
  if (!with_value) return;
  QCPItemText* text =
      add_text(plot, theme, value_text(bar.summary), Qt::AlignRight | Qt::AlignVCenter);
  text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
  text->position->setCoords(1, place);
}

// The greatest value that the axis must show. An interval of two seeds may be very wide.
double upper_end(const std::vector<BarGroup>& groups) {
  double mean = 0, end = 0;
  for (const BarGroup& group : groups) {
    for (const Bar& bar : group.bars) {
      mean = std::max(mean, bar.summary.mean);
      end = std::max(end, bar.summary.mean + bar.summary.half_width.value_or(0));
    }
    for (const auto& floor : group.floors) mean = std::max(mean, floor.mean);
  }
  end = std::clamp(end, mean, 1.6 * mean);
  return end > 0 ? end : 1;
}

// Two graphs without lines, and the band between them.
void draw_band(QCustomPlot& plot, const PlotLine& line, Band band, QColor colour) {
  colour.setAlphaF(0.16);
  QVector<double> x, low, high;
  for (const PlotPoint& point : line.points) {
    if (band == Band::kInterval && !point.half_width) continue;
    x << point.x;
    low << (band == Band::kRange ? point.low : point.mean - *point.half_width);
    high << (band == Band::kRange ? point.high : point.mean + *point.half_width);
  }
  if (x.size() < 2) return;
  QCPGraph *bottom = plot.addGraph(), *top = plot.addGraph();
  for (QCPGraph* edge : {bottom, top}) edge->setPen(Qt::NoPen);
  bottom->setData(x, low, /*alreadySorted=*/true);
  top->setData(x, high, /*alreadySorted=*/true);
  top->setBrush(colour);
  top->setChannelFillGraph(bottom);
}

void draw_whiskers(QCustomPlot& plot, QCPGraph* graph, const PlotLine& line, const QColor& colour) {
  auto* whiskers = new QCPErrorBars(plot.xAxis, plot.yAxis);
  whiskers->setDataPlottable(graph);
  whiskers->setPen(QPen(colour, 1));
  whiskers->setWhiskerWidth(6);
  whiskers->setSymbolGap(0);
  for (const PlotPoint& point : line.points) whiskers->addData(point.half_width.value_or(0));
}

QCPGraph* draw_mean(QCustomPlot& plot, const PlotLine& line, size_t begin, size_t end, QPen pen) {
  QVector<double> x, y;
  for (size_t i = begin; i < end; ++i) {
    x << line.points[i].x;
    y << line.points[i].mean;
  }
  QCPGraph* graph = plot.addGraph();
  graph->setData(x, y, /*alreadySorted=*/true);
  graph->setAdaptiveSampling(true);
  graph->setName(shown(line.name));
  graph->setPen(pen);
  return graph;
}

void draw_line(QCustomPlot& plot, const PlotTheme& theme, const PlotLine& line,
               const LineOptions& options) {
  if (line.points.empty()) return;
  const QPen pen = line.floor ? floor_pen(theme) : line_pen(line.style, theme);
  if (options.band != Band::kNone && !options.whiskers)
    draw_band(plot, line, options.band, pen.color());
  QCPGraph* graph = draw_mean(plot, line, 0, line.complete, pen);
  if (!line.floor) graph->setScatterStyle(line_marker(line.style, theme));
  if (!options.all_markers) graph->setScatterSkip(static_cast<int>(line.complete / kMarkers));
  if (options.whiskers && options.band != Band::kNone)
    draw_whiskers(plot, graph, line, pen.color());
  if (options.legend != LegendPlace::kNone) graph->addToLegend();
  if (line.complete == line.points.size()) return;
  QPen dotted(pen.color(), 1.2);
  dotted.setDashPattern({1, 2});
  draw_mean(plot, line, std::max<size_t>(line.complete, 1) - 1, line.points.size(), dotted);
}

void show_lines(QCustomPlot& plot, const std::vector<PlotLine>& lines, const LineOptions& options) {
  QCPRange x, y;
  bool known = false;
  for (const PlotLine& line : lines) {
    for (const PlotPoint& point : line.points) {
      // Whiskers count, but the band of two seeds would leave no room for the curves.
      const double half = options.whiskers ? point.half_width.value_or(0) : 0;
      const QCPRange own(std::min(point.low, point.mean - half),
                         std::max(point.high, point.mean + half));
      if (!known) x = QCPRange(point.x, point.x), y = own;
      known = true;
      x.expand(point.x);
      y.expand(own);
    }
  }
  if (!known) return;
  const auto widened = [](QCPRange range, double share) {
    const double more =
        range.size() > 0 ? share * range.size() : std::abs(range.lower) * 0.1 + 1e-9;
    return QCPRange(range.lower - more, range.upper + more);
  };
  if (options.log) {
    const double factor = x.upper > x.lower ? std::pow(x.upper / x.lower, 0.04) : 2;
    plot.xAxis->setRange(x.lower / factor, x.upper * factor);
  } else {
    plot.xAxis->setRange(widened(x, 0.03));
  }
  plot.yAxis->setRange(widened(y, 0.12));
}

void set_x_ticks(QCustomPlot& plot, const std::vector<PlotLine>& lines,
                 const LineOptions& options) {
  if (options.x_ticks) {
    QSharedPointer<QCPAxisTickerText> ticker(new QCPAxisTickerText);
    for (const PlotLine& line : lines) {
      for (const PlotPoint& point : line.points)
        ticker->addTick(point.x, QString::number(point.x, 'g', 6));
    }
    plot.xAxis->setTicker(ticker);
  } else if (options.log) {
    plot.xAxis->setTicker(QSharedPointer<QCPAxisTickerLog>(new QCPAxisTickerLog));
  }
}

void place_legend(QCustomPlot& plot, const PlotTheme& theme, LegendPlace place) {
  plot.legend->setVisible(place != LegendPlace::kNone);
  if (place == LegendPlace::kNone) return;
  paint_legend(plot.legend, theme);
  plot.legend->setIconSize(28, 12);
  plot.legend->setRowSpacing(-1);
  if (place == LegendPlace::kInside || plot.plotLayout()->elementCount() > 1) return;
  plot.axisRect()->insetLayout()->take(plot.legend);
  auto* column = new QCPLayoutGrid;
  plot.plotLayout()->addElement(0, 1, column);
  column->addElement(0, 0, plot.legend);
  column->addElement(1, 0, new QCPLayoutElement);  // takes the room below
  column->setRowStretchFactor(0, 0.001);
  plot.plotLayout()->setColumnStretchFactor(1, 0.001);
}

}  // namespace

void begin_plot(QCustomPlot& plot, const PlotTheme& theme) {
  plot.clearPlottables();
  plot.clearItems();
  plot.setAutoAddPlottableToLegend(false);
  plot.setBackground(theme.base);
  plot.axisRect()->setMinimumMargins(QMargins(4, 6, 12, 2));
  for (QCPAxis* axis : {plot.xAxis, plot.yAxis}) {
    paint_axis(axis, theme);
    axis->setScaleType(QCPAxis::stLinear);
    axis->setTicker(QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    axis->setRangeReversed(false);
    axis->setTickPen(theme.text);
    axis->grid()->setVisible(true);
    axis->setLabel("");
  }
}

size_t bar_lines(const std::vector<BarGroup>& groups) {
  size_t lines = 0;
  for (const BarGroup& group : groups)
    lines += group.bars.size() + (lines > 0 || !group.floors.empty() ? 1 : 0);
  return lines;
}

void draw_bars(QCustomPlot& plot, const PlotTheme& theme, const std::vector<BarGroup>& groups,
               const QString& metric) {
  begin_plot(plot, theme);
  QSharedPointer<QCPAxisTickerText> names(new QCPAxisTickerText);
  const size_t lines = bar_lines(groups);
  const double end = upper_end(groups);
  double place = 0;
  for (const BarGroup& group : groups) {
    if (place > 0 || !group.floors.empty()) ++place;  // room between groups, and for a name
    const double first = place;
    for (const Bar& bar : group.bars) {
      draw_bar(plot, theme, bar, place, lines <= kMostValues);
      names->addTick(place, short_name(bar.name));
      ++place;
    }
    for (const auto& floor : group.floors) {
      add_line(plot, floor_pen(theme, floor.best), {floor.mean, first - 0.6},
               {floor.mean, std::max(place, first + 1) - 0.4});
      if (!floor.best) continue;
      const bool right = floor.mean > end / 2;
      QCPItemText* text = add_text(
          plot, theme, "floor: " + short_name(floor.name) + " " + to_qt(report::fixed(floor.mean)),
          (right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
      text->position->setCoords(floor.mean, first - 0.95);
    }
  }
  plot.yAxis->setTicker(names);
  plot.yAxis->setRangeReversed(true);
  plot.yAxis->setTickPen(Qt::NoPen);
  plot.yAxis->grid()->setVisible(false);
  plot.yAxis->setRange(-0.7, std::max<double>(static_cast<double>(lines), 1) - 0.3);
  plot.xAxis->setRange(0, end * (lines <= kMostValues ? 1.45 : 1.05));
  plot.xAxis->setLabel(metric);
}

void draw_lines(QCustomPlot& plot, const PlotTheme& theme, const std::vector<PlotLine>& lines,
                const LineOptions& options) {
  begin_plot(plot, theme);
  plot.xAxis->setScaleType(options.log ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  plot.xAxis->setLabel(options.x);
  plot.yAxis->setLabel(options.y);
  set_x_ticks(plot, lines, options);
  for (const PlotLine& line : lines) draw_line(plot, theme, line, options);
  place_legend(plot, theme, options.legend);
  show_lines(plot, lines, options);
}

void draw_best(QCustomPlot& plot, const PlotTheme& theme, const Sweep& sweep) {
  if (!sweep.best) return;
  QCPGraph* rings = plot.addGraph();
  rings->setLineStyle(QCPGraph::lsNone);
  rings->setScatterStyle({QCPScatterStyle::ssCircle, QPen(theme.text, 1.2), Qt::NoBrush, 13});
  for (const PlotLine& line : sweep.lines) {
    const auto best =
        std::max_element(line.points.begin(), line.points.end(),
                         [](const auto& a, const auto& b) { return a.mean < b.mean; });
    if (best != line.points.end()) rings->addData(best->x, best->mean);
  }
  const PlotPoint& best = sweep.lines[sweep.best->line].points[sweep.best->point];
  // Towards the side with more room.
  const double place = plot.xAxis->scaleType() == QCPAxis::stLogarithmic
                           ? std::log(best.x / plot.xAxis->range().lower) /
                                 std::log(plot.xAxis->range().upper / plot.xAxis->range().lower)
                           : (best.x - plot.xAxis->range().lower) / plot.xAxis->range().size();
  auto* anchor = new QCPItemTracer(&plot);
  anchor->setStyle(QCPItemTracer::tsNone);
  anchor->position->setCoords(best.x, best.mean);
  QCPItemText* text =
      add_text(plot, theme,
               "best " + to_qt(report::fixed(best.mean)) + " at " + QString::number(best.x, 'g', 6),
               (place > 0.5 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
  text->position->setParentAnchor(anchor->position);
  text->position->setType(QCPItemPosition::ptAbsolute);
  text->position->setCoords(place > 0.5 ? -8 : 8, -6);
  QFont bold = theme.font;
  bold.setBold(true);
  text->setFont(bold);
}

}  // namespace lea::gui
