#include "gui/app/system_theme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>

namespace lea::gui {
namespace {

constexpr const char* kService = "org.freedesktop.portal.Desktop";
constexpr const char* kPath = "/org/freedesktop/portal/desktop";
constexpr const char* kInterface = "org.freedesktop.portal.Settings";
constexpr const char* kGroup = "org.freedesktop.appearance";
// This is the text that the macro SLOT makes of the method. QDBusConnection::connect takes no other form.
constexpr const char* kSlot = "1setting_changed(QString,QString,QDBusVariant)";
constexpr const char* kKey = "color-scheme";  // 0: no preference, 1: dark, 2: light

}  // namespace

SystemTheme::SystemTheme(bool dark, QObject* parent) : QObject(parent), dark_(dark) {
  QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return;
  bus.connect(kService, kPath, kInterface, "SettingChanged", this, kSlot);
  QDBusMessage question = QDBusMessage::createMethodCall(kService, kPath, kInterface, "Read");
  question << QString(kGroup) << QString(kKey);
  auto* answer = new QDBusPendingCallWatcher(bus.asyncCall(question), this);
  connect(answer, &QDBusPendingCallWatcher::finished, this, [this, answer] {
    const QDBusPendingReply<QDBusVariant> reply = *answer;
    if (!reply.isError()) take(reply.value().variant());
    answer->deleteLater();
  });
}

void SystemTheme::setting_changed(const QString& group, const QString& key,
                                  const QDBusVariant& value) {
  if (group == kGroup && key == kKey) take(value.variant());
}

void SystemTheme::take(const QVariant& value) {
  // `Read` wraps the value once more than the signal does.
  const QVariant inner =
      value.canConvert<QDBusVariant>() ? value.value<QDBusVariant>().variant() : value;
  const uint scheme = inner.toUInt();
  if (scheme == 0) return;
  const bool dark = scheme == 1;
  if (dark == dark_) return;
  dark_ = dark;
  Q_EMIT changed();
}

}  // namespace lea::gui
