#include "gui/model/artefact_table.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kSoonMilliseconds = 3000;  // many runs may end in a short time
constexpr size_t kDigits = 12;           // of a key, as `lealab artefacts` shows them
constexpr std::string_view kQuality = "quality.";

report::FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

report::FieldValue of_number(double number, int digits) {
  return {true, to_std(QString::number(number, 'g', digits)), number};
}

report::FieldValue of_count(int64_t count) {
  return {true, std::to_string(count), static_cast<double>(count)};
}

std::string short_key(const lab::ArtefactRow& row) { return row.folder.uuid().substr(0, kDigits); }

// Figures with a dot in their names are details.
bool is_detail(const std::string& name) { return name.find('.') != std::string::npos; }

const std::map<std::string, double>* quality_of(const lab::ArtefactRow& row) {
  return row.result && row.result->making ? &row.result->making->quality : nullptr;
}

std::string figures(const lab::ArtefactRow& row) {
  std::vector<std::string> figures;
  if (const auto* quality = quality_of(row)) {
    for (const auto& [name, figure] : *quality) {
      if (!is_detail(name)) figures.push_back(name + " " + of_number(figure, 4).text);
    }
  }
  return figures.empty() ? "" : joined(figures);
}

std::optional<double> age_of(const lab::ArtefactRow& row) {
  if (!row.header) return {};
  const auto created = parse_utc(row.header->created);
  if (!created) return {};
  return std::max(0., std::difftime(std::time(nullptr), *created));
}

std::string state_of(const lab::ArtefactRow& row) {
  if (row.newer) return "newer";
  return row.header && row.problem.empty() ? run::to_string(row.state) : "damaged";
}

std::string users_text(const lab::ArtefactRow& row) {
  std::string text = lea::counted(row.users, "finished run");
  if (row.waiting > 0) text += ", and awaited";
  if (!row.experiments.empty()) {
    text += row.experiments.size() == 1 ? " of experiment " : " of experiments ";
    text += joined({row.experiments.begin(), row.experiments.end()});
  }
  return text;
}

std::string name_of(const lab::ArtefactRow& row) {
  return short_key(row) + (row.header ? " (" + row.header->needed.name() + ")" : "");
}

QString prune_question(const lab::Pruned& pruned) {
  if (pruned.removed.empty()) return "";
  std::vector<std::string> names;
  for (const lab::ArtefactRow& row : pruned.removed) names.push_back(name_of(row));
  constexpr size_t kNamed = 5;
  const size_t more = names.size() > kNamed ? names.size() - kNamed : 0;
  names.resize(names.size() - more);
  std::string text = "No run and no plan needs " + lea::counted(pruned.removed.size(), "artefact") +
                     " of " + lab::size_text(pruned.bytes) + ": " + joined(names);
  if (more > 0) text += " and " + std::to_string(more) + " more";
  return shown(text) + (pruned.removed.size() == 1 ? ". Remove it?" : ". Remove them?");
}

}  // namespace

ArtefactTable::ArtefactTable(LabModel& lab, QObject* parent) : MemoryTable(parent), lab_(lab) {
  choose_columns();
  soon_.setSingleShot(true);
  soon_.setInterval(kSoonMilliseconds);
  connect(&soon_, &QTimer::timeout, this, [this] {
    if (watched_) list();
  });
  connect(&lab, &LabModel::index_changed, &soon_, qOverload<>(&QTimer::start));
  connect(&lab, &LabModel::grids_changed, &soon_, qOverload<>(&QTimer::start));
  connect(&lab, &LabModel::opened, this, [this] {
    list_ticket_.drop();
    listed_ = listing_ = false;
    take({});
    if (watched_) list();
    Q_EMIT listing_changed();
  });
  rows_replaced();
}

void ArtefactTable::set_watched(bool watched) {
  watched_ = watched;
  if (watched && !listing_) list();
}

void ArtefactTable::list() {
  soon_.stop();
  if (!lab_.is_open()) return;
  listing_ = true;
  Q_EMIT listing_changed();
  lane_.ask(
      list_ticket_,
      [lab = lab_.folder()](const Lane::Cancelled& cancelled) {
        return lab::artefact_rows(lab, cancelled);
      },
      [this](std::vector<lab::ArtefactRow> rows) {
        listing_ = false;
        listed_ = true;
        lab_.messages().resolve("artefact list");
        take(std::move(rows));
        Q_EMIT listing_changed();
      },
      [this](const QString& text) {
        listing_ = false;
        lab_.messages().error("artefact list", text);
        Q_EMIT listing_changed();
      });
}

