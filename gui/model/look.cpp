#include "gui/model/look.h"

#include <array>

#include "gui/model/text.h"

namespace lea::gui {
namespace {

QPainterPath polygon(const QRectF& square, const std::vector<QPointF>& points) {
  QPolygonF shape;
  for (const QPointF& point : points) {
    shape << QPointF(square.x() + point.x() * square.width(),
                     square.y() + point.y() * square.height());
  }
  QPainterPath path;
  path.addPolygon(shape);
  path.closeSubpath();
  return path;
}

QPainterPath bars(const QRectF& square, const std::vector<QRectF>& bars) {
  QPainterPath path;
  for (const QRectF& bar : bars) {
    path.addRect(square.x() + bar.x() * square.width(), square.y() + bar.y() * square.height(),
                 bar.width() * square.width(), bar.height() * square.height());
  }
  return path;
}

QPainterPath check(const QRectF& square) {
  return polygon(square, {{.02, .55}, {.16, .40}, {.38, .62}, {.84, .14}, {.98, .28}, {.38, .90}});
}

QPainterPath cross(const QRectF& square) {
  return polygon(square, {{.20, .06},
                          {.50, .36},
                          {.80, .06},
                          {.94, .20},
                          {.64, .50},
                          {.94, .80},
                          {.80, .94},
                          {.50, .64},
                          {.20, .94},
                          {.06, .80},
                          {.36, .50},
                          {.06, .20}});
}

struct Roles {
  QColor window, text, base, other_base, button, highlight, highlighted, link, dim, mid;
};

QPalette palette_with(const Roles& roles) {
  QPalette palette;
  palette.setColor(QPalette::Window, roles.window);
  palette.setColor(QPalette::WindowText, roles.text);
  palette.setColor(QPalette::Base, roles.base);
  palette.setColor(QPalette::AlternateBase, roles.other_base);
  palette.setColor(QPalette::ToolTipBase, roles.base);
  palette.setColor(QPalette::ToolTipText, roles.text);
  palette.setColor(QPalette::PlaceholderText, roles.dim);
  palette.setColor(QPalette::Text, roles.text);
  palette.setColor(QPalette::Button, roles.button);
  palette.setColor(QPalette::ButtonText, roles.text);
  palette.setColor(QPalette::BrightText, Qt::white);
  palette.setColor(QPalette::Highlight, roles.highlight);
  palette.setColor(QPalette::HighlightedText, roles.highlighted);
  palette.setColor(QPalette::Link, roles.link);
  palette.setColor(QPalette::LinkVisited, roles.link);
  palette.setColor(QPalette::Light, roles.button.lighter(130));
  palette.setColor(QPalette::Midlight, roles.button.lighter(115));
  palette.setColor(QPalette::Mid, roles.mid);
  palette.setColor(QPalette::Dark, roles.mid.darker(130));
  palette.setColor(QPalette::Shadow, roles.mid.darker(180));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    palette.setColor(QPalette::Disabled, role, roles.dim);
  palette.setColor(QPalette::Disabled, QPalette::Highlight, roles.mid);
  palette.setColor(QPalette::Disabled, QPalette::HighlightedText, roles.dim);
  return palette;
}

}  // namespace

QString look_text(Look look) { return to_qt(lab::to_string(look)); }

Look look_of_state(const std::string& state) {
  if (state == "running") return Look::kRunning;
  if (state == "finished") return Look::kFinished;
  if (state == "failed") return Look::kFailed;
  if (state == "interrupted") return Look::kInterrupted;
  if (state == "cancelled") return Look::kSkipped;
  return Look::kWaiting;
}

QColor look_colour(Look look, bool dark) {
  switch (look) {
    case Look::kDoneBefore:
      return dark ? QColor(0x3f, 0x6f, 0x62) : QColor(0x9f, 0xcd, 0xbf);
    case Look::kWaiting:
      return dark ? QColor(0x4a, 0x4e, 0x55) : QColor(0xd5, 0xd8, 0xdc);
    case Look::kRunning:
      return dark ? QColor(0x56, 0xb4, 0xe9) : QColor(0x00, 0x72, 0xb2);
    case Look::kElsewhere:
      return QColor(0xcc, 0x79, 0xa7);
    case Look::kFinished:
      return dark ? QColor(0x1f, 0xb0, 0x85) : QColor(0x00, 0x9e, 0x73);
    case Look::kFailed:
      return dark ? QColor(0xf0, 0x7a, 0x3c) : QColor(0xd5, 0x5e, 0x00);
    case Look::kInterrupted:
      return QColor(0xe6, 0x9f, 0x00);
    case Look::kSkipped:
      break;
  }
  return dark ? QColor(0x7a, 0x80, 0x88) : QColor(0x9a, 0xa0, 0xa6);
}

QPainterPath look_sign(Look look, const QRectF& square) {
  switch (look) {
    case Look::kRunning:
      return polygon(square, {{.18, .06}, {.92, .50}, {.18, .94}});
    case Look::kElsewhere:
      return polygon(
          square,
          {{.0, .38}, {.50, .38}, {.50, .12}, {1., .50}, {.50, .88}, {.50, .62}, {.0, .62}});
    case Look::kFinished:
      return check(square);
    case Look::kDoneBefore: {
      QPainterPath path;
      path.addEllipse(square.adjusted(square.width() * .14, square.height() * .14,
                                      -square.width() * .14, -square.height() * .14));
      return path;
    }
    case Look::kFailed:
      return cross(square);
    case Look::kInterrupted:
      return bars(square, {{.14, .10, .26, .80}, {.60, .10, .26, .80}});
    case Look::kSkipped:
      return bars(square, {{.08, .40, .84, .20}});
    case Look::kWaiting:
      break;
  }
  QPainterPath path;
  path.addEllipse(square.adjusted(square.width() * .36, square.height() * .36,
                                  -square.width() * .36, -square.height() * .36));
  return path;
}

bool is_dark(const QPalette& palette) {
  return palette.color(QPalette::Window).lightness() <
         palette.color(QPalette::WindowText).lightness();
}

QColor curve_colour(size_t index, bool dark) {
  static const std::array<QColor, 8> kLight = {QColor(0x00, 0x72, 0xb2), QColor(0xd5, 0x5e, 0x00),
                                               QColor(0x00, 0x9e, 0x73), QColor(0xcc, 0x79, 0xa7),
                                               QColor(0xe6, 0x9f, 0x00), QColor(0x33, 0x99, 0xcc),
                                               QColor(0x8c, 0x6d, 0x31), QColor(0x55, 0x55, 0x55)};
  static const std::array<QColor, 8> kDark = {QColor(0x56, 0xb4, 0xe9), QColor(0xf0, 0x7a, 0x3c),
                                              QColor(0x1f, 0xb0, 0x85), QColor(0xdd, 0x94, 0xbb),
                                              QColor(0xe6, 0x9f, 0x00), QColor(0x9a, 0xd0, 0xf5),
                                              QColor(0xc9, 0xa9, 0x6a), QColor(0xc8, 0xc8, 0xc8)};
  return dark ? kDark[index % kDark.size()] : kLight[index % kLight.size()];
}

QString theme_name(Theme theme) {
  return theme == Theme::kLight ? "light" : theme == Theme::kDark ? "dark" : "system";
}

Theme theme_from(const QString& name) {
  return name == "light" ? Theme::kLight : name == "dark" ? Theme::kDark : Theme::kSystem;
}

QPalette light_palette() {
  return palette_with({QColor(0xf3, 0xf4, 0xf6), QColor(0x1c, 0x1e, 0x21), Qt::white,
                       QColor(0xf7, 0xf8, 0xfa), QColor(0xe9, 0xeb, 0xee), QColor(0x1f, 0x6f, 0xb5),
                       Qt::white, QColor(0x00, 0x5c, 0x99), QColor(0x6b, 0x71, 0x79),
                       QColor(0xc4, 0xc8, 0xcd)});
}

QPalette dark_palette() {
  return palette_with({QColor(0x25, 0x28, 0x2c), QColor(0xe4, 0xe6, 0xe9), QColor(0x1b, 0x1d, 0x20),
                       QColor(0x21, 0x24, 0x28), QColor(0x33, 0x37, 0x3c), QColor(0x2a, 0x6f, 0xae),
                       Qt::white, QColor(0x6c, 0xb8, 0xf0), QColor(0x93, 0x99, 0xa1),
                       QColor(0x4a, 0x4f, 0x56)});
}

}  // namespace lea::gui
