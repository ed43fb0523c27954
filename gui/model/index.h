// The results index of the open lab, as a window reads it: on a lane of its own, through a connection
// of its own that only reads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "db/store/store.h"
#include "gui/model/lane.h"
#include "gui/model/messages.h"

namespace lea::gui {

class Index : public QObject {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "index";

  explicit Index(Messages& messages, QObject* parent = nullptr);

  // Forgets the lab before, and what was asked about it.
  void open(const std::string& lab);
  // Reads from this store from now on, such as a copy in memory of an index that cannot be brought up
  // to date.
  void use(std::shared_ptr<db::Store> store);

  // Calls `work(store, cancelled)` on the lane, then `done(answer)` here. An error becomes a message
  // unless `failed` is given.
  template <class Work, class Done>
  void ask(Ticket& ticket, Work work, Done done, Lane::Failed failed = {});

  Lane& lane() { return lane_; }

 private:
  // The store, opened when it is needed. Must be called on the lane. Empty when the lab has no index
  // yet. Throws StoreError.
  const db::Store& store();
  void set_store(std::shared_ptr<db::Store> store);

  Messages& messages_;
  std::string lab_;  // of the lane's thread
  std::mutex mutex_;
  std::shared_ptr<db::Store> store_;  // set on the lane's thread, under the mutex
  Lane lane_;                         // its thread ends before the store is destroyed
  Ticket opening_, using_;
};

template <class Work, class Done>
void Index::ask(Ticket& ticket, Work work, Done done, Lane::Failed failed) {
  if (!failed) failed = [this](const QString& text) { messages_.error(kSource, text); };
  lane_.ask(
      ticket, [this, work](const Lane::Cancelled& cancelled) { return work(store(), cancelled); },
      [this, done](auto answer) {
        messages_.resolve(kSource);
        done(std::move(answer));
      },
      std::move(failed));
}

}  // namespace lea::gui
