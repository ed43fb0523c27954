#include "gui/view/grid_panel.h"

#include <QMouseEvent>
#include <QPainter>
#include <QVBoxLayout>

#include "gui/model/grid_list.h"
#include "gui/model/look.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kSign = 11, kGap = 5, kBetween = 14;

void paint_sign(QPainter& painter, Look look, const QPoint& at, int height, bool dark) {
  painter.fillPath(look_sign(look, QRectF(at.x(), at.y() + (height - kSign) / 2., kSign, kSign)),
                   look_colour(look, dark));
}

}  // namespace

ArtefactStrip::ArtefactStrip(const GridModel& grid, QWidget* parent)
    : QWidget(parent), grid_(grid) {
  setAccessibleName("Artefacts of the grid");
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  connect(&grid, &GridModel::reset, this, &ArtefactStrip::update_all);
  connect(&grid, &GridModel::changed, this, &ArtefactStrip::update_all);
  update_all();
}

void ArtefactStrip::update_all() {
  setVisible(!grid_.empty() && !grid_.artefacts().empty());
  updateGeometry();
  update();
}

std::vector<ArtefactStrip::Chip> ArtefactStrip::chips(int width) const {
  std::vector<Chip> chips;
  if (grid_.empty()) return chips;
  const int line = fontMetrics().height() + 4;
  QPoint at(0, 0);
  for (const size_t task : grid_.artefacts()) {
    const lab::TaskProgress& progress = grid_.task(task);
    QString text = shown(grid_.header().tasks[task].artefact);
    const run::Progress& done = progress.progress;
    if (lab::is_at_work(progress.state) && done.part_total > 0)
      text += QString(" %1 %").arg(100 * done.part_done / done.part_total);
    else if (lab::is_at_work(progress.state) && done.max_steps > 0)
      text += QString(" %1 %").arg(100 * done.step / done.max_steps);
    const int wide = kSign + kGap + fontMetrics().horizontalAdvance(text);
    if (at.x() > 0 && at.x() + wide > width) at = {0, at.y() + line};
    chips.push_back({task, text, QRect(at, QSize(wide, line))});
    at.rx() += wide + kBetween;
  }
  return chips;
}

int ArtefactStrip::heightForWidth(int width) const {
  const std::vector<Chip> all = chips(width);
  return all.empty() ? 0 : all.back().place.bottom() + 1;
}

QSize ArtefactStrip::sizeHint() const { return {200, heightForWidth(std::max(width(), 200))}; }

void ArtefactStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  for (const Chip& chip : chips(width())) {
    paint_sign(painter, grid_.task(chip.task).state, chip.place.topLeft(), chip.place.height(),
               is_dark(palette()));
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(chip.place.adjusted(kSign + kGap, 0, 2, 0), Qt::AlignVCenter, chip.text);
  }
}

void ArtefactStrip::mousePressEvent(QMouseEvent* event) {
  for (const Chip& chip : chips(width())) {
    if (chip.place.contains(event->pos())) return Q_EMIT chosen(chip.task);
  }
}

Legend::Legend(const GridModel& grid, QWidget* parent) : QWidget(parent), grid_(grid) {
  setAccessibleName("States of the runs");
  const auto repaint = [this] { update(); };
  connect(&grid, &GridModel::reset, this, repaint);
  connect(&grid, &GridModel::changed, this, repaint);
}

QSize Legend::sizeHint() const { return {100, fontMetrics().height() + 4}; }

void Legend::paintEvent(QPaintEvent*) {
  if (grid_.empty()) return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  int x = 0;
  for (const Look look : {Look::kDoneBefore, Look::kFinished, Look::kRunning, Look::kElsewhere,
                          Look::kWaiting, Look::kFailed, Look::kInterrupted, Look::kSkipped}) {
    const size_t count = grid_.progress().count(look);
    if (count == 0) continue;
    const QString text = QString::number(count) + " " + look_text(look);
    paint_sign(painter, look, {x, 0}, height(), is_dark(palette()));
    painter.setPen(palette().color(QPalette::WindowText));
    x += kSign + kGap;
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter, text);
    x += fontMetrics().horizontalAdvance(text) + kBetween;
  }
}

GridPanel::GridPanel(const GridModel& grid, const std::vector<QAction*>& buttons, QWidget* parent)
    : QWidget(parent),
      grid_(grid),
      title_(plain_label({}, this)),
      state_(plain_label({}, this)),
      bar_(new QProgressBar(this)),
      artefacts_(new ArtefactStrip(grid, this)),
      map_(new HeatMap(grid, this)) {
  QFont bold = title_->font();
  bold.setBold(true);
  title_->setFont(bold);
  title_->setAccessibleName("Grid");
  state_->setWordWrap(true);
  state_->setAccessibleName("State of the grid");
  bar_->setTextVisible(false);
  bar_->setMaximumHeight(8);
  bar_->setAccessibleName("Share of the runs that have ended");
  auto* top = new QHBoxLayout;
  top->addWidget(title_, 1);
  for (QAction* action : buttons) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setText(action->iconText());
    button->setAccessibleName(action->text());
    connect(action, &QAction::changed, button,
            [button, action] { button->setText(action->iconText()); });
    top->addWidget(button);
  }
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  column->addLayout(top);
  column->addWidget(bar_);
  column->addWidget(state_);
  column->addWidget(artefacts_);
  column->addWidget(map_, 1);
  column->addWidget(new Legend(grid, this));
  connect(&grid, &GridModel::reset, this, &GridPanel::update);
  connect(&grid, &GridModel::changed, this, &GridPanel::update);
  update();
}

void GridPanel::update() {
  if (grid_.empty()) return;
  const GridSummary& summary = grid_.summary();
  title_->setText(shown(grid_.header().experiment));
  title_->setToolTip(plain_tip(shown(grid_.header().id + "\n" + grid_.header().spec)));
  QString text = detail_of(summary);
  if (summary.conclusion && !summary.conclusion->message.empty())
    text += "\n" + shown(summary.conclusion->message);
  else if (!grid_.remark().empty())
    text += "\n" + shown(grid_.remark());
  state_->setText(text);
  const auto ended = static_cast<int>(grid_.progress().ended());
  bar_->setRange(0, std::max(1, static_cast<int>(grid_.progress().to_do())));
  bar_->setValue(grid_.progress().to_do() == 0 ? 1 : ended);
}

}  // namespace lea::gui
