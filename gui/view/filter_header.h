// A table's header with a line below each title where a condition can be typed.
#pragma once

#include <QHeaderView>
#include <QLineEdit>
#include <vector>

namespace lea::gui {

class FilterHeader : public QHeaderView {
  Q_OBJECT

 public:
  explicit FilterHeader(QWidget* parent = nullptr);

  // As many lines as the model has columns. Text that is there stays.
  void set_fields(const std::vector<QString>& titles);
  QString typed(int column) const;
  void set_typed(int column, const QString& text);
  void clear();
  void set_filters_shown(bool shown);
  bool filters_shown() const { return shown_; }
  QLineEdit* line(int column) const { return lines_.at(static_cast<size_t>(column)); }

  // Puts the lines below their titles; to be called after the table has scrolled sideways.
  void place();

  QSize sizeHint() const override;

 Q_SIGNALS:
  void typed_changed();

 protected:
  void updateGeometries() override;

 private:
  std::vector<QLineEdit*> lines_;
  bool shown_ = true;
};

}  // namespace lea::gui
