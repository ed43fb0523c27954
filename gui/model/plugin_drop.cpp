#include "gui/model/plugin_drop.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

using Stage = PluginDrop::Stage;

report::FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

Look look_of(Stage stage) {
  switch (stage) {
    case Stage::kWaiting:
      return Look::kWaiting;
    case Stage::kProbed:
      return Look::kElsewhere;
    case Stage::kInstalled:
      return Look::kFinished;
    case Stage::kFailed:
      return Look::kFailed;
    case Stage::kSkipped:
      return Look::kSkipped;
    default:
      return Look::kRunning;
  }
}

std::string registered(const lab::PluginRecord& record) {
  std::vector<std::string> names;
  for (const spec::PluginInfo& plugin : record.plugins)
    names.push_back(plugin.kind + " " + plugin.id + " " + plugin.version);
  return names.empty() ? "" : joined(names);
}

// What a probe that goes on is doing.
std::pair<Stage, QString> progress_of(const lab::ProbeNews& news) {
  const bool code_runs = !news.phase.empty() && news.phase != "reading";
  const Stage stage = code_runs               ? Stage::kCompatible
                      : news.provides.empty() ? Stage::kFound
                                              : Stage::kRead;
  std::vector<std::string> names;
  for (const spec::PluginName& name : news.provides) names.push_back(name.kind + " " + name.id);
  QString text = names.empty() ? QString() : shown(joined(names)) + ": ";
  text += news.phase.empty() ? QString("starting the probe") : shown(news.phase);
  return {stage, text + "…"};
}

QString ready_text(const lab::InstallPlan& plan) {
  if (plan.replaces.empty()) return "Can be installed; it replaces nothing.";
  std::vector<std::string> replaced;
  for (const lab::ReplacedPlugin& one : plan.replaces)
    replaced.push_back(one.kind + " " + one.id + (one.version.empty() ? "" : " " + one.version));
  return "Can be installed, and replaces " + shown(joined(replaced)) + ".";
}

}  // namespace

QString stage_text(Stage stage) {
  switch (stage) {
    case Stage::kWaiting:
      return "waiting";
    case Stage::kFound:
      return "found";
    case Stage::kRead:
      return "read";
    case Stage::kCompatible:
      return "compatible";
    case Stage::kProbed:
      return "probed";
    case Stage::kInstalling:
      return "installing";
    case Stage::kInstalled:
      return "installed";
    case Stage::kFailed:
      return "failed";
    case Stage::kSkipped:
      return "skipped";
  }
  return "";
}

PluginDrop::PluginDrop(LabModel& lab, PluginTable& installed, QObject* parent)
    : MemoryTable(parent),
      lab_(lab),
      installed_(installed),
      columns_({{"state", "State"},
                {"file", "File"},
                {"registers", "Registers"},
                {"answer", "Answer"}}) {
  connect(&first_, &Lane::waiting_changed, this, &PluginDrop::start_next, Qt::QueuedConnection);
  connect(&second_, &Lane::waiting_changed, this, &PluginDrop::start_next, Qt::QueuedConnection);
  rows_replaced();
}

int PluginDrop::add(const QStringList& paths) {
  const int first = count_ + 1;
  begin_replacing();
  for (const QString& path : paths) {
    const std::string name = to_std(path);
    std::erase_if(rows_, [&](const Held& row) {
      if (row->path != name || works(row->stage)) return false;
      drop_copy(row);
      return true;
    });
  }
  for (const QString& path : paths) {
    auto row = std::make_shared<Row>();
    row->path = to_std(path);
    row->number = ++count_;
    rows_.push_back(std::move(row));
  }
  rows_replaced();
  said_ = false;
  lab_.messages().resolve(kSource);
  start_next();
  Q_EMIT stage_changed();
  return first;
}

void PluginDrop::start_next() {
  for (Lane* lane : {&first_, &second_}) {
    const auto next = std::find_if(rows_.begin(), rows_.end(),
                                   [](const Held& row) { return row->stage == Stage::kWaiting; });
    if (next != rows_.end() && lane->waiting() == 0) start(*next, *lane);
  }
  say_how_it_ended();
}

