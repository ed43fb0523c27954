// A question in the page itself, for something that cannot be undone. It stops nothing else.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>
#include <functional>

namespace lea::gui {

class ConsentBar : public QFrame {
  Q_OBJECT

 public:
  explicit ConsentBar(QWidget* parent = nullptr);

  // Shows a question. `yes` is the text of the button that calls `run`.
  void ask(const QString& question, const QString& yes, const std::function<void()>& run);
  void forget();

  QPushButton* yes() const { return yes_; }
  QPushButton* no() const { return no_; }
  QLabel* question() const { return question_; }

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QLabel* question_;
  QPushButton *yes_, *no_;
  std::function<void()> run_;
};

}  // namespace lea::gui
