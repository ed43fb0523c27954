#include "core/worker/artefact_questions.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/large_json.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/run/artefact_folder.h"
#include "core/spec/plugin_info.h"
#include "core/train/plugin_call.h"
#include "core/worker/attempt.h"
#include "core/worker/check_files.h"
#include "core/worker/counting_reads.h"
#include "core/worker/host_prepare.h"
#include "core/worker/memory_limit.h"
#include "core/worker/registry.h"

namespace lea::worker {
namespace {

using nlohmann::json;

json list_in(const std::string& file) {
  const auto list = read_large_json(file);
  if (!list || !list->is_array()) throw DataError(file + ": must be a list of artefacts");
  return *list;
}

void answer(json document, size_t index) {
  document["index"] = index;
  tell(document.dump(-1, ' ', false, json::error_handler_t::replace));
}

// Calls `ask` with the preparer of one header and what it is given.
template <class F>
void ask_about(const json& document, const std::string& file, const std::string& lab,
               Registry& registry, F&& ask) {
  run::ArtefactHeader header = run::artefact_from(document, file);
  spec::NeededArtefact& needed = header.needed;
  const PluginEntry& entry = registry.get(needed.plugin_kind, needed.use.id);
  needed.artefact = with_reads_of_earlier(entry, needed.artefact);
  check_files(needed.plugin_kind, needed.use, registry);
  const OpenData open = open_data(lab, header.run, 1, "cpu");
  HostPrepareContext context(header, open, "", "", [](int64_t, int64_t) { return false; });
  const std::string plugin = needed.plugin_kind + " " + needed.use.id;
  const ParamValues values = spec::to_values(entry.params, needed.use.params, plugin);
  const auto preparer = train::call_plugin(plugin, "the constructor of its maker",
                                           [&] { return entry.preparer(values); });
  ask(header, plugin, *preparer, context);
}

json refusal(Exit code, const std::string& reason) {
  return {{"type", "refused"}, {"code", static_cast<int>(code)}, {"reason", reason}};
}

// What the preparer shows. Its own errors are for people who know the plugin, which the answer is
// printed with; of anything else it is reported which method threw it.
std::vector<std::string> shown(Preparer& preparer, PrepareContext& context,
                               const std::string& plugin, int64_t limit) {
  const train::OpenCall call(plugin, "show()");
  try {
    return preparer.show(context, limit);
  } catch (const Error&) {
    throw;
  } catch (...) {
    call.rethrow();
  }
}

// After its first line, an exception of LibTorch has a backtrace.
std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

int run_counting(const std::string& lab, const std::string& file,
                 const std::vector<std::string>& plugin_dirs) {
  const json list = list_in(file);
  Registry registry(plugin_folders(plugin_dirs));
  for (size_t i = 0; i < list.size(); ++i) {
    try {
      ask_about(list[i], file, lab, registry,
                [&](const run::ArtefactHeader& header, const std::string&, Preparer& preparer,
                    PrepareContext& context) {
                  // What it throws is shown with the name of the artefact, which names the plugin.
                  answer({{"type", "counts"},
                          {"key", header.key},
                          {"counts", preparer.count(header.needed.artefact, context)}},
                         i);
                });
    } catch (const Error& error) {
      // An estimate must not stop a plan, but bad input stops the making as well.
      if (error.code() == Exit::kBadInput) answer(refusal(error.code(), error.what()), i);
    } catch (const std::exception& error) {
      if (!is_out_of_memory(error)) continue;
      answer(refusal(Exit::kEnvironment,
                     "out of memory while its work was counted: " + first_line(error)),
             i);
    }
  }
  return 0;
}

int run_showing(const std::string& lab, const std::string& file,
                const std::vector<std::string>& plugin_dirs, int64_t limit) {
  const json list = list_in(file);
  Registry registry(plugin_folders(plugin_dirs));
  for (size_t i = 0; i < list.size(); ++i) {
    try {
      ask_about(
          list[i], file, lab, registry,
          [&](const run::ArtefactHeader&, const std::string& plugin, Preparer& preparer,
              PrepareContext& context) {
            answer({{"type", "shown"}, {"lines", shown(preparer, context, plugin, limit)}}, i);
          });
    } catch (const Error& error) {
      answer(refusal(error.code(), error.what()), i);
    } catch (const std::exception& error) {
      answer(refusal(Exit::kPlugin, first_line(error)), i);
    }
  }
  return 0;
}

}  // namespace lea::worker
