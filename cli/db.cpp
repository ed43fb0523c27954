// The commands `lealab db rebuild` and `lealab db check`.
#include <cstdio>

#include "cli/commands.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/collector.h"
#include "core/lab/index_check.h"
#include "core/lab/lab_folder.h"

namespace lea::cli {
namespace {

void rebuild_command(const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  std::string set_aside;
  const lab::Collected collected = lab::rebuild(lab, &set_aside);
  if (!set_aside.empty()) std::printf("the damaged index was kept as %s\n", set_aside.c_str());
  const db::Store store(lab, db::Store::Mode::kReadOnly);
  std::printf("%s of %s, content %s\nthe index is %s\n", counted(collected.runs, "run").c_str(),
              counted(std::ssize(store.experiments()), "experiment").c_str(),
              store.content_hash().substr(0, 16).c_str(), printable(db::index_file(lab)).c_str());
  if (collected.refused.empty()) return;
  std::string message;
  for (const std::string& refused : collected.refused) message += refused + "\n";
  // A run's folder or a plan: each line names the file.
  throw DataError(message + counted(std::ssize(collected.refused), "problem") +
                  "; what is named above was left out, and the rest is in the index.");
}

void check_command(const Globals& globals) {
  const std::string lab = lab::existing_lab(globals.lab);
  const lab::IndexCheck check = lab::check_index(lab);
  const std::string index = printable(db::index_file(lab));
  if (!check.problems.empty()) {
    std::string message;
    for (const std::string& problem : check.problems) message += problem + "\n";
    throw DataError(message + counted(std::ssize(check.problems), "problem") + "; the index is " +
                    index);
  }
  std::printf("%s, no problem", counted(check.runs, "run").c_str());
  if (check.has_index) std::printf(", content %s", check.content.substr(0, 16).c_str());
  std::printf("\n");
  if (check.open > 0) {
    std::printf("%lld %s not ended\n", static_cast<long long>(check.open),
                check.open == 1 ? "has" : "have");
  }
  if (check.behind > 0) {
    const bool one = check.behind == 1;
    std::printf("%lld %s ended and %s not in the index yet; `lealab ls` adds %s\n",
                static_cast<long long>(check.behind), one ? "has" : "have", one ? "is" : "are",
                one ? "it" : "them");
  }
  std::printf(
      check.has_index ? "the index is %s\n" : "there is no index yet; `lealab ls` makes %s\n",
      index.c_str());
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
