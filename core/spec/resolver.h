// Turns the settings of one cell into a run: checks each value against its declaration, finds each
// plugin and fills in each default.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"
#include "core/spec/settings.h"

namespace lea::spec {

struct Resolved {
  RunSpec run;
  std::set<std::string> reads;  // the slots and sections that the run reads
  std::map<std::string, PluginUse>
      used_environments;  // those that the run contains, by their names
};

// What is done with the files and models that parameters name.
enum class Contents {
  kSummed,  // each is read, because the hash of a run depends on what it holds
  kFound,   // each is looked for, and its path stands for its sum
};

class Resolver {
 public:
  // `root` is the place of the whole spec: errors about a setting that is stated nowhere name it.
  // `models` is the folder whose entries are models by their names, or "".
  Resolver(const PluginCatalogue& catalogue, std::string models, Contents contents, Location root,
           Errors& errors)
      : catalogue_(catalogue),
        models_(std::move(models)),
        contents_(contents),
        root_(std::move(root)),
        errors_(errors) {}

  // The result may be used only if this has added nothing to the errors.
  Resolved resolve(const Settings& settings);

  // Checks a declared environment, whether or not a slot names it. Precondition: `settings` declares
  // `name`.
  void check_environment(const Settings& settings, const std::string& name);

  // The plugin of this name. Null, with the reason in the errors, when there is none.
  const PluginInfo* plugin(const std::string& kind, const std::string& name, const Location& at,
                           const std::string& key);
  // The id of what `name` means: a declared environment (its own name) or a plugin (its full id).
  // Empty, with the reason in the errors, when there is none.
  std::string id_of(const Settings& settings, const std::string& kind, const std::string& name,
                    const Location& at, const std::string& key);

 private:
  // A cell that is being resolved.
  struct Draft {
    const Settings& settings;
    Resolved out;
    std::vector<std::string> chain;  // declared environments being resolved, outermost first
  };
  // How a file parameter is written: its path alone, or with the sha256 of what it holds.
  enum class Files { kPath, kSum };

  // A section that was resolved, and what the spec states for it.
  template <class Section>
  struct Known {
    std::vector<Entry> stated;
    std::optional<Section> section;
  };

  template <class Section>
  Section section(Draft& draft, const std::string& name, const std::vector<Entry>& entries);
  nlohmann::json values(Draft& draft, const std::vector<ParamInfo>& infos,
                        const std::vector<Entry>& entries, const std::string& key,
                        const std::string& owner, const Location& at, Files files);
  nlohmann::json value(Draft& draft, const ParamInfo& info, const Node& node,
                       const std::string& key, Files files);
  PluginUse slot_use(Draft& draft, const std::string& slot);
  PluginUse plugin_use(Draft& draft, const std::string& kind, const UseSetting& setting,
                       const std::string& key);
  PluginUse environment(Draft& draft, const UseSetting& setting, const std::string& key);
  // The declared environment that `name` means, "" when it can only be a plugin's. Nothing, with
  // the reason in the errors, when it can mean several.
  std::optional<std::string> declared(const Settings& settings, const std::string& name,
                                      const Location& at, const std::string& key);
  bool has_slot(const Settings& settings, const std::string& slot, const std::string& why);
  void sections(Draft& draft);
  void slots(Draft& draft, const PluginInfo& framework);
  void default_reward(Draft& draft, const PluginInfo& framework);
  void state_and_augment(Draft& draft);
  // The id of the environment in `reward`, or inside it, that has no reward for a sampled item
  // outside the pool. Empty when there is none.
  std::string needs_pool(const PluginUse& reward) const;
  void pool(Draft& draft);
  void check_asked(const Draft& draft);
  void check_candidates(const Draft& draft, const std::string& asks, const PluginInfo& environment,
                        const PluginUse& of);
  std::vector<std::string> choosers() const;  // the environments that can choose from a list
  void split_file(Draft& draft);
  nlohmann::json model(const Node& node, const std::string& key);
  std::string file_sum(const std::string& path, const Location& at, const std::string& key);
  // Where a setting is stated. Otherwise where its section is, otherwise the root.
  const Location& place(const Draft& draft, const std::string& section,
                        const std::string& name) const;
  void check_data(const Draft& draft);
  void check_one_content(const Draft& draft);
  void check_split(const Draft& draft);
  void check_train(const Draft& draft);
  void check_evaluate(const Draft& draft);

  const PluginCatalogue& catalogue_;
  std::string models_;
  Contents contents_;
  Location root_;
  Errors& errors_;
  std::map<std::string, DataSection> imports_;  // by data set: how the first cell imports it
  // sha256 by the path of a file or a model, because cells share them
  std::map<std::string, std::string> sums_;
  // The last section of each sort, because a cell mostly states what the cell before it states.
  std::tuple<Known<DataSection>, Known<SplitSection>, Known<TrainSection>, Known<NegativesSection>,
             Known<EvaluateSection>, Known<StateSection>, Known<AugmentSection>>
      known_;
};

// The JSON of a located value that has been checked against its declaration. Null, with the reason
// in the errors, when it does not fit. Does not resolve the paths of files and models and the names
// of environments.
nlohmann::json scalar_value(const ParamInfo& info, const Node& node, const std::string& key,
                            Errors& errors);

}  // namespace lea::spec
