#include "gui/model/spec_check.h"

#include <algorithm>
#include <filesystem>

#include "core/base/cancel.h"
#include "core/spec/experiment.h"
#include "gui/model/text.h"

namespace lea::gui {

SpecCheck::SpecCheck(SpecFacts& facts, QObject* parent)
    : QAbstractListModel(parent), facts_(facts), path_(kUnsavedName) {
  soon_.setSingleShot(true);
  connect(&soon_, &QTimer::timeout, this, &SpecCheck::check);
  connect(&facts_, &SpecFacts::changed, this, [this] {
    current_ = false;
    soon_.start(0);
  });
}

void SpecCheck::set_text(const QString& text, const QString& path) {
  const std::string name = path.isEmpty() ? kUnsavedName : to_std(path);
  if (text == text_ && name == path_) return;
  const bool other = name != path_;
  text_ = text;
  path_ = name;
  current_ = false;
  ticket_.drop();
  if (other) take({});
  current_ = text.isEmpty();
  soon_.start(other ? 0 : kPauseMilliseconds);
}

void SpecCheck::check() {
  if (text_.isEmpty()) {
    take({});
    return;
  }
  // Without the plugins, every name of one would be wrong.
  if (!facts_.is_read()) return;
  lane_.ask(
      ticket_,
      [text = text_, path = path_, facts = facts_.now()](const Lane::Cancelled& cancelled) {
        const CancelScope scope(cancelled);
        const spec::Buffers buffers = {{path, to_std(text)}};
        Found found;
        std::string models = facts->models_folder;
        if (!models.empty()) models = std::filesystem::absolute(models).string();
        found.problems = spec::check_spec(path, buffers, facts->plugins, models);
        found.outline = outline_of(path, buffers, &found.parsed);
        return found;
      },
      [this](const Found& found) { take(found); },
      [this](const QString& text) {
        Found found;
        spec::Diagnostic& problem = found.problems.emplace_back();
        problem.location.source =
            std::make_shared<const spec::Source>(spec::Source{path_, "", 0, true});
        problem.text = to_std(text);
        take(found);
      });
}

void SpecCheck::take(const Found& found) {
  beginResetModel();
  found_ = found;
  if (found.parsed || text_.isEmpty()) outline_ = found.outline;
  endResetModel();
  current_ = true;
  Q_EMIT checked();
}

bool SpecCheck::is_here(const spec::Diagnostic& problem) const {
  return !problem.location.source || problem.location.source->name == path_;
}

// The folder of the spec is left out, as the command line does for a spec of the current folder.
QString SpecCheck::text_of(const spec::Diagnostic& problem) const {
  const std::string folder = std::filesystem::path(path_).parent_path().string() + "/";
  const bool below = folder.size() > 1 && problem.text.starts_with(folder);
  return shown(below ? problem.text.substr(folder.size()) : problem.text);
}

int SpecCheck::rowCount(const QModelIndex& parent) const {
  if (parent.isValid()) return 0;
  return static_cast<int>(std::min(found_.problems.size(), kListed + 1));
}

QVariant SpecCheck::data(const QModelIndex& index, int role) const {
  const auto row = static_cast<size_t>(index.row());
  if (!index.isValid() || row >= found_.problems.size()) return {};
  if (row == kListed) {
    if (role != Qt::DisplayRole) return {};
    return to_qt("and " + std::to_string(found_.problems.size() - kListed) + " more");
  }
  const spec::Diagnostic& problem = found_.problems[row];
  if (role == Qt::DisplayRole) return text_of(problem);
  if (role == Qt::ToolTipRole || role == Qt::AccessibleDescriptionRole) {
    const QString whole = shown(problem.text);
    return role == Qt::ToolTipRole ? plain_tip(whole) : whole;
  }
  return {};
}

}  // namespace lea::gui
