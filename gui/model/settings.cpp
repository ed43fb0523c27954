#include "gui/model/settings.h"

#include <QStandardPaths>

namespace lea::gui {

QString settings_file() {
  const QString named = qEnvironmentVariable("LEALAB_GUI_SETTINGS");
  return named.isEmpty() ? QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
                               "/lealab/window.ini"
                         : named;
}

QString number_list(const std::vector<int>& numbers) {
  QStringList words;
  for (const int number : numbers) words << QString::number(number);
  return words.join(", ");
}

std::vector<int> numbers_in(const QString& text) {
  std::vector<int> numbers;
  for (const QString& word : text.split(',', Qt::SkipEmptyParts)) {
    bool is_number = false;
    numbers.push_back(word.trimmed().toInt(&is_number));
    if (!is_number) return {};
  }
  return numbers;
}

}  // namespace lea::gui
