// The colours of YAML, readable on the base of the palette.
#pragma once

#include <QColor>
#include <QPalette>

#include "gui/model/yaml_words.h"

namespace lea::gui {

QColor yaml_colour(YamlWord word, const QPalette& palette);

}  // namespace lea::gui
