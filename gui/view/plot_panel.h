// One plot with its title, its controls and a note below, or a sentence that says why there is none.
// The same drawing makes the plot on the screen and in a file.
#pragma once

#include <QBoxLayout>
#include <QImage>
#include <QLabel>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <functional>

#include "gui/view/plot_drawing.h"

namespace lea::gui {

class PlotPanel : public QWidget {
  Q_OBJECT

 public:
  // Draws into a plot. `legend` says where a legend is wanted, if the plot has one.
  using Draw = std::function<void(QCustomPlot&, const PlotTheme&, LegendPlace legend)>;
  enum class Legend { kInFiles, kAlways };

  // `name` is the plot's in file names ("bars"), `title` stands above it.
  PlotPanel(const QString& name, const QString& title, Legend legend, QWidget* parent = nullptr);

  const QString& name() const { return name_; }
  QCustomPlot* plot() const { return plot_; }
  // To the right of the title.
  void add_control(QWidget* control);

  void show_plot(const Draw& draw, const QString& note);
  void show_text(const QString& text);
  bool has_plot() const { return static_cast<bool>(draw_); }
  QString note() const { return note_->text(); }
  QString text() const { return text_->text(); }
  // A tall plot is scrolled. 0: as tall as there is room.
  void set_plot_height(int height);
  // Lets the user move and zoom; a button undoes that.
  void set_zoomable();
  void show_all();

  // For files, in dark on white with a legend, and with the zoom of the screen. Precondition:
  // has_plot().
  QImage image() const;
  QByteArray svg(const QString& title, const QString& description) const;

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void redraw();
  void draw_for_file(QCustomPlot& plot) const;
  QSize file_size() const;

  const QString name_;
  const Legend legend_;
  QHBoxLayout* bar_;
  QToolButton* all_;
  QStackedWidget* stack_;
  QScrollArea* scroll_;
  QCustomPlot* plot_;
  QLabel *text_, *note_;
  Draw draw_;
  int height_ = 0;
  bool zoomed_ = false;  // by the user: a new drawing keeps what is in view
};

}  // namespace lea::gui