void ArtefactTable::take(std::vector<lab::ArtefactRow> rows) {
  begin_replacing();
  rows_ = std::move(rows);
  choose_columns();
  rows_replaced();
}

void ArtefactTable::choose_columns() {
  columns_ = {{"state", "State"},
              {"kind", "Kind"},
              {"plugin", "Environment", false, true, "the plugin that makes it"},
              {"data", "Data"},
              {"bytes", "Size", true, true, "of its folder, in bytes"},
              {"seconds", "Cost", true, true, "the time of its making, in seconds"},
              {"quality", "Quality", false, true, "figures that the plugin recorded"},
              {"age", "Age", true, true, "since it was begun, in seconds"},
              {"users", "Used by", true, true, "finished runs that used it"},
              {"waiting", "Awaited", true, true, "unfinished runs, plans and grids that need it"},
              {"experiments", "Experiments"},
              {"key", "Key"},
              {"problem", "Problem", false, false}};
  std::set<std::string> names;
  for (const lab::ArtefactRow& row : rows_) {
    if (const auto* quality = quality_of(row)) {
      for (const auto& [name, figure] : *quality) {
        if (!is_detail(name)) names.insert(name);
      }
    }
  }
  for (const std::string& name : names)
    columns_.push_back({std::string(kQuality) + name, shown(name), true, false});
}

int64_t ArtefactTable::bytes() const {
  int64_t bytes = 0;
  for (const lab::ArtefactRow& row : rows_) bytes += row.bytes;
  return bytes;
}

template <class Work, class Done>
void ArtefactTable::act(Work work, Done done) {
  lane_.ask(
      tickets_.emplace_back(), work,
      [this, done](auto answer) {
        lab_.messages().resolve(kSource);
        done(answer);
      },
      [this](const QString& text) {
        lab_.messages().error(kSource, text);
        list();
      });
}

void ArtefactTable::verify(const std::string& key) {
  lab_.messages().note(kSource, "Comparing the files of artefacts with their checksums…");
  act([lab = lab_.folder(), key](
          const Lane::Cancelled& cancelled) { return lab::verify_artefacts(lab, key, cancelled); },
      [this](const lab::Verified& verified) {
        if (verified.problems.empty()) {
          lab_.messages().note(kSource, to_qt(lea::counted(verified.checked, "finished artefact")) +
                                            " checked, no problem.");
        } else {
          lab_.messages().error(
              kSource, shown(verified.problems[0]) +
                           (verified.problems.size() == 1
                                ? ""
                                : to_qt(" And " + std::to_string(verified.problems.size() - 1) +
                                        " more cannot be used; `lealab artefacts "
                                        "verify` lists all.")));
        }
        list();
      });
}

void ArtefactTable::remove(const std::string& key) {
  act(
      [lab = lab_.folder(), key](const Lane::Cancelled&) {
        const run::Folder folder = run::find_artefact(lab, key);
        const int64_t bytes = lab::folder_bytes(folder.path);
        lab::remove_artefact(lab, folder);
        return bytes;
      },
      [this, key](int64_t bytes) {
        lab_.messages().note(kSource, shown("Removed " + key.substr(0, kDigits) + ", " +
                                            lab::size_text(bytes) + "."));
        list();
      });
}

void ArtefactTable::plan_prune() {
  act([lab = lab_.folder()](
          const Lane::Cancelled&) { return lab::prune_artefacts(lab, /*dry=*/true); },
      [this](const lab::Pruned& pruned) {
        if (pruned.removed.empty())
          lab_.messages().note(kSource, "Every artefact of the lab is still needed.");
        Q_EMIT prune_planned(prune_question(pruned));
      });
}

void ArtefactTable::prune() {
  act([lab = lab_.folder()](
          const Lane::Cancelled&) { return lab::prune_artefacts(lab, /*dry=*/false); },
      [this](const lab::Pruned& pruned) {
        lab_.messages().note(
            kSource, to_qt("Removed " + lea::counted(pruned.removed.size(), "artefact") + ", " +
                           lab::size_text(pruned.bytes) + "."));
        list();
      });
}

