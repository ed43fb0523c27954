// Whether the user's desktop prefers dark colours. Qt 6.4 cannot say, so the desktop portal is asked.
#pragma once

#include <QDBusVariant>
#include <QObject>

namespace lea::gui {

class SystemTheme : public QObject {
  Q_OBJECT

 public:
  // `dark`: what to assume until the portal has answered, and where there is none.
  explicit SystemTheme(bool dark, QObject* parent = nullptr);

  bool is_dark() const { return dark_; }

 Q_SIGNALS:
  void changed();

 private Q_SLOTS:
  void setting_changed(const QString& group, const QString& key, const QDBusVariant& value);

 private:
  void take(const QVariant& value);

  bool dark_;
};

}  // namespace lea::gui
