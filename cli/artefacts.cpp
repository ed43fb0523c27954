// The command `lealab artefacts`: what plugins made once for many runs.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/lab/artefact_archive.h"
#include "core/lab/artefacts.h"
#include "core/lab/disk.h"
#include "core/lab/lab_folder.h"
#include "core/lab/session.h"
#include "core/run/state.h"

namespace lea::cli {
namespace {

constexpr size_t kDigits = 12;  // of a key, as the commands show and take it

struct Options {
  std::string key, file;
  std::vector<std::string> keys;  // of export
  bool json = false, dry = false;
  lab::SessionOptions session;  // of `prompts`
  int64_t limit = 3;
};

std::string line_of(const lab::ArtefactRow& row) {
  std::string text = row.folder.uuid().substr(0, kDigits) + "  ";
  if (row.header) {
    text += printable(row.header->needed.name()) + ", data " +
            printable(row.header->run.data.name) + ": " + run::to_string(row.state) + ", ";
  } else {  // its state is unknown
    text += row.newer ? "(written by a newer version of LEA Lab): " : "(damaged): ";
  }
  text += lab::size_text(row.bytes);
  if (row.result && row.result->making)
    text += ", made in " + duration_text(row.result->making->seconds);
  text += ", used by " + counted(row.users, "run");
  if (row.waiting > 0) text += ", awaited";
  if (row.result && row.result->making) {
    for (const auto& [name, value] : row.result->making->quality) {
      if (name.find('.') != std::string::npos) continue;  // a detail, which `show` has
      char number[32];
      std::snprintf(number, sizeof number, "%.4g", value);
      text += ", " + printable(name) + " " + number;
    }
  }
  if (row.result && !row.result->reason.empty()) text += "\n    " + printable(row.result->reason);
  if (!row.problem.empty()) text += "\n    " + printable(row.problem);
  return text + "\n";
}

void list_command(const Options& options, const Globals& globals) {
  const auto rows = lab::artefact_rows(lab::existing_lab(globals.lab));
  if (options.json) {
    nlohmann::json list = nlohmann::json::array();
    for (const lab::ArtefactRow& row : rows) list.push_back(lab::to_json(row));
    return print(list.dump(1) + "\n");
  }
  int64_t bytes = 0;
  std::string text;
  for (const lab::ArtefactRow& row : rows) {
    text += line_of(row);
    bytes += row.bytes;
  }
  print(text + counted(rows.size(), "artefact") + ", " + lab::size_text(bytes) + "\n");
}

void show_command(const Options& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const run::Folder folder = run::find_artefact(lab, options.key);
  for (const lab::ArtefactRow& row : lab::artefact_rows(lab)) {
    if (row.folder.path != folder.path) continue;
    nlohmann::json document = lab::to_json(row);
    document["folder"] = folder.path;
    if (row.result && row.result->making) {
      for (const auto& [name, record] : row.result->making->files)
        document["files"][name] = {{"bytes", record.bytes}, {"sha256", record.sha256}};
    }
    print(document.dump(2) + "\n");
  }
}

void verify_command(const Options& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  std::string problems;
  size_t seen = 0, checked = 0, bad = 0;
  for (const run::Folder& folder : run::list_artefacts(lab)) {
    if (!folder.uuid().starts_with(options.key)) continue;
    ++seen;
    try {
      run::read_artefact(folder);
      checked += run::check_artefact(folder, /*sums=*/true).has_value();
      run::check_records(folder);
    } catch (const Error& error) {
      problems += std::string(error.what()) + "\n";
      ++bad;
    }
  }
  if (seen == 0 && !options.key.empty())
    run::find_artefact(lab, options.key);  // throws: no such one
  if (bad > 0) throw DataError(problems + counted(bad, "artefact") + " of the lab cannot be used");
  print(counted(checked, "finished artefact") + " checked, no problem\n");
}

void remove_command(const Options& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const run::Folder folder = run::find_artefact(lab, options.key);
  const int64_t bytes = lab::folder_bytes(folder.path);
  lab::remove_artefact(lab, folder);
  print("removed " + folder.uuid().substr(0, kDigits) + ", " + lab::size_text(bytes) + "\n");
}

void prune_command(const Options& options, const Globals& globals) {
  const lab::Pruned pruned = lab::prune_artefacts(lab::existing_lab(globals.lab), options.dry);
  std::string text;
  for (const lab::ArtefactRow& row : pruned.removed) text += line_of(row);
  for (const lab::ArtefactRow& row : pruned.busy)
    text += row.folder.uuid().substr(0, kDigits) + "  is being made now, and stays\n";
  for (const lab::ArtefactRow& row : pruned.newer) {
    text += row.folder.uuid().substr(0, kDigits) +
            "  was written by a newer version of LEA Lab, and stays\n";
  }
  print(text + (options.dry ? "would remove " : "removed ") +
        counted(pruned.removed.size(), "artefact") + ", " + lab::size_text(pruned.bytes) + " (" +
        counted(pruned.bytes, "byte") + ")\n");
}

std::string name_of(const run::ArtefactHeader& header) {
  return header.key.substr(0, kDigits) + "  " + printable(header.needed.name());
}

void export_command(const Options& options, const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  std::vector<run::Folder> artefacts;
  for (const std::string& key : options.keys) artefacts.push_back(run::find_artefact(lab, key));
  std::string file = options.file;
  if (file.empty())
    file = artefacts.size() > 1 ? "artefacts.tar" : artefacts[0].uuid().substr(0, kDigits) + ".tar";
  const lab::ArtefactExport exported = lab::export_artefacts(lab, artefacts, file);
  std::string text;
  for (const run::ArtefactHeader& header : exported.artefacts) text += name_of(header) + "\n";
  print_about(
      file, counted(exported.artefacts.size(), "artefact") + ", " + lab::size_text(exported.bytes),
      text);
}

void import_command(const Options& options, const Globals& globals) {
  lab::OpenedLab opened(globals.lab);
  const lab::ArtefactImport imported = lab::import_artefacts(opened.folder(), options.file);
  opened.keep();
  std::string text;
  for (const run::ArtefactHeader& header : imported.added) text += name_of(header) + ": added\n";
  for (const run::ArtefactHeader& header : imported.present)
    text += name_of(header) + ": was here already\n";
  print(text + counted(imported.added.size(), "artefact") + " added, " +
        std::to_string(imported.present.size()) +
        (imported.present.size() == 1 ? " was" : " were") + " here already\n");
}

// The parameters in which a plugin differs from the others of the same name in the list, as
// " portion=0.1"; empty for the only one.
std::string differences(const lab::ShownPlugin& plugin, const std::vector<lab::ShownPlugin>& all) {
  std::string text;
  for (const auto& param : plugin.params.items()) {
    const std::string& name = param.key();
    const nlohmann::json& value = param.value();
    const bool differs = std::any_of(all.begin(), all.end(), [&](const lab::ShownPlugin& other) {
      return other.id == plugin.id && other.params.value(name, nlohmann::json()) != value;
    });
    if (!differs) continue;
    text += " " + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return printable(text);
}

void prompts_command(const Options& options, const Globals& globals) {
  lab::SessionOptions session = options.session;
  session.lab = lab::lab_folder(globals.lab);
  // A lab may hold nothing but models yet. A name that is mistyped holds nothing at all.
  if (!is_there(session.lab)) lab::existing_lab(session.lab);  // throws
  session.plugin_dirs = globals.plugin_dirs;
  const std::vector<lab::ShownPlugin> plugins = lab::Session(session).show(options.limit);
  std::string text, problems;
  int code = 0;
  for (const lab::ShownPlugin& plugin : plugins) {
    const std::string name = plugin.plugin_kind + " " + printable(plugin.id) +
                             differences(plugin, plugins) + ", data " + printable(plugin.data);
    if (!plugin.problem.empty()) {
      problems += (problems.empty() ? "" : "\n") + name + ": " + printable(plugin.problem);
      code = plugin.code;
    }
    if (plugin.lines.empty()) continue;
    text += (text.empty() ? "" : "\n") + name + ":\n";
    for (const std::string& line : plugin.lines) text += printable(line) + "\n";
  }
  if (text.empty() && problems.empty())
    text = "No environment or augmenter of the spec has prompts to show.\n";
  print(text);
  if (!problems.empty()) throw Error(static_cast<Exit>(code), problems);
}

}  // namespace

void add_artefacts(CLI::App& app, const Globals& globals) {
  CLI::App* artefacts =
      app.add_subcommand("artefacts", "what plugins made once for many runs: sizes, costs, users");
  artefacts->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto with_key = [&](CLI::App* command) {
    command->add_option("artefact", options->key, "its key, or the first digits")->required();
    return command;
  };
  CLI::App* list = artefacts->add_subcommand("list", "list the artefacts of the lab");
  list->add_flag("--json", options->json, "as one JSON list");
  list->callback([options, &globals] { list_command(*options, globals); });
  with_key(artefacts->add_subcommand("show", "print what is known of one artefact, as JSON"))
      ->callback([options, &globals] { show_command(*options, globals); });
  CLI::App* verify =
      artefacts->add_subcommand("verify", "compare the files of artefacts with their checksums");
  verify->add_option("artefact", options->key, "only those whose keys begin so");
  verify->callback([options, &globals] { verify_command(*options, globals); });
  with_key(artefacts->add_subcommand("remove", "remove one artefact"))
      ->callback([options, &globals] { remove_command(*options, globals); });
  CLI::App* exports = artefacts->add_subcommand(
      "export", "write artefacts, and those they are made from, into one archive for another lab");
  exports->add_option("artefacts", options->keys, "their keys, or the first digits")->required();
  exports->add_option("--out", options->file,
                      "the archive, - for standard output (default: KEY.tar with the first digits, "
                      "or artefacts.tar)");
  exports->callback([options, &globals] { export_command(*options, globals); });
  CLI::App* imports =
      artefacts->add_subcommand("import", "add the artefacts of an archive that `export` wrote");
  imports->add_option("file", options->file, "the archive")->required();
  imports->callback([options, &globals] { import_command(*options, globals); });
  CLI::App* prompts = artefacts->add_subcommand(
      "prompts", "print prompts of a spec's language models as they are sent, with their ids");
  prompts->add_option("spec", options->session.spec, "the experiment's YAML file")->required();
  prompts
      ->add_option("--set", options->session.set,
                   "override a key, e.g. --set environments.mine.portion=0.1 (repeatable)")
      ->allow_extra_args(false);
  prompts->add_option("--limit", options->limit, "examples of each environment (default 3)")
      ->check(CLI::Range(1, 1000000));
  prompts->callback([options, &globals] { prompts_command(*options, globals); });
  CLI::App* prune =
      artefacts->add_subcommand("prune", "remove what no run and no plan needs any more");
  prune->add_flag("--dry-run", options->dry, "only print what would be removed");
  prune->callback([options, &globals] { prune_command(*options, globals); });
}

}  // namespace lea::cli
