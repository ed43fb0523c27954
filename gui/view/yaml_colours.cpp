#include "gui/view/yaml_colours.h"

#include "gui/model/look.h"

namespace lea::gui {

QColor yaml_colour(YamlWord word, const QPalette& palette) {
  const bool dark = is_dark(palette);
  switch (word) {
    case YamlWord::kKey:
      return palette.color(QPalette::Link);
    case YamlWord::kNumber:
      return dark ? QColor(0xf0, 0xa3, 0x5e) : QColor(0x9a, 0x46, 0x00);
    case YamlWord::kConstant:
      return dark ? QColor(0xd6, 0xa0, 0xf0) : QColor(0x7a, 0x3e, 0x9d);
    case YamlWord::kQuoted:
    case YamlWord::kBlock:
      return dark ? QColor(0x8f, 0xce, 0x7a) : QColor(0x2e, 0x6b, 0x12);
    case YamlWord::kAnchor:
      return dark ? QColor(0x4e, 0xc9, 0xb0) : QColor(0x00, 0x6e, 0x64);
    case YamlWord::kComment:
    case YamlWord::kSign:
      return palette.color(QPalette::PlaceholderText);
    case YamlWord::kTab:
      return dark ? QColor(0xf0, 0x7a, 0x3c) : QColor(0xb0, 0x40, 0x00);
    case YamlWord::kText:
    case YamlWord::kBlank:
      break;
  }
  return palette.color(QPalette::Text);
}

}  // namespace lea::gui
