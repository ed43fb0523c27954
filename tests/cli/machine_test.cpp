// `lealab-worker machine`, which scripts ask, and what a run records of its machine.
#include <nlohmann/json.hpp>

#include "core/base/machine.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class MachineCommand : public LabCommand {
 protected:
  static lab::ProcessResult machine(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {LEALAB_WORKER, "machine"});
    return lab::run_process(arguments, 60);
  }
  static nlohmann::json answer(const std::vector<std::string>& arguments) {
    const lab::ProcessResult result = machine(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out.find('\n'), result.out.size() - 1) << "not one line: " << result.out;
    return nlohmann::json::parse(result.out, nullptr, false);
  }
};

TEST_F(MachineCommand, PrintsTheKindOfThisMachineAsOneLineOfJson) {
  const nlohmann::json two = answer({"--threads", "2", "--device", "cpu"});
  const Machine here = this_machine("any", 2, "cpu");
  EXPECT_THAT(two.at("machine_kind"), StartsWith(here.processor.kind + " ("));
  EXPECT_THAT(two.at("machine_kind"), HasSubstr("), kernels " + here.kernels + ", LibTorch "));
  EXPECT_THAT(two.at("machine_kind"), testing::EndsWith(", 2 threads, cpu"));
  EXPECT_THAT(two.at("short"), StartsWith(here.processor.short_kind + "-"));
  EXPECT_EQ(two.at("cpu"), here.processor.name);
  EXPECT_EQ(answer({}).at("threads"), 1);
}

TEST_F(MachineCommand, RefusesWhatIsNoDeviceOrNoNumberOfThreads) {
  const auto device = machine({"--device", "tpu"});
  EXPECT_EQ(device.exit_code, 3);
  EXPECT_EQ(device.err, "--device: must be cpu, cuda or cuda:N, but is `tpu`\n");
  EXPECT_EQ(machine({"--threads", "0"}).exit_code, 2);
}

TEST_F(MachineCommand, AgreesWithWhatARunRecords) {
  const auto imported = lealab({"data", "import", "toy", path("interactions.tsv")});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  write("spec.yaml",
        "name: kinds\ndata: {name: toy}\nframework: supervised\nbackbone: gru4rec\n"
        "train: {max_steps: 2, threads: 2}\nseeds: [1]\n");
  const auto run = lealab({"run", path("spec.yaml")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  int results = 0;
  for (const auto& folder : std::filesystem::directory_iterator(path("lab/runs"))) {
    std::ifstream file(folder.path() / "result.json");
    const nlohmann::json result = nlohmann::json::parse(file);
    const nlohmann::json expected = answer({"--threads", "2"});
    EXPECT_EQ(result.at("machine_kind"), expected.at("machine_kind"));
    EXPECT_EQ(result.at("cpu"), expected.at("cpu"));
    ++results;
  }
  EXPECT_EQ(results, 1);
}

}  // namespace
}  // namespace lea
