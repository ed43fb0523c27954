#include "gui/model/index.h"

#include "core/base/error.h"

namespace lea::gui {
namespace {

constexpr double kWaitSeconds = 2;  // for a writer; the next question tries again

}  // namespace

Index::Index(Messages& messages, QObject* parent)
    : QObject(parent), messages_(messages), lane_("index") {
  lane_.set_interrupt([this] {
    const std::lock_guard lock(mutex_);
    if (store_) store_->interrupt();
  });
}

void Index::open(const std::string& lab) {
  using_.drop();
  lane_.ask(
      opening_,
      [this, lab](const Lane::Cancelled&) {
        lab_ = lab;
        set_store(nullptr);
        return true;
      },
      [](bool) {}, [](const QString&) {});
}

void Index::use(std::shared_ptr<db::Store> store) {
  lane_.ask(
      using_,
      [this, store](const Lane::Cancelled&) {
        set_store(store);
        return true;
      },
      [](bool) {}, [](const QString&) {});
}

void Index::set_store(std::shared_ptr<db::Store> store) {
  const std::lock_guard lock(mutex_);
  store_ = std::move(store);
}

const db::Store& Index::store() {
  if (!lane_.is_current_thread())
    throw Error(Exit::kInternal, "a query was asked outside the thread of queries");
  if (!store_) {
    const auto mode = !lab_.empty() && db::has_index(lab_) ? db::Store::Mode::kReadOnly
                                                           : db::Store::Mode::kMemory;
    set_store(std::make_shared<db::Store>(lab_, mode, kWaitSeconds));
  }
  return *store_;
}

}  // namespace lea::gui
