// Work that must not be done on the window's thread: queries, files, processes. A lane is one thread
// that does one thing after the other. Whoever asks holds a ticket. A newer question with the same
// ticket cancels the older one, and late answers are dropped.
#pragma once

#include <QObject>
#include <QThread>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

namespace lea::gui {

// Belongs to whoever asks. When it is destroyed, the answer is dropped.
class Ticket {
 public:
  Ticket() = default;
  ~Ticket() { drop(); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // Forgets the question that was asked last.
  void drop() { ++*generation_; }

 private:
  friend class Lane;
  std::shared_ptr<std::atomic<uint64_t>> generation_ = std::make_shared<std::atomic<uint64_t>>(0);
};

class Lane : public QObject {
  Q_OBJECT

 public:
  // Whether the question was cancelled. Long work asks now and then, and returns at once if so.
  using Cancelled = std::function<bool()>;
  // Gets the text of the exception that ended the work.
  using Failed = std::function<void(const QString&)>;

  explicit Lane(const QString& name, QObject* parent = nullptr);
  // Waits for the work that is being done, after interrupting it. What waits is forgotten.
  ~Lane() override;

  // Calls `work(cancelled)` on the lane's thread, then `done(answer)`, or `failed(text)` when it
  // threw, on the thread of this object. Neither is called for a question that was cancelled. Both
  // functions must be copyable.
  template <class Work, class Done>
  void ask(Ticket& ticket, Work work, Done done, Failed failed);

  // Cancels what was asked last with the ticket, and interrupts it.
  void cancel(Ticket& ticket);

  // How many questions have not been answered yet.
  int waiting() const { return waiting_; }
  bool is_current_thread() const { return QThread::currentThread() == &thread_; }

  // Called by any thread to end the work that is being done soon. Must be set before the first
  // question.
  void set_interrupt(std::function<void()> interrupt) { interrupt_ = std::move(interrupt); }

 Q_SIGNALS:
  void waiting_changed();

 private:
  using Reply = std::function<void()>;
  using Generation = std::shared_ptr<std::atomic<uint64_t>>;

  void post(const Generation& generation, const Cancelled& cancelled, std::function<Reply()> job);
  void interrupt(const Generation& generation);
  // Calls `work`. Returns the text for users when it throws, otherwise "".
  static QString guarded(const std::function<void()>& work);

  QThread thread_;
  QObject worker_;  // lives in thread_
  std::atomic<bool> stopping_{false};
  int waiting_ = 0;
  std::function<void()> interrupt_;
  std::mutex mutex_;
  Generation running_;  // of the ticket whose work is being done
};

template <class Work, class Done>
void Lane::ask(Ticket& ticket, Work work, Done done, Failed failed) {
  using Answer = std::invoke_result_t<Work, const Cancelled&>;
  const Generation generation = ticket.generation_;
  const uint64_t mine = ++*generation;
  interrupt(generation);
  const Cancelled cancelled = [generation, mine, this] {
    return generation->load() != mine || stopping_;
  };
  post(generation, cancelled, [=]() -> Reply {
    const auto answer = std::make_shared<std::optional<Answer>>();
    const QString problem = guarded([&] { *answer = work(cancelled); });
    if (!problem.isEmpty()) return [failed, problem] { failed(problem); };
    return [answer, done] { done(std::move(**answer)); };
  });
}

}  // namespace lea::gui
