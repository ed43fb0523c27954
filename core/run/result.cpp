#include "core/run/result.h"

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/run/artefact_folder.h"
#include "core/run/artefact_seal.h"

namespace lea::run {
namespace {

using nlohmann::json;

// The list of texts at the key; empty when there is none.
std::set<std::string> texts_of(const JsonFields& fields, const char* key) {
  std::set<std::string> texts;
  if (!fields.has(key)) return texts;
  const json& list = fields.at(key);
  if (!list.is_array()) fields.fail(key, "must be a list");
  for (const json& element : list) {
    if (!element.is_string()) fields.fail(key, "must be a list of texts");
    texts.insert(element.get<std::string>());
  }
  return texts;
}

// The object of numbers at the key; empty when there is none.
std::map<std::string, double> numbers_of(const JsonFields& fields, const char* key) {
  std::map<std::string, double> values;
  if (!fields.has(key)) return values;
  const JsonFields numbers = fields.object(key);
  for (const auto& [name, value] : fields.at(key).items()) {
    values[name] = numbers.number(name.c_str());
  }
  return values;
}

Training training_of(const JsonFields& fields) {
  Training training;
  training.steps = fields.integer("steps", 0);
  training.updates = fields.integer("updates", 0);
  training.best_step = fields.integer("best_step", 0);
  training.parameters = fields.integer("parameters", 0);
  training.train_seconds = fields.number("train_seconds", 0);
  training.wall_seconds = fields.number("wall_seconds", 0);
  training.state_width = fields.integer("state_width", 0);
  training.backbone_width = fields.integer("backbone_width", 0);
  return training;
}

std::vector<UsedPlugin> plugins_of(const JsonFields& fields) {
  std::vector<UsedPlugin> plugins;
  if (!fields.has("plugins")) return plugins;
  const json& list = fields.at("plugins");
  if (!list.is_array()) fields.fail("plugins", "must be a list");
  for (const json& element : list) {
    const JsonFields plugin(element, fields.where() + ": plugins");
    plugins.push_back({plugin.text("id"), plugin.text("version", ""), plugin.text("sha256", "")});
  }
  return plugins;
}

Provenance provenance_of(const JsonFields& fields) {
  Provenance made;
  made.plugins = plugins_of(fields);
  made.numerics = fields.integer("numerics", 1);
  made.libtorch = fields.text("libtorch", "");
  made.lealab = fields.text("lealab", "");
  made.host = fields.text("host", "");
  made.cpu = fields.text("cpu", "");
  made.device = fields.text("device", "");
  made.machine_kind = fields.text("machine_kind", "");
  made.threads = fields.integer("threads", 1);
  made.peak_memory_bytes = fields.integer("peak_memory_bytes", 0);
  made.revision = fields.text("revision", "");
  made.tree_clean = fields.boolean("tree_clean", true);
  return made;
}

Opening opening_of(const JsonFields& fields) {
  Opening opening;
  opening.at = fields.text("at", "");
  opening.attempt = fields.integer("attempt", 0);
  opening.valid_differing = fields.integer("valid_differing", 0);
  opening.made_with = provenance_of(fields);
  return opening;
}

json plugins_json(const std::vector<UsedPlugin>& plugins) {
  json list = json::array();
  for (const UsedPlugin& plugin : plugins) {
    list.push_back({{"id", plugin.id}, {"version", plugin.version}, {"sha256", plugin.sha256}});
  }
  return list;
}

json files_json(const std::map<std::string, FileRecord>& files) {
  json document = json::object();
  for (const auto& [name, record] : files)
    document[name] = {{"bytes", record.bytes}, {"sha256", record.sha256}};
  return document;
}

Making making_of(const JsonFields& fields) {
  Making making;
  const JsonFields files = fields.object("files");
  for (const auto& [name, value] : fields.at("files").items()) {
    const JsonFields record = files.object(name.c_str());
    making.files[name] = {record.integer("bytes"), record.text("sha256")};
  }
  making.sha256 = fields.text("sha256");
  making.quality = numbers_of(fields, "quality");
  if (fields.has("warnings")) making.warnings = fields.texts("warnings");
  making.seconds = fields.number("seconds", 0);
  return making;
}

std::vector<UsedArtefact> artefacts_of(const JsonFields& fields) {
  std::vector<UsedArtefact> artefacts;
  if (!fields.has("artefacts")) return artefacts;
  const json& list = fields.at("artefacts");
  if (!list.is_array()) fields.fail("artefacts", "must be a list");
  for (const json& element : list) {
    const JsonFields used(element, fields.where() + ": artefacts");
    artefacts.push_back({used.text("key"), used.text("name", ""), used.text("sha256", ""),
                         numbers_of(used, "quality"), texts_of(used, "used_in")});
  }
  return artefacts;
}

void add(const Making& making, json& document) {
  document.update({{"files", files_json(making.files)},
                   {"sha256", making.sha256},
                   {"quality", making.quality},
                   {"seconds", making.seconds}});
  if (!making.warnings.empty()) document["warnings"] = making.warnings;
}

void add(const Training& training, json& document) {
  document.update({{"steps", training.steps},
                   {"updates", training.updates},
                   {"best_step", training.best_step},
                   {"parameters", training.parameters},
                   {"train_seconds", training.train_seconds},
                   {"wall_seconds", training.wall_seconds}});
  if (training.state_width == 0) return;
  document["state_width"] = training.state_width;
  document["backbone_width"] = training.backbone_width;
}

void add(const Provenance& made, json& document) {
  document.update({{"plugins", plugins_json(made.plugins)},
                   {"numerics", made.numerics},
                   {"libtorch", made.libtorch},
                   {"lealab", made.lealab},
                   {"host", made.host},
                   {"cpu", made.cpu},
                   {"threads", made.threads},
                   {"device", made.device},
                   {"machine_kind", made.machine_kind},
                   {"peak_memory_bytes", made.peak_memory_bytes}});
  if (made.revision.empty()) return;
  document["revision"] = made.revision;
  document["tree_clean"] = made.tree_clean;
}

// What a result has of the test part: the content of test.json, when it was opened later.
void add_test(const Result& result, json& document) {
  document.update({{"ranks_sha256", result.ranks_sha256},
                   {"tie_share", result.tie_share},
                   {"collapsed", result.collapsed}});
  if (!result.top_sha256.empty()) document["top_sha256"] = result.top_sha256;
  document["metrics"]["test"] = result.test;
  if (!result.opened) return;
  json& opened = document["opened"];
  opened = {{"at", result.opened->at},
            {"attempt", result.opened->attempt},
            {"valid_differing", result.opened->valid_differing}};
  add(result.opened->made_with, opened);
}

}  // namespace

bool is_complete(const Result& result, bool test) { return !(test && result.closed()); }

json to_json(const Result& result) {
  json document = {{"state", to_string(result.state)},
                   {"reason", result.reason},
                   {"finished_at", result.finished_at}};
  if (result.attempt > 0) document["attempt"] = result.attempt;
  if (result.state != State::kFinished) return document;
  if (result.making) {
    add(*result.making, document);
    if (result.made_with) add(*result.made_with, document);
    return document;
  }
  document.update({{"data_fingerprint", result.data_fingerprint},
                   {"split_fingerprint", result.split_fingerprint},
                   {"tie_share", result.tie_share},
                   {"collapsed", result.collapsed}});
  document["metrics"] = json::object();
  if (!result.closed()) add_test(result, document);
  if (!result.valid.empty()) document["metrics"]["valid"] = result.valid;
  if (!result.ranks_valid_sha256.empty())
    document["ranks_valid_sha256"] = result.ranks_valid_sha256;
  if (result.unseen_ranks) document["unseen_ranks"] = *result.unseen_ranks;
  if (!result.proposals.empty()) document["proposals"] = result.proposals;
  if (result.training) add(*result.training, document);
  if (result.made_with) {
    add(*result.made_with, document);
  } else {
    document["plugins"] = json::array();
  }
  for (const UsedArtefact& used : result.artefacts) {
    document["artefacts"].push_back({{"key", used.key},
                                     {"name", used.name},
                                     {"sha256", used.sha256},
                                     {"quality", used.quality},
                                     {"used_in", used.used_in}});
  }
  return document;
}

Result result_from(const json& document, const std::string& where) {
  const JsonFields fields(document, where);
  Result result;
  const std::string state = fields.text("state");
  const auto known = state_from(state);
  if (!known || !is_final(*known)) {
    fields.fail("state", "must be finished, failed or cancelled, but is " + state);
  }
  result.state = *known;
  result.reason = fields.text("reason", "");
  result.attempt = fields.integer("attempt", 0);
  result.finished_at = fields.text("finished_at", "");
  if (fields.has("metrics")) {
    const JsonFields metrics = fields.object("metrics");
    result.valid = numbers_of(metrics, "valid");
    result.test = numbers_of(metrics, "test");
  }
  result.data_fingerprint = fields.text("data_fingerprint", "");
  result.split_fingerprint = fields.text("split_fingerprint", "");
  result.ranks_sha256 = fields.text("ranks_sha256", "");
  result.ranks_valid_sha256 = fields.text("ranks_valid_sha256", "");
  result.top_sha256 = fields.text("top_sha256", "");
  result.tie_share = fields.number("tie_share", 0);
  result.collapsed = fields.boolean("collapsed", false);
  if (fields.has("unseen_ranks")) result.unseen_ranks = fields.boolean("unseen_ranks", true);
  result.proposals = numbers_of(fields, "proposals");
  if (fields.has("steps")) result.training = training_of(fields);
  result.artefacts = artefacts_of(fields);
  if (fields.has("files")) result.making = making_of(fields);
  Provenance made = provenance_of(fields);
  if (!made.plugins.empty()) result.made_with = std::move(made);  // imported ranks have none
  if (fields.has("opened")) result.opened = opening_of(fields.object("opened"));
  return result;
}

int64_t Making::bytes() const {
  int64_t bytes = 0;
  for (const auto& [name, record] : files) bytes += record.bytes;
  return bytes;
}

std::string sum_of(const std::map<std::string, FileRecord>& files) {
  return sha256(files_json(files).dump());
}

std::optional<json> read_result_document(const Folder& run) {
  // The result is read first: a test.json that appears meanwhile belongs to it in any case.
  auto document = read_json(run.file(kResultFile));
  if (!document) return std::nullopt;
  const std::string path = run.file(kTestFile);
  const auto test = read_json(path);
  if (!test) return document;
  const JsonFields fields(*test, path), result(*document, run.file(kResultFile));
  fields.object("opened");
  const JsonFields metrics = fields.object("metrics");
  if (result.has("metrics") && result.object("metrics").has("test"))
    fields.fail("metrics", "belong to a run whose result has test metrics already");
  for (const char* key : {"ranks_sha256", "top_sha256", "tie_share", "collapsed", "opened"}) {
    if (fields.has(key)) (*document)[key] = fields.at(key);
  }
  (*document)["metrics"]["test"] = metrics.at("test");
  return document;
}

std::optional<Result> read_result(const Folder& run) {
  const auto document = read_result_document(run);
  if (!document) return std::nullopt;
  return result_from(*document, run.file(kResultFile));
}

void write_result(const Folder& run, const Result& result) {
  json document = to_json(result);
  if (result.making) {
    if (const auto header = read_json(run.file(kArtefactFile))) seal(document, *header);
  }
  publish_file(run.file(kResultFile), document.dump(1) + "\n");
}

void write_test(const Folder& run, const Result& result) {
  json document;
  add_test(result, document);
  publish_file(run.file(kTestFile), document.dump(1) + "\n");
}

Result failure(const std::string& reason, int64_t attempt) {
  Result result;
  result.state = State::kFailed;
  result.reason = reason;
  result.attempt = attempt;
  result.finished_at = utc_now();
  return result;
}

}  // namespace lea::run
