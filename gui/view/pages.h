// The pages of the window, in the order of their tabs.
#pragma once

#include <QString>
#include <functional>
#include <vector>

#include "gui/view/page.h"

namespace lea::gui {

struct PageEntry {
  QString id;  // stable: settings and the navigator use it
  QString title;
  std::function<Page*(const Context&)> make;
};

const std::vector<PageEntry>& page_entries();

}  // namespace lea::gui
