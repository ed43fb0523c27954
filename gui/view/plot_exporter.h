// Writes all plots of an experiment into a folder, as PNG and SVG: waits until what they show is
// read, draws one after the other, and writes them on a lane.
#pragma once

#include <QImage>
#include <QObject>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "gui/model/plot_data.h"
#include "gui/model/plot_files.h"
#include "gui/view/page.h"
#include "gui/view/plot_grid.h"

namespace lea::gui {

class PlotExporter : public QObject {
  Q_OBJECT

 public:
  PlotExporter(const Context& context, PlotData& data, PlotGrid& plots, QObject* parent = nullptr);

  // Does nothing without a table, or while an export is at work.
  void begin(const QString& folder);
  void stop();
  // While it is, all plots are wanted, also those that are not shown.
  bool is_working() const { return work_.has_value(); }

 Q_SIGNALS:
  void draw_wanted();  // of all plots, at once
  void changed();      // is_working()

 private:
  struct Work {
    QString folder, experiment, mark;
    std::deque<PlotPanel*> left;
    std::vector<std::pair<QString, QImage>> images;  // by the name of the file
    std::vector<PlotFile> files;
    int rounds = 0;  // of reading
  };

  void render_when_read();
  void render_next();
  void write();

  const Context context_;
  PlotData& data_;
  PlotGrid& plots_;
  Lane writing_{"plots"};
  Ticket ticket_;
  std::optional<Work> work_;
};

}  // namespace lea::gui
