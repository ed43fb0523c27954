// Where the window keeps how it looks: one text file that can be kept in git, with its keys in a
// stable order. It holds no results and no unsaved work.
#pragma once

#include <QSettings>
#include <QString>
#include <QStringList>
#include <vector>

namespace lea::gui {

// $XDG_CONFIG_HOME/lealab/window.ini; $LEALAB_GUI_SETTINGS names another file.
QString settings_file();

// Whole numbers as "1, 2, 3", and back. Text that is none gives an empty list.
QString number_list(const std::vector<int>& numbers);
std::vector<int> numbers_in(const QString& text);

}  // namespace lea::gui