void PluginDrop::start(const Held& row, Lane& lane) {
  row->lane = &lane;
  set(row, Stage::kFound, "Copying it to look at it…");
  lane.ask(
      row->ticket,
      [this, question = Question{row->path, row->number, probe_seconds_, lab_.plugin_dirs}](
          const Lane::Cancelled& cancelled) { return examine(question, cancelled); },
      [this, row](Answer answer) { take(row, std::move(answer)); },
      [this, row](const QString& text) { end(row, Stage::kFailed, text); });
}

// On a lane.
PluginDrop::Answer PluginDrop::examine(const Question& question, const Lane::Cancelled& cancelled) {
  Answer answer;
  answer.staged = std::make_shared<lab::StagedPlugin>(question.path, cancelled);
  lab::ProbeWatch watch{question.seconds, {}, cancelled};
  watch.news = [this, number = question.number](const lab::ProbeNews& news) {
    const auto [stage, text] = progress_of(news);
    QMetaObject::invokeMethod(
        this, [this, number, stage = stage, text = text] { take_news(number, stage, text); },
        Qt::QueuedConnection);
  };
  answer.record = answer.staged->probe(watch);
  if (answer.record.state == lab::PluginState::kEnabled) {
    const auto installed = lab::probe_plugins(lab::plugin_folders(question.plugin_dirs),
                                              lab::ProbeCache::kUse, cancelled);
    answer.plan = lab::plan_install(answer.record, installed);
  }
  const bool can_be_installed =
      answer.record.state == lab::PluginState::kEnabled && answer.plan.obstacle.empty();
  if (!can_be_installed || cancelled()) answer.staged.reset();
  return answer;
}

void PluginDrop::take_news(int number, Stage stage, const QString& answer) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Held& row) { return row->number == number; });
  if (found != rows_.end() && (*found)->stage >= Stage::kFound && (*found)->stage < Stage::kProbed)
    set(*found, std::max(stage, (*found)->stage), answer);
}

void PluginDrop::take(const Held& row, Answer answer) {
  row->record = std::move(answer.record);
  row->plan = std::move(answer.plan);
  row->staged = std::move(answer.staged);
  if (row->record.state != lab::PluginState::kEnabled)
    return end(row, Stage::kFailed, to_qt(row->record.reason));
  if (!row->plan.obstacle.empty())
    return end(row, Stage::kFailed, shown(file_name(row->path)) + ": " + to_qt(row->plan.obstacle));
  if (const Held other = twin(row)) {
    drop_copy(row);
    return end(row, Stage::kFailed,
               shown(file_name(row->path)) + ": the same file as " + shown(other->path) +
                   ", which is in this list already.");
  }
  end(row, Stage::kProbed, ready_text(row->plan));
}

// Another file that may be installed and has the same content.
PluginDrop::Held PluginDrop::twin(const Held& row) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Held& other) {
    return other != row && other->stage == Stage::kProbed &&
           other->record.sha256 == row->record.sha256;
  });
  return found == rows_.end() ? nullptr : *found;
}

void PluginDrop::end(const Held& row, Stage stage, const QString& answer) {
  row->lane = nullptr;
  set(row, stage, answer);
  say_how_it_ended();
}

void PluginDrop::set(const Held& row, Stage stage, const QString& answer) {
  row->stage = stage;
  row->answer = answer;
  const auto found = std::find(rows_.begin(), rows_.end(), row);
  if (found == rows_.end()) return;
  rows_changed({static_cast<size_t>(found - rows_.begin())});
  Q_EMIT stage_changed();
}

bool PluginDrop::is_working() const {
  return std::any_of(rows_.begin(), rows_.end(), [](const Held& row) { return works(row->stage); });
}

// One message for all files that were given together, when the last of them has its answer.
void PluginDrop::say_how_it_ended() {
  if (said_ || is_working()) return;
  said_ = true;
  std::vector<const Row*> failed;
  for (const Held& row : rows_) {
    if (row->stage == Stage::kFailed) failed.push_back(row.get());
  }
  if (failed.size() == 1) lab_.messages().error(kSource, failed[0]->answer);
  if (failed.size() < 2) return;
  std::vector<std::string> names;
  for (const Row* row : failed) names.push_back(file_name(row->path));
  lab_.messages().error(kSource, to_qt(lea::counted(failed.size(), "file")) +
                                     " cannot be installed: " + shown(joined(names)) +
                                     ". The page Plugins and artefacts says why of each.");
}

