#include "gui/model/messages.h"

#include <algorithm>

namespace lea::gui {

void Messages::report(Severity severity, const QString& source, const QString& text) {
  const auto dismissed = dismissed_.find(source);
  if (dismissed != dismissed_.end() && dismissed->second == text && severity != Severity::kNote)
    return;
  const auto shown = std::find_if(current_.begin(), current_.end(),
                                  [&](const Message& message) { return message.source == source; });
  if (shown != current_.end() && shown->text == text && shown->severity == severity) return;
  remove(source);
  current_.push_back({severity, source, text, QDateTime::currentDateTime()});
  Q_EMIT changed();
}

bool Messages::remove(const QString& source) {
  return std::erase_if(current_, [&](const Message& message) { return message.source == source; }) >
         0;
}

void Messages::resolve(const QString& source) {
  dismissed_.erase(source);
  if (remove(source)) Q_EMIT changed();
}

void Messages::dismiss(const QString& source) {
  for (const Message& message : current_) {
    if (message.source == source) dismissed_[source] = message.text;
  }
  if (remove(source)) Q_EMIT changed();
}

}  // namespace lea::gui
