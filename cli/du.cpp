// The command `lealab du`: what takes the space of the lab, or of the runs of an experiment.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/lab/lab_folder.h"
#include "core/lab/space.h"
#include "core/report/columns.h"

namespace lea::cli {
namespace {

using Grid = std::vector<std::vector<std::string>>;

// The kinds of files that some of the rows have.
std::vector<lab::FileKind> kinds_in(const auto& rows) {
  std::vector<lab::FileKind> kinds;
  for (size_t kind = 0; kind < lab::kFileKinds; ++kind) {
    const bool any =
        std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.bytes[kind] > 0; });
    if (any) kinds.push_back(static_cast<lab::FileKind>(kind));
  }
  return kinds;
}

// Writes one line for each row: what `begin` gives, the size, and the size of each kind.
std::string table_of(std::vector<std::string> titles, const auto& rows, const auto& begin) {
  const std::vector<lab::FileKind> kinds = kinds_in(rows);
  titles.push_back("size");
  for (const lab::FileKind kind : kinds) titles.push_back(lab::name_of(kind));
  Grid grid = {std::move(titles)};
  for (const auto& row : rows) {
    std::vector<std::string> line = begin(row);
    line.push_back(lab::size_text(row.total()));
    for (const lab::FileKind kind : kinds)
      line.push_back(lab::size_text(row.bytes[static_cast<size_t>(kind)]));
    grid.push_back(std::move(line));
  }
  return report::align_columns(grid);
}

std::string text_of(const std::string& lab, const lab::LabSpace& space) {
  Grid grid = {{"in the lab", "size", "files"}};
  for (const auto& [name, part] : space.parts)
    grid.push_back({printable(name), lab::size_text(part.bytes), std::to_string(part.files)});
  std::string text = printable(lab) + ": " + lab::size_text(space.all.bytes) + ", " +
                     counted(space.all.files, "file") + "\n\n" + report::align_columns(grid);
  if (space.experiments.empty()) return text;
  const auto begin = [](const lab::ExperimentSpace& row) {
    const std::string name = row.name.empty() ? "(unknown)" : printable(row.name);
    return std::vector<std::string>{name, std::to_string(row.runs)};
  };
  return text + "\n" + table_of({"experiment", "runs"}, space.experiments, begin);
}

// Leaves the runs of the experiment.
lab::ExperimentSpace select(const std::string& experiment, lab::LabSpace* space) {
  std::vector<std::string> known;
  for (const lab::ExperimentSpace& each : space->experiments) {
    known.push_back(each.name);
    if (each.name != experiment || experiment.empty()) continue;
    std::erase_if(space->runs, [&](const auto& run) { return run.experiment != experiment; });
    return each;
  }
  const std::string meant = did_you_mean(experiment, known);
  throw UsageError("experiment " + printable(experiment) + ": no run of the lab was made for it" +
                   (meant.empty() ? "." : meant) + " `lealab du` lists the experiments.");
}

std::string text_of(const lab::ExperimentSpace& experiment,
                    const std::vector<lab::RunSpace>& runs) {
  const auto begin = [](const lab::RunSpace& run) {
    constexpr size_t kDigits = 8;
    return std::vector<std::string>{run.uuid.substr(0, kDigits), run.name};
  };
  return printable(experiment.name) + ": " + counted(experiment.runs, "run") + ", " +
         lab::size_text(experiment.total()) + "\n\n" + table_of({"run", ""}, runs, begin);
}

void du_command(const std::string& name, bool json, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  lab::LabSpace space = lab::space_of(lab);
  for (const std::string& damaged : space.damaged)
    std::fprintf(stderr, "of an unknown experiment: %s\n", damaged.c_str());
  if (name.empty()) return print(json ? pretty_json(lab::to_json(space)) : text_of(lab, space));
  const lab::ExperimentSpace experiment = select(name, &space);
  if (!json) return print(text_of(experiment, space.runs));
  nlohmann::json document = lab::to_json(experiment);
  document["runs"] = nlohmann::json::array();
  for (const lab::RunSpace& run : space.runs) document["runs"].push_back(lab::to_json(run));
  print(pretty_json(document));
}

}  // namespace

void add_du(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string experiment;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* du = app.add_subcommand(
      "du", "what takes the space of the lab and of its experiments; train.keep saves some");
  du->add_option("experiment", options->experiment, "the runs that were made for it, one by one");
  du->add_flag("--json", options->json, "for scripts; sizes in bytes");
  du->callback([options, &globals] { du_command(options->experiment, options->json, globals); });
}

}  // namespace lea::cli
