// Measures how long the event loop of the window's thread does not answer.
#pragma once

#include <QCoreApplication>
#include <QThread>
#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

namespace lea::bench {

class Watchdog {
 public:
  // Asks so often; each question costs a little.
  explicit Watchdog(std::chrono::milliseconds pause)
      : pause_(pause), thread_([this] { watch(); }) {}
  ~Watchdog() {
    stopping_ = true;
    answered_.release();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // The longest time since the last call, in ms.
  double longest() { return longest_.exchange(0); }

 private:
  using Clock = std::chrono::steady_clock;

  void watch() {
    while (!stopping_) {
      const auto asked = Clock::now();
      QMetaObject::invokeMethod(
          qApp, [this] { answered_.release(); }, Qt::QueuedConnection);
      answered_.acquire();
      const double waited = std::chrono::duration<double, std::milli>(Clock::now() - asked).count();
      if (!stopping_ && waited > longest_) longest_ = waited;
      std::this_thread::sleep_for(pause_);
    }
  }

  const std::chrono::milliseconds pause_;
  std::atomic<bool> stopping_{false};
  std::atomic<double> longest_{0};
  std::counting_semaphore<1000> answered_{0};
  std::thread thread_;
};

}  // namespace lea::bench
