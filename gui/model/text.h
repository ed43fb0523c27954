// Text between Qt and the rooms without Qt, which use UTF-8.
#pragma once

#include <QString>
#include <string>

#include "core/base/text.h"

namespace lea::gui {

inline QString to_qt(const std::string& text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

inline std::string to_std(const QString& text) { return text.toStdString(); }

// Text from files, made safe for a label (core/base/text.h).
inline QString shown(const std::string& text) { return to_qt(printable(text)); }

// Text for a tip, which would otherwise guess whether it is markup.
inline QString plain_tip(const QString& text) {
  if (text.isEmpty()) return text;
  return "<span>" + text.toHtmlEscaped().replace('\n', "<br>") + "</span>";
}

// Text for a menu or a button, where an & would mark a key.
inline QString plain_title(QString text) { return text.replace('&', "&&"); }

}  // namespace lea::gui
