// Language models that a parameter of a spec names: where they are found, and what counts of them.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>

#include "core/base/hash.h"
#include "core/spec/model_files.h"
#include "core/spec/needed_artefacts.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Models : public SpecTest {
 protected:
  void SetUp() override {
    setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
    write_model("lab/models/tiny");
  }

  PluginCatalogue catalogue() const override {
    const ParamInfo model{"model", ParamType::kModel, std::string(), {}, {}, "a folder", true};
    const ParamInfo of{"of", ParamType::kEnvironment, std::string(), {}, {}, "whose rewards", true};
    return PluginCatalogue({backbone("lea.gru4rec"),
                            framework("lea.snqn", {"backbone", "reward", "negatives", "train"}),
                            environment("lea.speaks", {model}, false),
                            environment("lea.shuffled", {of}, false)});
  }

  // The files of a small model; `weights` is the content of the largest.
  void write_model(const std::string& folder, const std::string& weights = "weights") const {
    write(folder + "/config.json", "{}");
    write(folder + "/tokenizer.json", "{}");
    write(folder + "/model.safetensors", weights);
  }

  RunSpec run(const std::string& model, const std::vector<std::string>& set = {}) const {
    return load(spec(model), set).runs.at(0).run;
  }
  Experiment load(const std::string& text, const std::vector<std::string>& set = {}) const {
    return load_experiment(write("specs/spec.yaml", text), set, catalogue(), path("lab/models"));
  }
  static std::string spec(const std::string& model) {
    return std::string(kBase) + "reward: {speaks: {model: " + model + "}}\n";
  }
  std::string path_in(const RunSpec& run) const { return run.reward.params["model"]["path"]; }
  std::string refusal(const std::string& model) const {
    try {
      run(model);
    } catch (const ConfigError& error) {
      std::string message = error.what();
      for (size_t at; (at = message.find(folder_ + "/")) != std::string::npos;)
        message.erase(at, folder_.size() + 1);
      return message;
    }
    return "";
  }
  static constexpr const char* kAt = "specs/spec.yaml:5:26: reward.speaks.model: ";
};

TEST_F(Models, AreNamedOfTheLabOrByAPath) {
  write_model("specs/near");
  write_model("far");
  EXPECT_EQ(path_in(run("tiny")), path("lab/models/tiny"));
  EXPECT_EQ(path_in(run("near")), path("specs/near"));
  EXPECT_EQ(path_in(run("./near/")), path("specs/near"));
  EXPECT_EQ(path_in(run("../far")), path("far"));
  EXPECT_EQ(path_in(run(path("far"))), path("far"));
}

TEST_F(Models, OfTheLabHideAFolderOfTheSameNameAndMayBeLinks) {
  write_model("specs/tiny", "others");
  write_model("far");
  fs::create_directory_symlink(path("far"), path("lab/models/linked"));
  EXPECT_EQ(path_in(run("tiny")), path("lab/models/tiny"));
  EXPECT_EQ(path_in(run("./tiny")), path("specs/tiny"));
  EXPECT_EQ(path_in(run("linked")), path("lab/models/linked"));
}

TEST_F(Models, CountByTheirContentAndNotByTheirPlace) {
  write_model("far");
  const std::string here = run_hash(run("tiny"));
  EXPECT_EQ(run_hash(run("../far")), here);
  write("far/README.md", "not of the model");
  write("far/.model.safetensors", "a temporary");
  EXPECT_EQ(run_hash(run("../far")), here);
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "model.safetensors",
        "model-00002-of-00002.safetensors", "model.safetensors.index.json"}) {
    write("far/" + std::string(name), "changed");
    EXPECT_NE(run_hash(run("../far")), here) << name;
    fs::remove_all(path("far"));
    write_model("far");
  }
}

TEST_F(Models, HaveTheSumOfTheirDocument) {
  const std::string empty = sha256("{}");
  EXPECT_EQ(model_sum(path("lab/models/tiny")),
            sha256("lea-model 1\n{\"config.json\":\"" + empty + "\",\"model.safetensors\":\"" +
                   sha256("weights") + "\",\"tokenizer.json\":\"" + empty + "\"}"));
}

TEST_F(Models, AreNotReadAgainWhileTheyAreTheSame) {
  const std::string weights = path("lab/models/tiny/model.safetensors");
  const auto before = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(weights, before);
  const std::string hash = run_hash(run("tiny"));
  write("lab/models/tiny/model.safetensors", "WEIGHTS");  // in the same file, of the same size
  fs::last_write_time(weights, before);
  EXPECT_EQ(run_hash(run("tiny")), hash) << "the cached sum was not used";
  fs::last_write_time(weights, before + std::chrono::seconds(1));
  EXPECT_NE(run_hash(run("tiny")), hash);
}

TEST_F(Models, OfAWrappedEnvironmentAndOnAnAxisAreFound) {
  write_model("far", "others");
  const auto experiment =
      load(std::string(kBase) +
           "environments: {le: {speaks: {model: tiny}}, mixed: {shuffled: {of: le}}}\n"
           "grid: {reward: [le, mixed], environments.le.model: [tiny, ../far]}\n");
  ASSERT_EQ(experiment.runs.size(), 4u);
  const json inner = experiment.runs[3].run.reward.params["of"]["params"]["model"];
  EXPECT_EQ(inner, (json{{"path", path("far")}, {"sha256", model_sum(path("far"))}}));
  EXPECT_EQ(without_paths(experiment.runs[3].run.reward.params)["of"]["params"]["model"],
            (json{{"sha256", inner["sha256"]}}));
  EXPECT_EQ(experiment.runs[1].labels.at("environments.le.model"), "../far");
}

