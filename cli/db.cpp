// The commands `lealab db rebuild` and `lealab db check`.
#include <cstdio>

#include "cli/commands.h"
#include "core/base/error.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"

namespace lea::cli {
namespace {

void rebuild_command(const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  std::string set_aside;
  const lab::Collected collected = lab::rebuild(lab, &set_aside);
  if (!set_aside.empty()) std::printf("the damaged index was kept as %s\n", set_aside.c_str());
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  std::printf("%lld runs of %zu experiments, content %s\n", static_cast<long long>(collected.runs),
              store.experiments().size(), store.content_hash().substr(0, 16).c_str());
  if (collected.refused.empty()) return;
  std::string message;
  for (const std::string& refused : collected.refused) message += refused + "\n";
  throw DataError(message + std::to_string(collected.refused.size()) +
                  " run folders were refused; the rest is in the index.");
}

void check_command(const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const std::vector<std::string> problems = lab::check(lab);
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  std::string message;
  for (const std::string& problem : problems) message += problem + "\n";
  if (!problems.empty()) throw DataError(message + std::to_string(problems.size()) + " problems");
  std::printf("%zu runs, no problem, content %s\n", store.states().size(),
              store.content_hash().substr(0, 16).c_str());
}

}  // namespace

void add_db(CLI::App& app, const Globals& globals) {
  CLI::App* db =
      app.add_subcommand("db", "the results index, which can be made again from the run folders");
  db->require_subcommand(1);
  db->add_subcommand("rebuild", "empty the index and collect every run folder")
      ->callback([&globals] { rebuild_command(globals); });
  db->add_subcommand("check", "compare index and folders and check every row; changes nothing")
      ->callback([&globals] { check_command(globals); });
}

}  // namespace lea::cli