Facts ArtefactTable::facts(const QModelIndex& index) const {
  const lab::ArtefactRow& of = row(index);
  Facts facts = {{"State", to_qt(state_of(of))}, {"Key", shown(of.folder.uuid())}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) facts.emplace_back(name, shown(text));
  };
  if (of.header) {
    add("Artefact", of.header->needed.name());
    add("Parameters", of.header->needed.use.params.dump());
    add("Data", of.header->run.data.name);
    add("Made from", of.header->after);
    add("Begun", of.header->created);
  }
  add("Size", lab::size_text(of.bytes));
  if (of.result && of.result->making) {
    add("Made in", duration_text(of.result->making->seconds));
    for (const auto& [name, figure] : of.result->making->quality)
      add(("Quality " + name).c_str(), of_number(figure, 6).text);
    for (const auto& [name, record] : of.result->making->files)
      add("File", name + ", " + lab::size_text(record.bytes));
  }
  if (of.result && of.result->made_with) add("Machine", of.result->made_with->machine_kind);
  add("Used by", users_text(of));
  add("Folder", of.folder.path);
  return facts;
}

QString ArtefactTable::details(const QModelIndex& index) const {
  return to_qt(
      lab::details_of(row(index)).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

QString ArtefactTable::problem(const QModelIndex& index) const {
  const lab::ArtefactRow& of = row(index);
  if (!of.problem.empty()) return to_qt(of.problem);
  return of.result ? to_qt(of.result->reason) : QString();
}

QString ArtefactTable::question_before_removing(const QModelIndex& index) const {
  const lab::ArtefactRow& of = row(index);
  std::string text = "Remove " + name_of(of) + ", " + lab::size_text(of.bytes) + "? ";
  if (of.in_use()) {
    text += "It is used by " + users_text(of) +
            ". Their results stay; a run that needs it again makes it again";
    if (of.result && of.result->making)
      text += ", which took " + duration_text(of.result->making->seconds);
    text += ".";
  } else {
    text += "No run and no plan needs it.";
  }
  return shown(text);
}

QString ArtefactTable::runs_filter(const QModelIndex& index) const {
  QStringList parts;
  for (const std::string& experiment : row(index).experiments)
    parts << "experiment=\"" + to_qt(experiment) + "\"";
  return parts.join(" or ");
}

report::FieldValue ArtefactTable::value(size_t index, const std::string& field) const {
  const lab::ArtefactRow& row = rows_[index];
  if (field == "state") return of_text(state_of(row));
  if (field == "bytes") return of_count(row.bytes);
  if (field == "users") return of_count(static_cast<int64_t>(row.users));
  if (field == "waiting") return of_count(static_cast<int64_t>(row.waiting));
  if (field == "experiments" && !row.experiments.empty())
    return of_text(joined({row.experiments.begin(), row.experiments.end()}));
  if (field == "key") return of_text(row.folder.uuid());
  if (field == "problem") return of_text(row.problem);
  if (field == "quality") return of_text(figures(row));
  if (field == "kind" && row.header) return of_text(row.header->needed.artefact.kind);
  if (field == "plugin" && row.header) return of_text(row.header->needed.use.id);
  if (field == "data" && row.header) return of_text(row.header->run.data.name);
  if (field == "age") {
    const auto age = age_of(row);
    return age ? of_count(static_cast<int64_t>(*age)) : report::FieldValue();
  }
  if (!row.result || !row.result->making) return {};
  if (field == "seconds")
    return {true, to_std(QString::number(row.result->making->seconds, 'f', 1)),
            row.result->making->seconds};
  if (!field.starts_with(kQuality)) return {};
  const auto& quality = row.result->making->quality;
  const auto figure = quality.find(field.substr(kQuality.size()));
  return figure == quality.end() ? report::FieldValue() : of_number(figure->second, 4);
}

QVariant ArtefactTable::show(size_t index, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  const lab::ArtefactRow& row = rows_[index];
  if (role == kIdRole) return to_qt(row.folder.uuid());
  if (role == kLookRole && field == "state") {
    const bool sound = row.header && row.problem.empty();
    return static_cast<int>(sound ? look_of_state(run::to_string(row.state)) : Look::kFailed);
  }
  if (role == Qt::DisplayRole) {
    const report::FieldValue value = this->value(index, field);
    if (field == "bytes") return to_qt(lab::size_text(row.bytes));
    if (field == "seconds" && value.number) return to_qt(duration_text(*value.number));
    if (field == "age" && value.number)
      return to_qt(duration_text(*value.number, DurationStyle::kAge));
    if (field == "key") return shown(short_key(row));
    if (field == "waiting" && row.waiting == 0) return {};
  }
  return MemoryTable::show(index, column, role);
}

}  // namespace lea::gui
