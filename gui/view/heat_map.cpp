#include "gui/view/heat_map.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <limits>

#include "core/run/header.h"
#include "gui/model/look.h"
#include "gui/model/task_table.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kGap = 2, kMargin = 6;
constexpr int kNamedSide = 18, kSmallSide = 12;
constexpr size_t kMostNamed = 400;  // cells; more are shown without names
constexpr size_t kNone = std::numeric_limits<size_t>::max();

}  // namespace

HeatMap::HeatMap(const GridModel& grid, QWidget* parent)
    : QAbstractScrollArea(parent), grid_(grid) {
  setAccessibleName("Map of the grid");
  setFocusPolicy(Qt::StrongFocus);
  setFrameShape(QFrame::StyledPanel);
  viewport()->setBackgroundRole(QPalette::Base);
  connect(&grid, &GridModel::reset, this, [this] {
    current_.reset();
    arrange();
  });
  connect(&grid, &GridModel::changed, this, [this](const std::vector<size_t>& tasks) {
    for (const size_t task : tasks) viewport()->update(square_of(task));
  });
  arrange();
}

void HeatMap::arrange() {
  places_.clear();
  by_task_.clear();
  height_ = 0;
  if (!grid_.empty()) {
    const auto& cells = grid_.cells();
    by_task_.assign(grid_.header().tasks.size(), kNone);
    named_ = cells.size() <= kMostNamed;
    side_ = named_ ? kNamedSide : kSmallSide;
    name_width_ = 0;
    for (size_t i = 0; named_ && i < cells.size(); ++i)
      name_width_ = std::max(name_width_, fontMetrics().horizontalAdvance(to_qt(cells[i].name)));
    name_width_ = std::min(name_width_, viewport()->width() / 2);
    const int right = std::max(viewport()->width() - kMargin, side_ + 2 * kMargin);
    QPoint at(kMargin, kMargin);
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      const int width = static_cast<int>(cells[cell].tasks.size()) * (side_ + kGap);
      if (named_) {
        at = {kMargin + name_width_ + 8, kMargin + static_cast<int>(cell) * (side_ + kGap)};
        height_ = at.y();
      } else if (at.x() + width > right && at.x() > kMargin) {
        at = {kMargin, at.y() + side_ + kGap + 2};
      }
      for (const size_t task : cells[cell].tasks) {
        if (at.x() + side_ > right && at.x() > kMargin + name_width_ + 8) {
          at = {named_ ? kMargin + name_width_ + 8 : kMargin, at.y() + side_ + kGap};
        }
        by_task_[task] = places_.size();
        places_.push_back({task, at, cell});
        at.rx() += side_ + kGap;
      }
      if (!named_) at.rx() += 4;
      height_ = std::max(height_, at.y());
    }
    height_ += side_ + kMargin;
  }
  verticalScrollBar()->setPageStep(viewport()->height());
  verticalScrollBar()->setSingleStep(side_ + kGap);
  verticalScrollBar()->setRange(0, std::max(0, height_ - viewport()->height()));
  viewport()->update();
}

QRect HeatMap::square_of(size_t task) const {
  if (task >= by_task_.size() || by_task_[task] == kNone) return {};
  const Place& place = places_[by_task_[task]];
  return {place.at - QPoint(0, verticalScrollBar()->value()), QSize(side_, side_)};
}

void HeatMap::paint_square(QPainter& painter, const Place& place) const {
  const QRect square = square_of(place.task);
  const lab::TaskProgress& task = grid_.task(place.task);
  const bool dark = is_dark(palette());
  const QColor colour = look_colour(task.state, dark);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  painter.drawRoundedRect(square, 2, 2);
  const int inset = side_ / 4;
  painter.fillPath(look_sign(task.state, QRectF(square).adjusted(inset, inset, -inset, -inset)),
                   colour.lightness() > 140 ? QColor(0, 0, 0, 190) : QColor(255, 255, 255, 225));
  if (current_ == place.task) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(palette().color(QPalette::Text), 2));
    painter.drawRoundedRect(square.adjusted(0, 0, 0, 0), 2, 2);
  }
}