std::vector<PluginDrop::Held> PluginDrop::held(const std::vector<QModelIndex>& indexes) const {
  std::vector<Held> held;
  for (const QModelIndex& index : indexes) held.push_back(rows_.at(source_row(index)));
  return held;
}

void PluginDrop::skip(const std::vector<QModelIndex>& indexes) {
  for (const Held& row : held(indexes)) {
    if (row->stage >= Stage::kProbed) continue;
    if (row->lane != nullptr) row->lane->cancel(row->ticket);
    end(row, Stage::kSkipped, "Skipped before its probe had ended. Drop it again to try it again.");
  }
}

void PluginDrop::install(const std::vector<QModelIndex>& indexes) {
  for (const Held& row : held(indexes)) {
    if (row->stage == Stage::kProbed) install(row);
  }
}

void PluginDrop::install(const Held& held) {
  set(held, Stage::kInstalling, "Installing it…");
  store_.ask(
      tickets_.emplace_back(),
      [staged = held->staged, record = held->record, shown_plan = held->plan,
       dirs = lab_.plugin_dirs](const Lane::Cancelled& cancelled) {
        const auto installed =
            lab::probe_plugins(lab::plugin_folders(dirs), lab::ProbeCache::kUse, cancelled);
        const lab::InstallPlan plan = lab::plan_install(record, installed);
        // What the user agreed to is what is done.
        if (plan == shown_plan || !plan.obstacle.empty()) {
          lab::install_plugin(*staged, plan);
          staged->remove();
        }
        return plan;
      },
      [this, held](const lab::InstallPlan& plan) {
        if (plan != held->plan) {
          held->plan = plan;
          return end(held, Stage::kProbed,
                     "The plugins have changed meanwhile. " + ready_text(plan));
        }
        held->staged.reset();
        end(held, Stage::kInstalled, "Installed as " + shown(plan.target) + ".");
        installed_.list_changed();
      },
      [this, held](const QString& text) {
        drop_copy(held);
        end(held, Stage::kFailed, text);
        lab_.messages().error(kSource, text);
      });
}

// Files are removed on a lane.
void PluginDrop::drop_copy(const Held& row) {
  if (!row->staged) return;
  store_.ask(
      tickets_.emplace_back(),
      [staged = std::move(row->staged)](const Lane::Cancelled&) {
        staged->remove();
        return true;
      },
      [](bool) {}, [](const QString&) {});
  row->staged.reset();
}

void PluginDrop::clear() {
  begin_replacing();
  std::erase_if(rows_, [&](const Held& row) {
    if (works(row->stage)) return false;
    drop_copy(row);
    return true;
  });
  rows_replaced();
  lab_.messages().resolve(kSource);
  Q_EMIT stage_changed();
}

Facts PluginDrop::facts(const QModelIndex& index) const {
  const Row& of = row(index);
  Facts facts = {{"State", stage_text(of.stage)}};
  if (of.record.plugins.empty()) {
    facts.emplace_back("File", shown(of.path));
    return facts;
  }
  const Facts more = install_facts(of.record, of.plan);
  facts.insert(facts.end(), more.begin(), more.end());
  return facts;
}

const lab::PluginRecord* PluginDrop::record(const QModelIndex& index) const {
  const Row& of = row(index);
  return of.record.plugins.empty() ? nullptr : &of.record;
}

report::FieldValue PluginDrop::value(size_t index, const std::string& field) const {
  const Row& of = *rows_[index];
  if (field == "state") return of_text(to_std(stage_text(of.stage)));
  if (field == "file") return of_text(of.path);
  if (field == "registers") return of_text(registered(of.record));
  return of_text(to_std(of.answer));
}

QVariant PluginDrop::show(size_t index, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  const Row& of = *rows_[index];
  if (role == kIdRole) return of.number;
  if (role == kLookRole && field == "state") return static_cast<int>(look_of(of.stage));
  if (role == Qt::DisplayRole && field == "file") return shown(file_name(of.path));
  if (role == Qt::DisplayRole && field == "answer") return of.answer.section('\n', 0, 0);
  return MemoryTable::show(index, column, role);
}

}  // namespace lea::gui
