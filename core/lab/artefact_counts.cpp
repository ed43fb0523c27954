#include "core/lab/artefact_counts.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/base/user_cache.h"
#include "core/lab/artefact_worker.h"

namespace lea::lab {
namespace {

spec::PluginBuild build_of(const run::InstalledPlugins& installed,
                           const spec::NeededArtefact& needed) {
  const auto found = installed.find(needed.plugin_kind + " " + needed.use.id);
  return found == installed.end() ? spec::PluginBuild() : found->second;
}

// Artefacts that the cache knows nothing of.
struct Question {
  nlohmann::json headers = nlohmann::json::array();
  std::vector<size_t> artefacts;   // their indices
  std::vector<std::string> files;  // of the cache

  size_t place_of(const nlohmann::json& line) const {
    const JsonFields fields(line, "the worker's answer");
    const auto index = static_cast<size_t>(fields.integer("index"));
    if (index >= artefacts.size()) fields.fail("index", "is none of the question");
    return index;
  }
};

void take_refusal(const nlohmann::json& line, ArtefactAnswer* answer) {
  const JsonFields fields(line, "the worker's answer");
  const bool bad_input = fields.integer("code") == static_cast<int64_t>(Exit::kBadInput);
  (bad_input ? answer->refused : answer->no_memory) = fields.text("reason");
}

// How a worker ended that did not reach the end of its list; empty for one that did.
std::string early_end(const ProcessResult& worker, double seconds) {
  if (worker.timed_out) return "counting their work took more than " + duration_text(seconds);
  if (worker.signal != 0)
    return "the worker that counted their work was ended by " + signal_name(worker.signal);
  if (worker.exit_code == 0) return "";
  const std::string line = worker.err.substr(0, worker.err.find('\n'));
  return "the worker that counted their work failed" + (line.empty() ? "" : ": " + printable(line));
}

}  // namespace

std::string cache_file(const std::string& folder, const std::string& name) {
  const std::string cache = user_cache(folder);
  return cache.empty() ? "" : cache + "/" + name + ".json";
}

Amounts amounts_in(const nlohmann::json& answer, const char* key) {
  Amounts amounts;
  const JsonFields fields(answer, key);
  const JsonFields values = fields.object(key);
  for (const auto& [sort, value] : fields.at(key).items())
    amounts[sort] = values.number(sort.c_str());
  return amounts;
}

std::optional<Amounts> cached_amounts(const std::string& file, const char* key) {
  try {
    const auto document = file.empty() ? std::nullopt : read_json(file);
    if (!document) return std::nullopt;
    return amounts_in(*document, key);
  } catch (const Error&) {
    return std::nullopt;
  }
}

void cache_answer(const std::string& file, const nlohmann::json& answer) {
  try {
    if (!file.empty()) publish_file(file, answer.dump() + "\n");
  } catch (const Error&) {
    // The worker is asked again the next time.
  }
}

std::string counts_key(const run::ArtefactHeader& header, const spec::PluginBuild& plugin) {
  const nlohmann::json document = {{"artefact", header.key},
                                   {"params", spec::without_paths(header.needed.use.params)},
                                   {"device", header.device},
                                   {"version", plugin.version},
                                   {"sha256", plugin.sha256}};
  return sha256("lea-counts 1\n" + document.dump());
}

std::map<size_t, ArtefactAnswer> ask_about_artefacts(
    const CountOptions& options, const spec::Experiment& experiment,
    const std::vector<PlannedArtefact>& artefacts) {
  std::map<size_t, ArtefactAnswer> answers;
  Question question;
  for (size_t i = 0; i < artefacts.size(); ++i) {
    const bool asked = !artefacts[i].done || artefacts[i].joined_raw;
    if (!asked || artefacts[i].key.empty()) continue;
    const run::ArtefactHeader header = header_of(artefacts, i, experiment);
    const std::string file =
        cache_file("counts", counts_key(header, build_of(options.installed, header.needed)));
    if (auto known = cached_amounts(file, "counts")) {
      answers[i].counts = std::move(*known);
      continue;
    }
    question.headers.push_back(run::to_json(header));
    question.artefacts.push_back(i);
    question.files.push_back(file);
  }
  if (question.artefacts.empty() || options.only_known) return answers;
  const ArtefactQuestion asked{"count", question.headers, options.lab, options.plugin_dirs};
  const ProcessResult worker = ask_worker(asked);
  const std::string why = early_end(worker, asked.seconds);
  if (!why.empty() && options.on_uncounted) options.on_uncounted(why);
  for (const nlohmann::json& line : json_lines(worker.out, "refused"))
    take_refusal(line, &answers[question.artefacts[question.place_of(line)]]);
  for (const nlohmann::json& line : json_lines(worker.out, "counts")) {
    const size_t place = question.place_of(line);
    answers[question.artefacts[place]].counts = amounts_in(line, "counts");
    cache_answer(question.files[place], line);
  }
  return answers;
}

}  // namespace lea::lab
