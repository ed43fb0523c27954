#include "gui/model/prompts.h"

#include "core/lab/plugins.h"
#include "core/lab/session.h"
#include "core/lab/shown_artefacts.h"
#include "gui/model/text.h"

namespace lea::gui {

Prompts::Prompts(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  connect(&lab, &LabModel::opened, this, [this] {
    cancel();
    title_.clear();
    text_.clear();
    Q_EMIT changed();
  });
}

template <class Work>
void Prompts::ask(const QString& title, Work work) {
  title_ = title;
  text_.clear();
  asking_ = true;
  lab_.messages().resolve(kSource);
  Q_EMIT changed();
  lane_.ask(
      ticket_,
      [work](const Lane::Cancelled& cancelled) {
        Answer answer;
        answer.text = lab::text_of(work(cancelled), &answer.problems);
        return answer;
      },
      [this](const Answer& answer) {
        asking_ = false;
        text_ = to_qt(answer.text);
        if (!answer.problems.empty()) lab_.messages().error(kSource, to_qt(answer.problems));
        Q_EMIT changed();
      },
      [this](const QString& text) {
        asking_ = false;
        lab_.messages().error(kSource, text);
        Q_EMIT changed();
      });
}

void Prompts::ask_spec(const std::string& path) {
  lab::SessionOptions options;
  options.lab = lab_.folder();
  options.plugin_dirs = lab_.plugin_dirs;
  options.spec = path;
  ask(shown(path), [options](const Lane::Cancelled& cancelled) {
    lab::SessionOptions asked = options;
    asked.cancelled = cancelled;
    return lab::Session(asked).show(kExamples);
  });
}

void Prompts::ask_artefact(const lab::ArtefactRow& row) {
  if (!row.header) return;
  const lab::ShowOptions options{lab_.folder(), lab_.plugin_dirs, kExamples, {}};
  ask(shown("artefact " + row.folder.uuid().substr(0, 12) + ", " + row.header->needed.name()),
      [options, header = *row.header](const Lane::Cancelled& cancelled) {
        const auto plugins = lab::probe_plugins(lab::plugin_folders(options.plugin_dirs),
                                                lab::ProbeCache::kUse, cancelled);
        spec::Experiment experiment;
        experiment.runs.emplace_back().run = header.run;
        lab::ShowOptions asked = options;
        asked.cancelled = cancelled;
        auto all = lab::show_artefacts(asked, experiment, lab::catalogue_of(plugins));
        // The run may need other plugins' artefacts, too.
        std::erase_if(all, [&](const lab::ShownPlugin& plugin) {
          return plugin.id != header.needed.use.id || plugin.params != header.needed.use.params;
        });
        return all;
      });
}

void Prompts::cancel() {
  lane_.cancel(ticket_);
  if (!asking_) return;
  asking_ = false;
  Q_EMIT changed();
}

}  // namespace lea::gui