void HeatMap::paintEvent(QPaintEvent* event) {
  QPainter painter(viewport());
  painter.setRenderHint(QPainter::Antialiasing);
  const int top = verticalScrollBar()->value() + event->rect().top() - side_;
  const int bottom = verticalScrollBar()->value() + event->rect().bottom();
  const auto first = std::lower_bound(places_.begin(), places_.end(), top,
                                      [](const Place& place, int y) { return place.at.y() < y; });
  size_t named = kNone;
  for (auto place = first; place != places_.end() && place->at.y() <= bottom; ++place) {
    if (named_ && place->cell != named) {
      named = place->cell;
      const QRect line(kMargin, square_of(place->task).top(), name_width_, side_);
      painter.setPen(palette().color(QPalette::Text));
      painter.drawText(
          line, Qt::AlignVCenter | Qt::AlignRight,
          fontMetrics().elidedText(to_qt(grid_.cells()[named].name), Qt::ElideMiddle, name_width_));
    }
    paint_square(painter, *place);
  }
}

void HeatMap::resizeEvent(QResizeEvent* event) {
  QAbstractScrollArea::resizeEvent(event);
  arrange();
}

std::optional<size_t> HeatMap::task_at(const QPoint& point) const {
  for (const Place& place : places_) {
    if (square_of(place.task).adjusted(0, 0, kGap, kGap).contains(point)) return place.task;
  }
  return std::nullopt;
}

void HeatMap::set_current(std::optional<size_t> task) {
  if (task == current_) return;
  current_ = task;
  if (task && *task < by_task_.size() && by_task_[*task] != kNone) reveal(places_[by_task_[*task]]);
  viewport()->update();
}

void HeatMap::reveal(const Place& place) {
  QScrollBar* bar = verticalScrollBar();
  if (place.at.y() < bar->value()) bar->setValue(place.at.y() - kMargin);
  if (place.at.y() + side_ > bar->value() + viewport()->height())
    bar->setValue(place.at.y() + side_ + kMargin - viewport()->height());
}

void HeatMap::mousePressEvent(QMouseEvent* event) {
  const auto task = task_at(event->pos());
  if (!task) return;
  set_current(task);
  Q_EMIT chosen(*task);
}

// Left and right go along a cell, up and down to the nearest square of another line.
void HeatMap::keyPressEvent(QKeyEvent* event) {
  if (places_.empty()) return QAbstractScrollArea::keyPressEvent(event);
  const bool known = current_ && *current_ < by_task_.size() && by_task_[*current_] != kNone;
  const size_t at = known ? by_task_[*current_] : 0;
  size_t next = at;
  if (event->key() == Qt::Key_Right) {
    next = std::min(at + 1, places_.size() - 1);
  } else if (event->key() == Qt::Key_Left) {
    next = at == 0 ? 0 : at - 1;
  } else if (event->key() == Qt::Key_Down || event->key() == Qt::Key_Up) {
    const int step = event->key() == Qt::Key_Down ? 1 : -1;
    const QPoint from = places_[at].at;
    for (auto i = static_cast<std::ptrdiff_t>(at);
         i >= 0 && i < static_cast<std::ptrdiff_t>(places_.size()); i += step) {
      const Place& place = places_[static_cast<size_t>(i)];
      if (place.at.y() == from.y()) continue;
      next = static_cast<size_t>(i);
      if (step > 0 ? place.at.x() >= from.x() : place.at.x() <= from.x()) break;
    }
  } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    return Q_EMIT chosen(places_[at].task);
  } else {
    return QAbstractScrollArea::keyPressEvent(event);
  }
  set_current(places_[next].task);
  Q_EMIT chosen(places_[next].task);
}

void HeatMap::contextMenuEvent(QContextMenuEvent* event) {
  std::optional<size_t> task = current_;
  if (event->reason() == QContextMenuEvent::Mouse) task = task_at(event->pos());
  if (!task) return;
  set_current(task);
  Q_EMIT chosen(*task);
  Q_EMIT menu_wanted(*task, event->globalPos());
}

QString HeatMap::tip_of(size_t index) const {
  const lab::TaskProgress& task = grid_.task(index);
  QString text = to_qt(grid_.header().name(index)) + "\n" + look_text(task.state);
  if (!task.text.empty()) text += ": " + shown(task.text).left(300);
  return text;
}

bool HeatMap::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto task = task_at(help->pos());
    task ? QToolTip::showText(help->globalPos(), plain_tip(tip_of(*task)), this)
         : QToolTip::hideText();
    return true;
  }
  return QAbstractScrollArea::viewportEvent(event);
}

void HeatMap::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) arrange();
  QAbstractScrollArea::changeEvent(event);
}

}  // namespace lea::gui
