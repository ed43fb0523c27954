// No query runs on the window's thread. SQLite itself is the witness: each connection that this process
// opens, whichever code opens it, gets a trace that notes the threads on which statements begin.
#include <sqlite3.h>

#include <QTest>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "gui/view/main_window.h"
#include "gui/view/sql_view.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

std::mutex mutex;
std::thread::id window_thread;
std::set<std::string> on_window_thread;  // statements
std::atomic<int> elsewhere{0};

int note(unsigned, void*, void* statement, void*) {
  if (std::this_thread::get_id() != window_thread) return ++elsewhere, 0;
  const std::lock_guard lock(mutex);
  on_window_thread.insert(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
  return 0;
}

extern "C" int trace(sqlite3* connection, char**, const void*) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, note, nullptr);
}

// Traces all connections that are opened in its lifetime.
class Witness {
 public:
  Witness() {
    window_thread = std::this_thread::get_id();
    on_window_thread.clear();
    elsewhere = 0;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(trace));
  }
  ~Witness() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(trace)); }
};

TEST(WindowThread, IsSeenByTheWitnessWhenAQueryRunsOnIt) {
  const LabFolder folder;
  folder.import_runs();
  const Witness witness;
  EXPECT_EQ(db::Store(folder.path(), db::Store::Mode::kReadOnly).uuids().size(), 6u);
  EXPECT_FALSE(on_window_thread.empty());
}

TEST(WindowThread, RunsNoQuery) {
  const LabFolder folder;
  folder.import_runs();
  const Witness witness;
  Messages messages;
  LabModel lab(messages);
  Launcher launcher(lab);
  ActionList actions;
  Navigator navigator;
  QSettings settings(QString::fromStdString(folder.file("window.ini")), QSettings::IniFormat);
  const Context context{messages, lab, actions, navigator, launcher};
  MainWindow window(context, page_entries(), settings);
  window.show();
  lab.open(folder.path());
  const auto settle = [&] {
    return wait_until([&] { return !lab.is_refreshing() && lab.index().lane().waiting() == 0; });
  };
  ASSERT_TRUE(settle());
  for (const PageEntry& page : page_entries()) {
    window.show_page(page.id);
    ASSERT_TRUE(settle());
    // Every table is sorted, filtered and exported.
    for (TablePane* pane : window.page(page.id)->findChildren<TablePane*>()) {
      for (int column = 0; column < pane->view()->model()->columnCount(); ++column)
        pane->view()->sortByColumn(column, Qt::DescendingOrder);
      QTest::keyClicks(pane->expression(), "seed<3");
      QTest::qWait(300);
      pane->copy("csv", /*all=*/true);
    }
    ASSERT_TRUE(settle());
  }
  SqlQuery query(lab);
  query.run("SELECT count(*) FROM result", 5);
  ASSERT_TRUE(wait_until([&] { return query.rowCount() == 1; }));
  lab.refresh();
  ASSERT_TRUE(settle());
  window.close();
  EXPECT_GT(elsewhere, 50) << "the witness saw too little";
  EXPECT_EQ(on_window_thread, std::set<std::string>{});
}

}  // namespace
}  // namespace lea::gui
