// How states look: a colour and a sign, so that neither is needed alone. The colours are those of
// Okabe and Ito, which people with any colour vision tell apart.
#pragma once

#include <QColor>
#include <QPainterPath>
#include <QPalette>
#include <QRectF>
#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/grid_progress.h"

namespace lea::gui {

using Look = lab::TaskState;

// "finished", "waiting"; what a legend and a screen reader say.
QString look_text(Look look);

// The look of a run's state in the index ("running", "failed" ...).
Look look_of_state(const std::string& state);

QColor look_colour(Look look, bool dark);

// The sign of a state, to be filled, in a square.
QPainterPath look_sign(Look look, const QRectF& square);

// Whether a palette is a dark one.
bool is_dark(const QPalette& palette);

// Colours for curves, readable on the palette's base. They repeat after eight.
QColor curve_colour(size_t index, bool dark);

enum class Theme { kSystem, kLight, kDark };
QString theme_name(Theme theme);
Theme theme_from(const QString& name);  // kSystem for an unknown name

QPalette light_palette();
QPalette dark_palette();

}  // namespace lea::gui
