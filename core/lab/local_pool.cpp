#include "core/lab/local_pool.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/error.h"
#include "core/run/artefact_folder.h"
#include "core/spec/run_spec.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

// The number of the descriptor by which a worker inherits its claim.
constexpr int kClaimDescriptor = 3;
// The worker's commands.
constexpr const char* kTrain = "train";
constexpr const char* kPrepare = "prepare";

// The arguments of a process; empty when it has ended or belongs to another user.
std::vector<std::string> arguments_of(const fs::path& process) {
  std::ifstream file(process / "cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

std::string value_of(const std::vector<std::string>& arguments, const std::string& option) {
  const auto found = std::find(arguments.begin(), arguments.end(), option);
  return found == arguments.end() || std::next(found) == arguments.end() ? "" : *std::next(found);
}

}  // namespace

LocalPool::LocalPool(LocalPoolOptions options) : options_(std::move(options)) {}

std::vector<std::string> LocalPool::command_of(const Task& task) const {
  std::vector<std::string> command = {
      options_.worker, task.kind == Task::Kind::kRun ? kTrain : kPrepare,
      "--lab",         options_.lab,
      "--run",         task.folder.path,
      "--parent",      std::to_string(getpid())};
  if (task.kind == Task::Kind::kRun)
    command.insert(command.end(), {"--test", task.test ? "open" : "closed"});
  if (task.claim >= 0) command.insert(command.end(), {"--claim", std::to_string(kClaimDescriptor)});
  for (const std::string& folder : options_.plugin_dirs) {
    command.insert(command.end(), {"--plugin-dir", folder});
  }
  return command;
}

BackEnd::Handle LocalPool::submit(const Task& task) {
  Worker worker;
  std::map<std::string, std::string> environment = options_.environment;
  if (task.cuda && !options_.devices.empty()) {
    worker.device = least_used();
    environment["CUDA_VISIBLE_DEVICES"] = worker.device;
  }
  std::map<int, int> descriptors;
  if (task.claim >= 0) descriptors[task.claim] = kClaimDescriptor;
  worker.child = std::make_unique<Child>(command_of(task), task.folder.file(run::kLogFile),
                                         environment, descriptors);
  workers_.emplace(next_, std::move(worker));
  return next_++;
}

const std::string& LocalPool::least_used() const {
  const auto users = [&](const std::string& device) {
    return std::count_if(workers_.begin(), workers_.end(),
                         [&](const auto& entry) { return entry.second.device == device; });
  };
  return *std::min_element(
      options_.devices.begin(), options_.devices.end(),
      [&](const std::string& a, const std::string& b) { return users(a) < users(b); });
}

// Reads the worker's output; ignores lines that a plugin printed. True when a report has arrived.
bool LocalPool::read(Worker& worker) {
  bool news = false;
  const auto line = [&](const std::string& text) {
    if (auto progress = run::progress_from_line(text)) {
      worker.last = *std::move(progress);
      worker.alive = Clock::now();
      news = true;
    }
  };
  if (!worker.at_end && !worker.child->read_lines(line)) worker.at_end = true;
  return news;
}

Status LocalPool::poll(Handle handle) {
  const auto found = workers_.find(handle);
  if (found == workers_.end()) return {};
  Worker& worker = found->second;
  bool news = read(worker);
  Status status;
  status.is = Status::Is::kAlive;
  ProcessResult ended;
  if (worker.child->finished(&ended)) {
    news |= read(worker);
    status.is = Status::Is::kEnded;
    status.ended = {Ended::How::kExit, ended.exit_code, worker.last};
    if (ended.signal != 0) status.ended = {Ended::How::kSignal, ended.signal, worker.last};
    if (worker.hung) {
      const int seconds = static_cast<int>(std::lround(options_.hang_seconds));
      status.ended = {Ended::How::kHung, seconds, worker.last};
    }
    if (worker.killed && ended.signal == SIGKILL)
      status.ended = {Ended::How::kStopped, ended.signal, worker.last};
  } else if (!worker.asked && !worker.hung &&
             Clock::now() - worker.alive > std::chrono::duration<double>(options_.hang_seconds)) {
    worker.hung = true;
    worker.child->send(SIGKILL);
  }
  if (news) status.news = worker.last;
  if (status.is == Status::Is::kEnded) workers_.erase(found);
  return status;
}

void LocalPool::signal(Handle handle, int signal) {
  const auto found = workers_.find(handle);
  if (found == workers_.end()) return;
  found->second.asked = true;
  found->second.killed |= signal == SIGKILL;
  found->second.child->send(signal);
}

void LocalPool::wait(double seconds) {
  std::vector<pollfd> descriptors;
  for (const auto& [handle, worker] : workers_) {
    if (!worker.at_end) descriptors.push_back({worker.child->out(), POLLIN, 0});
  }
  ::poll(descriptors.data(), descriptors.size(), static_cast<int>(seconds * 1000));
}

int64_t threads_at_work(const std::string& lab) {
  int64_t threads = 0;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    const std::vector<std::string> arguments = arguments_of(process.path());
    if (arguments.size() < 2 || (arguments[1] != kTrain && arguments[1] != kPrepare) ||
        fs::path(arguments[0]).filename() != "lealab-worker")
      continue;
    // The worker may have been started in another folder, with another path of the same lab.
    const fs::path from = process.path() / "cwd";
    if (!fs::equivalent(from / value_of(arguments, "--lab"), lab, error)) continue;
    const run::Folder folder{from / value_of(arguments, "--run")};
    try {
      threads += arguments[1] == kTrain ? spec::load_run(folder.file(run::kSpecFile)).train.threads
                                        : run::read_artefact(folder).threads;
    } catch (const Error&) {
    }
  }
  return threads;
}

}  // namespace lea::lab
