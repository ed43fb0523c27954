// A plugin that misbehaves in the middle of a grid fails its own runs and no others. Each of them
// gives the reason.
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;

struct Misbehaviour {
  const char* mode;
  const char* reason;
};

// The plugin, its method and the step at which it misbehaves.
#define LEA_CALL "backbone test.misbehaving at encode(), step 5"

// A sanitizer ends a process that misbehaves like the last four in its own way.
constexpr Misbehaviour kModes[] = {
    {"throw", LEA_CALL ", threw: thrown by encode"},
    {"throw_int", LEA_CALL ", threw something that is no std::exception"},
    {"exit", "the worker ended without a result in " LEA_CALL},
    {"hang", "the worker hung in " LEA_CALL ": no sign of life"},
    {"nan", "the loss is not finite"},
    {"wrong_shape", LEA_CALL ": must give Float [32, 8], but gave Float [32]"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    {"segfault", "the worker crashed (SIGSEGV) in " LEA_CALL},
    {"abort", "the worker crashed (SIGABRT) in " LEA_CALL},
    {"allocate", "out of memory in " LEA_CALL ". "},
    {"recurse", "the worker crashed (SIGSEGV) in " LEA_CALL},
#endif
};

TEST_F(LabCommand, AMisbehavingPluginFailsItsRunsWithTheReasonAndTheGridGoesOn) {
  std::string modes;
  for (const Misbehaviour& one : kModes)
    modes += std::string("    - {test.misbehaving: {mode: ") + one.mode + "}, label: " + one.mode +
             "}\n";
  write("spec.yaml", R"(name: wild
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: 20, validate_every: 10, log_every: 1}
framework: supervised
grid:
  backbone:
)" + modes + R"(    - {test.misbehaving: {mode: print}, label: print}
    - gru4rec
seeds: [1]
)");
  const auto result =
      lealab({"--plugin-dir", LEA_FAULT_PLUGINS, "run", path("spec.yaml"), "--hang-seconds", "15"});
  EXPECT_EQ(result.exit_code, 5) << result.out << result.err;

  const auto runs = nlohmann::json::parse(lealab({"ls", "--json"}).out);
  std::map<std::string, nlohmann::json> by_backbone;
  for (const auto& run : runs) by_backbone[run.at("labels").at("backbone")] = run;
  const std::string table = lealab({"table", "wild"}).out;
  for (const Misbehaviour& one : kModes) {
    const auto found = by_backbone.find(one.mode);
    ASSERT_NE(found, by_backbone.end()) << one.mode << runs;
    EXPECT_EQ(found->second.at("state"), "failed") << one.mode;
    EXPECT_THAT(found->second.at("reason").get<std::string>(), HasSubstr(one.reason)) << one.mode;
    EXPECT_THAT(table, HasSubstr("FAILED: " + found->first)) << table;
  }
  EXPECT_EQ(runs.size(), std::size(kModes) + 2);
  EXPECT_EQ(by_backbone.at("gru4rec").at("state"), "finished");
  EXPECT_EQ(by_backbone.at("print").at("state"), "finished")
      << "what a plugin prints is no verdict";
  EXPECT_EQ(lealab({"db", "check"}).exit_code, 0);
}

}  // namespace
}  // namespace lea