TEST_F(Models, SurviveTheWayThroughRunYaml) {
  const RunSpec before = run("tiny");
  write("run.yaml", dump_yaml(to_json(before)));
  const RunSpec after = load_run(path("run.yaml"));
  EXPECT_EQ(to_json(after), to_json(before));
  const PluginCatalogue known = catalogue();
  const auto& infos = known.find("environment", "speaks")->params;
  const ParamValues values = to_values(infos, after.reward.params, "run.yaml: reward");
  EXPECT_EQ(std::get<std::string>(values.at("model")), path("lab/models/tiny"))
      << "the plugin is given the path";
}

TEST_F(Models, CountInTheKeysOfArtefactsByTheirContent) {
  write_model("far");
  const auto key = [&](const std::string& model) {
    RunSpec of = run(model);
    return artefact_keys(
        needed_artefacts(of,
                         [](const std::string&, const std::string&) {
                           return std::vector<Artefact>{{"tokens", "", {"model"}, {}, "", 1}};
                         }),
        {});
  };
  const auto tiny = key("tiny");
  EXPECT_EQ(key("../far"), tiny);
  write("far/model.safetensors", "others");
  EXPECT_NE(key("../far"), tiny);
}

TEST_F(Models, ThatAreNotThereAreRefusedWithThoseThatAre) {
  write_model("lab/models/smollm2-135m");
  write("lab/models/note.txt", "no model");
  EXPECT_EQ(refusal("tinny"),
            std::string(kAt) +
                "there is no folder specs/tinny, and no model of this name in the lab, "
                "did you mean `tiny`? (there are: smollm2-135m, tiny)");
  EXPECT_EQ(refusal("./tinny"), std::string(kAt) + "there is no folder specs/tinny");
  EXPECT_EQ(refusal("\"\""), std::string(kAt) +
                                 "must be the folder of a language model, or its name in the lab's "
                                 "models, but is ``");
  EXPECT_EQ(refusal("[tiny]"),
            std::string(kAt) +
                "must be the folder of a language model, or its name in the lab's "
                "models, but is a list");
  fs::remove_all(path("lab"));
  EXPECT_EQ(refusal("tiny"), std::string(kAt) +
                                 "there is no folder specs/tiny, and no model of this "
                                 "name in the lab (there are: none)");
}

TEST_F(Models, AreRequired) {
  try {
    load(std::string(kBase) + "reward: speaks\n");
    FAIL() << "was not refused";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("reward.speaks.model: is required: a folder"));
  }
}

TEST_F(Models, WhoseFolderIsNotThatOfAModelAreRefused) {
  write("far/README.md", "");
  write("file", "");
  EXPECT_EQ(refusal("../far"),
            std::string(kAt) +
                "far: has no config.json, so it is not the folder of a Hugging Face "
                "model");
  EXPECT_EQ(refusal("../file"), std::string(kAt) + "file: is a file, where a folder is needed.");
  write("far/config.json", "{}");
  EXPECT_EQ(refusal("../far"), std::string(kAt) +
                                   "far: has no weights (*.safetensors), so it is not "
                                   "the whole folder of a model");
  write("far/pytorch_model.bin", "");
  EXPECT_EQ(refusal("../far"),
            std::string(kAt) +
                "far: has no weights (*.safetensors). Its *.bin files are pickles, "
                "which can run code; convert them with transformers' save_pretrained");
  write("far/model.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
  EXPECT_EQ(refusal("../far"),
            std::string(kAt) +
                "far/model.safetensors: is a Git LFS pointer, not the file itself: run "
                "`git lfs pull`.");
  fs::remove(path("far/model.safetensors"));
  fs::create_symlink(path("nowhere"), path("far/model.safetensors"));
  EXPECT_EQ(refusal("../far"),
            std::string(kAt) + "far/model.safetensors: cannot be read: No such file or directory");
}

TEST_F(Models, AreLookedForAndNotReadByACheck) {
  const auto checked = [&](const std::string& model) {
    const std::string file = path("specs/spec.yaml");
    std::string all;
    for (const auto& one : check_spec(file, {{file, spec(model)}}, catalogue(), path("lab/models")))
      all += one.text;
    for (size_t at; (at = all.find(folder_ + "/")) != std::string::npos;)
      all.erase(at, folder_.size() + 1);
    return all;
  };
  fs::resize_file(path("lab/models/tiny/model.safetensors"), uintmax_t{1} << 38);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(checked("tiny"), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10))
      << "a quarter of a TiB was read";
  write("far/config.json", "{}");
  write("file", "");
  for (const char* model : {"tinny", "../far", "../file"})
    EXPECT_EQ(checked(model), refusal(model)) << model;
  fs::create_symlink(path("nowhere"), path("far/model.safetensors"));
  EXPECT_EQ(checked("../far"), refusal("../far"));
}

}  // namespace
}  // namespace lea::spec
