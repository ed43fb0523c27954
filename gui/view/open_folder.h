// Leaves a folder to the program of the desktop that shows folders.
#pragma once

#include <QDesktopServices>
#include <QUrl>
#include <string>

#include "gui/model/messages.h"
#include "gui/model/text.h"

namespace lea::gui {

inline void open_folder(const std::string& path, Messages& messages) {
  if (!QDesktopServices::openUrl(QUrl::fromLocalFile(to_qt(path))))
    messages.error("folder", "No program opens folders here. It is " + shown(path));
}

}  // namespace lea::gui
