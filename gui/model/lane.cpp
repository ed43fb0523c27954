#include "gui/model/lane.h"

#include <new>
#include <system_error>

#include "core/base/error.h"
#include "gui/model/text.h"

namespace lea::gui {

Lane::Lane(const QString& name, QObject* parent) : QObject(parent) {
  thread_.setObjectName(name);
  worker_.moveToThread(&thread_);
  thread_.start();
}

Lane::~Lane() {
  stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    if (running_ && interrupt_) interrupt_();
  }
  thread_.quit();
  thread_.wait();
}

void Lane::cancel(Ticket& ticket) {
  ticket.drop();
  interrupt(ticket.generation_);
}

void Lane::interrupt(const Generation& generation) {
  const std::lock_guard lock(mutex_);
  if (running_ == generation && interrupt_) interrupt_();
}

void Lane::post(const Generation& generation, const Cancelled& cancelled,
                std::function<Reply()> job) {
  ++waiting_;
  Q_EMIT waiting_changed();
  QMetaObject::invokeMethod(
      &worker_,
      [=, this] {
        Reply reply;
        {
          const std::lock_guard lock(mutex_);
          running_ = generation;
        }
        if (!cancelled()) reply = job();
        {
          const std::lock_guard lock(mutex_);
          running_ = nullptr;
        }
        QMetaObject::invokeMethod(
            this,
            [=, this] {
              --waiting_;
              if (reply && !cancelled()) reply();
              Q_EMIT waiting_changed();
            },
            Qt::QueuedConnection);
      },
      Qt::QueuedConnection);
}

QString Lane::guarded(const std::function<void()>& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return to_qt(error.what());
  } catch (const std::bad_alloc&) {
    return "Memory ran out. Free some, then try again.";
  } catch (const std::system_error& error) {
    return to_qt(printable(error.what()) + ". Free some space or memory, then try again.");
  } catch (const std::exception& error) {
    return to_qt("internal error: " + printable(error.what()));
  }
}

}  // namespace lea::gui
